/**
 * The reference model: what secrets, versions and folders are, as the documents say it (contract 2.2, 2.7; ADR 4, 5,
 * 27), in the plainest way. It knows nothing of the code under test.
 */

export type Role = 'reader' | 'writer' | 'folder' | 'other';

export interface Who {
  readonly name: string;
  readonly roles: readonly Role[];
  readonly adds: boolean;
  readonly manages: boolean;
}

export interface Roles {
  readonly read: readonly Role[];
  readonly write: readonly Role[];
}

interface Version {
  readonly data: unknown;
  readonly created: number;
  deletion: number | undefined;
  destroyed: boolean;
}

interface Secret {
  readonly created: number;
  readonly createdBy: string;
  updated: number;
  updatedBy: string;
  versions: Map<number, Version>;
  current: number;
  revision: number;
  max: number;
  deleteAfter: number;
  casRequired: boolean;
  roles: Roles;
}

interface Folder {
  roles: Roles;
  inherits: boolean;
}

/** What an answer must be. `body` holds what the call is compared by. */
export interface Expected {
  readonly status: number;
  readonly code?: string;
  readonly etag?: string;
  readonly body?: unknown;
}

export interface Match {
  readonly revisions: readonly number[] | 'any';
}

export interface Limits {
  readonly max?: number;
  readonly deleteAfter?: number;
  readonly casRequired?: boolean;
}

const fail = (status: number, code: string): Expected => ({ status, code });
const NOT_EMPTY = fail(409, 'FOLDER_NOT_EMPTY');
const INTO_ITSELF = fail(400, 'INVALID_REQUEST_DATA');
const NOT_FOUND = fail(404, 'OBJECT_NOT_FOUND');
const DENIED = fail(403, 'PERMISSION_DENIED');
const TAKEN = fail(409, 'VALUE_DUPLICATE');
const CONFLICT = fail(409, 'VERSION_CONFLICT');
const NO_MATCH = fail(412, 'PRECONDITION_FAILED');
const CAS_MISSING = fail(400, 'REQUIRED_VALUE_MISSING');
const DONE: Expected = { status: 200 };

const NO_ROLES: Roles = { read: [], write: [] };
const holds = (who: Who, roles: readonly Role[]) => roles.some(role => who.roles.includes(role));
const same = (a: Roles, b: Roles) => JSON.stringify(a) === JSON.stringify(b);
const tag = (revision: number) => `"${revision}"`;
const time = (ms: number) => new Date(ms).toISOString();
const parentOf = (path: string) => path.slice(0, Math.max(path.lastIndexOf('/'), 0));
const lastOf = (path: string) => path.slice(path.lastIndexOf('/') + 1);

export class Model {
  readonly secrets = new Map<string, Secret>();
  readonly folders = new Map<string, Folder>();
  now: number;
  /** Makes each content another one. */
  writes = 0;

  constructor(now: number) {
    this.now = now;
  }

  // Rights

  effective(path: string): Roles {
    const folder = this.folders.get(path);
    if (folder === undefined) return path === '' ? NO_ROLES : this.effective(parentOf(path));
    const above = folder.inherits && path.includes('/') ? this.effective(parentOf(path)) : NO_ROLES;
    return {
      read: [...above.read, ...folder.roles.read],
      write: [...above.write, ...folder.roles.write],
    };
  }

  mayRead(who: Who, name: string): boolean {
    const secret = this.secrets.get(name);
    return (
      secret !== undefined &&
      (holds(who, secret.roles.read) || holds(who, this.effective(parentOf(name)).read))
    );
  }

  mayWrite(who: Who, name: string): boolean {
    const secret = this.secrets.get(name);
    return (
      secret !== undefined &&
      (who.manages || holds(who, secret.roles.write) || holds(who, this.effective(parentOf(name)).write))
    );
  }

  known(who: Who, name: string): Secret | undefined {
    return this.mayRead(who, name) || this.mayWrite(who, name) ? this.secrets.get(name) : undefined;
  }

  mayKnowFolder(who: Who, path: string): boolean {
    const { read, write } = this.effective(path);
    return this.folders.has(path) && (who.manages || holds(who, read) || holds(who, write));
  }

  mayCreate(who: Who, name: string): boolean {
    if (who.manages) return true;
    const writers = this.effective(parentOf(name)).write;
    return who.adds && (writers.length === 0 || holds(who, writers));
  }

  // Versions

  readable({ deletion, destroyed }: Version): boolean {
    return !destroyed && (deletion === undefined || deletion > this.now);
  }

  /** The newest one is never dropped. */
  newest(secret: Secret): Version {
    return secret.versions.get(secret.current)!;
  }

  view(number: number, { created, deletion, destroyed }: Version) {
    return {
      version: number,
      created: time(created),
      ...(deletion === undefined ? {} : { deletion_time: time(deletion) }),
      destroyed,
    };
  }

  touch(secret: Secret, who: Who): void {
    secret.revision += 1;
    secret.updated = this.now;
    secret.updatedBy = who.name;
    for (const number of secret.versions.keys()) {
      if (number <= secret.current - secret.max) secret.versions.delete(number);
    }
  }

  append(secret: Secret, data: unknown): void {
    secret.current += 1;
    const deletion = secret.deleteAfter === 0 ? undefined : this.now + secret.deleteAfter * 1_000;
    secret.versions.set(secret.current, { data, created: this.now, deletion, destroyed: false });
  }

  /** The folders of a name come with it. */
  makeFolders(name: string): void {
    for (let path = parentOf(name); path !== ''; path = parentOf(path)) {
      if (!this.folders.has(path)) this.folders.set(path, { roles: NO_ROLES, inherits: true });
    }
  }

  insert(who: Who, name: string, data: unknown, roles: Roles): Secret {
    this.makeFolders(name);
    const secret: Secret = {
      created: this.now,
      createdBy: who.name,
      updated: this.now,
      updatedBy: who.name,
      versions: new Map(),
      current: 0,
      revision: 1,
      max: 10,
      deleteAfter: 0,
      casRequired: false,
      roles,
    };
    this.append(secret, data);
    this.secrets.set(name, secret);
    return secret;
  }

  /** What a write of content or roles comes to, once it is the caller's and expects what there is. */
  change(who: Who, secret: Secret, data: unknown, roles: Roles | undefined): boolean {
    if (roles !== undefined && !same(roles, secret.roles) && !who.manages) return false;
    if (roles !== undefined) secret.roles = roles;
    if (data !== undefined) this.append(secret, data);
    this.touch(secret, who);
    return true;
  }

  // The plain API

  create(who: Who, name: string, data: unknown, roles: Roles): Expected {
    if (!this.mayCreate(who, name)) return DENIED;
    const secret = this.secrets.get(name);
    if (secret === undefined) {
      this.insert(who, name, data, roles);
      return { status: 201 };
    }
    if (this.readable(this.newest(secret)) || !this.mayWrite(who, name)) return TAKEN;
    return this.change(who, secret, data, roles) ? { status: 201 } : DENIED;
  }

  put(who: Who, name: string, data: unknown, roles: Roles | undefined, match: Match | undefined): Expected {
    const secret = this.known(who, name);
    if (secret === undefined) return NOT_FOUND;
    if (!this.mayWrite(who, name)) return DENIED;
    if (match !== undefined && match.revisions !== 'any' && !match.revisions.includes(secret.revision))
      return NO_MATCH;
    if (secret.casRequired && (match === undefined || match.revisions === 'any')) return CAS_MISSING;
    if (!this.change(who, secret, data, roles)) return DENIED;
    return { status: 200, etag: tag(secret.revision) };
  }

  get(who: Who, name: string, noneMatch: Match | undefined): Expected {
    const secret = this.known(who, name);
    if (secret === undefined) return NOT_FOUND;
    if (!this.mayRead(who, name)) return DENIED;
    const version = this.newest(secret);
    if (!this.readable(version)) return NOT_FOUND;
    const etag = tag(secret.revision);
    if (noneMatch !== undefined) {
      if (noneMatch.revisions === 'any' || noneMatch.revisions.includes(secret.revision))
        return { status: 304, etag };
    }
    return { status: 200, etag, body: { data: version.data, ...this.described(secret) } };
  }

  described(secret: Secret) {
    return {
      version: secret.current,
      read_roles: secret.roles.read,
      write_roles: secret.roles.write,
      author: secret.createdBy,
      updated_by: secret.updatedBy,
      created: time(secret.created),
      updated: time(secret.updated),
    };
  }

  metadata(who: Who, name: string): Expected {
    const secret = this.known(who, name);
    if (secret === undefined) return NOT_FOUND;
    return { status: 200, etag: tag(secret.revision), body: this.described(secret) };
  }

  remove(who: Who, name: string, match: Match | undefined): Expected {
    const secret = this.known(who, name);
    if (secret === undefined) return NOT_FOUND;
    if (!who.manages) return DENIED;
    if (match !== undefined && match.revisions !== 'any' && !match.revisions.includes(secret.revision))
      return NO_MATCH;
    this.secrets.delete(name);
    return DONE;
  }

  // The versioned API

  write(who: Who, name: string, data: unknown, roles: Roles | undefined, cas: number | undefined): Expected {
    const secret = this.known(who, name);
    if (secret !== undefined) {
      if (!this.mayWrite(who, name)) return DENIED;
      if (cas !== undefined && cas !== secret.current) return CONFLICT;
      if (cas === undefined && secret.casRequired) return CAS_MISSING;
      if (!this.change(who, secret, data, roles)) return DENIED;
      return { status: 200, body: this.view(secret.current, this.newest(secret)) };
    }
    if (!this.mayCreate(who, name)) return DENIED;
    if (cas !== undefined && cas !== 0) return CONFLICT;
    if (this.secrets.has(name)) return TAKEN;
    const made = this.insert(who, name, data, roles ?? NO_ROLES);
    return { status: 200, body: this.view(1, this.newest(made)) };
  }

  read(who: Who, name: string, number: number | undefined): Expected {
    const secret = this.known(who, name);
    if (secret === undefined) return NOT_FOUND;
    if (!this.mayRead(who, name)) return DENIED;
    const wanted = number ?? secret.current;
    const version = secret.versions.get(wanted);
    if (version === undefined) return NOT_FOUND;
    const metadata = this.view(wanted, version);
    return this.readable(version)
      ? { status: 200, body: { data: version.data, metadata } }
      : { ...NOT_FOUND, body: { metadata } };
  }

  act(
    who: Who,
    name: string,
    act: 'delete' | 'undelete' | 'destroy',
    numbers: readonly number[] | 'newest',
  ): Expected {
    const secret = this.known(who, name);
    if (secret === undefined) return NOT_FOUND;
    if (act === 'destroy' ? !who.manages : !this.mayWrite(who, name)) return DENIED;
    for (const number of numbers === 'newest' ? [secret.current] : numbers) {
      const version = secret.versions.get(number);
      if (version === undefined || version.destroyed) continue;
      if (act === 'destroy') version.destroyed = true;
      else if (act === 'undelete') version.deletion = undefined;
      else if (this.readable(version)) version.deletion = this.now;
    }
    this.touch(secret, who);
    return DONE;
  }

  limit(who: Who, name: string, { max, deleteAfter, casRequired }: Limits): Expected {
    const secret = this.known(who, name);
    if (secret === undefined) return NOT_FOUND;
    if (!this.mayWrite(who, name)) return DENIED;
    if (max !== undefined) secret.max = max === 0 ? 10 : max;
    secret.deleteAfter = deleteAfter ?? secret.deleteAfter;
    secret.casRequired = casRequired ?? secret.casRequired;
    this.touch(secret, who);
    return { status: 200, body: this.limits(secret) };
  }

  limits(secret: Secret) {
    return {
      created: time(secret.created),
      created_by: secret.createdBy,
      updated: time(secret.updated),
      updated_by: secret.updatedBy,
      current_version: secret.current,
      oldest_version: Math.min(...secret.versions.keys()),
      max_versions: secret.max,
      delete_version_after: secret.deleteAfter,
      cas_required: secret.casRequired,
    };
  }

  describe(who: Who, name: string): Expected {
    const secret = this.known(who, name);
    if (secret === undefined) return NOT_FOUND;
    const versions = [...secret.versions].sort(([a], [b]) => a - b);
    return {
      status: 200,
      body: {
        metadata: this.limits(secret),
        versions: versions.map(([number, version]) => this.view(number, version)),
      },
    };
  }

  /** The folder itself, or anything below it. */
  knowsOf(who: Who, path: string): boolean {
    const below = (other: string) => other === path || other.startsWith(`${path}/`);
    return (
      [...this.folders.keys()].some(folder => below(folder) && this.mayKnowFolder(who, folder)) ||
      [...this.secrets.keys()].some(name => below(parentOf(name)) && this.known(who, name) !== undefined)
    );
  }

  keys(who: Who, path: string): Expected {
    if (!this.folders.has(path) || !this.knowsOf(who, path)) return NOT_FOUND;
    const secrets = [...this.secrets.keys()].filter(
      name => parentOf(name) === path && this.known(who, name) !== undefined,
    );
    const folders = [...this.folders.keys()].filter(
      folder => parentOf(folder) === path && this.knowsOf(who, folder),
    );
    const keys = [...secrets.map(lastOf), ...folders.map(folder => `${lastOf(folder)}/`)].sort();
    return { status: 200, body: { count: keys.length, keys } };
  }

  // Moves, and folders' roles

  move(who: Who, name: string, target: string): Expected {
    const secret = this.known(who, name);
    if (secret === undefined) return NOT_FOUND;
    if (!who.manages) return DENIED;
    if (this.secrets.has(target)) return TAKEN;
    this.makeFolders(target);
    this.secrets.delete(name);
    this.secrets.set(target, secret);
    this.touch(secret, who);
    return { status: 200, etag: tag(secret.revision), body: { name: target } };
  }

  changeFolder(
    who: Who,
    path: string,
    { roles, inherits, target }: { roles?: Roles; inherits?: boolean; target?: string },
  ): Expected {
    const folder = this.folders.get(path);
    if (folder === undefined || !this.knowsOf(who, path)) return NOT_FOUND;
    if (!who.manages) return DENIED;
    if (target !== undefined && target !== path) {
      if (target.startsWith(`${path}/`)) return INTO_ITSELF;
      if (this.folders.has(target)) return TAKEN;
      this.makeFolders(target);
      this.moveBelow(who, path, target);
    }
    folder.roles = roles ?? folder.roles;
    folder.inherits = inherits ?? folder.inherits;
    return DONE;
  }

  moveBelow(who: Who, path: string, target: string): void {
    const renamed = (old: string) => `${target}${old.slice(path.length)}`;
    for (const [old, folder] of [...this.folders]) {
      if (old !== path && !old.startsWith(`${path}/`)) continue;
      this.folders.delete(old);
      this.folders.set(renamed(old), folder);
    }
    for (const [old, secret] of [...this.secrets]) {
      if (!old.startsWith(`${path}/`)) continue;
      this.secrets.delete(old);
      this.secrets.set(renamed(old), secret);
      this.touch(secret, who);
    }
  }

  deleteFolder(who: Who, path: string): Expected {
    if (!this.folders.has(path) || !this.knowsOf(who, path)) return NOT_FOUND;
    if (!who.manages) return DENIED;
    if ([...this.folders.keys(), ...this.secrets.keys()].some(other => parentOf(other) === path))
      return NOT_EMPTY;
    this.folders.delete(path);
    return DONE;
  }
}
