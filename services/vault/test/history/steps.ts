import { expect } from '@jest/globals';
import fc from 'fast-check';
import { METADATA, pathOf, SECRETS, versioned, type Answer, type CallOptions } from '../support.ts';
import type { Expected, Limits, Match, Model, Role, Roles, Who } from './model.ts';

/** The platform under test, as one history uses it: everything below a folder of its own. */
export interface Platform {
  /** Calls one of the replicas. */
  readonly call: (
    who: Who,
    replica: number,
    method: string,
    path: string,
    options: CallOptions,
  ) => Promise<Answer>;
  readonly folder: string;
  readonly handles: (roles: readonly Role[]) => { id: string }[];
  /** What the wire shows, in the model's words. */
  readonly rolesOf: (handles: unknown) => Role[];
  readonly nameOf: (callerId: unknown) => string;
  /** Moves the clock of all replicas. */
  readonly wait: (seconds: number) => Promise<void>;
  /** Of a folder; of one that is not there, an id that nothing has. */
  readonly folderId: (path: string) => Promise<string>;
}

interface Call {
  readonly method: string;
  readonly path: string | (() => Promise<string>);
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly expected: Expected;
  /** Of the body of an answer, what it is compared by. */
  readonly pick?: (body: Record<string, unknown>, platform: Platform) => unknown;
}

export type Step = fc.AsyncCommand<Model, Platform>;

const everyone: readonly Who[] = [
  { name: 'reader', roles: ['reader'], adds: false, manages: false },
  { name: 'writer', roles: ['writer'], adds: true, manages: false },
  { name: 'reading writer', roles: ['reader', 'writer'], adds: true, manages: false },
  { name: 'folder member', roles: ['folder'], adds: true, manages: false },
  { name: 'stranger', roles: ['other'], adds: true, manages: false },
  { name: 'nobody', roles: [], adds: false, manages: false },
  { name: 'manager', roles: [], adds: false, manages: true },
  { name: 'reading manager', roles: ['reader'], adds: true, manages: true },
];
export const WHO = everyone;

// Those who get furthest come more often, so that histories grow.
const who = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom(...everyone) },
  { weight: 2, arbitrary: fc.constantFrom(...everyone.filter(({ roles }) => roles.includes('reader'))) },
);
const replica = fc.nat({ max: 1 });
const name = fc.constantFrom('a', 'f/a', 'f/b', 'f/g/a', 'm/a');
const folder = fc.constantFrom('', 'f', 'f/g', 'm', 'f/g/a');
const roleList = fc.subarray<Role>(['reader', 'writer', 'folder']);
const usual: Roles = { read: ['reader'], write: ['writer'] };
const roles = fc.oneof(
  { weight: 4, arbitrary: fc.constant(usual) },
  { weight: 1, arbitrary: fc.record({ read: roleList, write: roleList }) },
);
const maybe = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined });
/** Versions counted from the newest one; -1 is the one after it. */
const age = fc.constantFrom(0, 0, 0, 1, 1, 2, 3, -1);
const condition = maybe(fc.constantFrom('current', 'current', 'former', 'foreign', 'any'));

const inFolder = (platform: Platform, path: string) =>
  path === '' ? platform.folder : `${platform.folder}/${path}`;
const stated = (platform: Platform, { read, write }: Roles) => ({
  read_roles: platform.handles(read),
  write_roles: platform.handles(write),
});
const numberAt = (model: Model, path: string, at: number) =>
  Math.max(1, (model.secrets.get(path)?.current ?? 1) - at);

function matchOf(model: Model, path: string, word: string | undefined): Match | undefined {
  const revision = model.secrets.get(path)?.revision ?? 1;
  if (word === undefined) return undefined;
  if (word === 'any') return { revisions: 'any' };
  return { revisions: word === 'current' ? [revision] : word === 'former' ? [revision - 1] : [] };
}
function header(header: 'if-match' | 'if-none-match', match: Match | undefined): Record<string, string> {
  if (match === undefined) return {};
  const tags = match.revisions === 'any' ? '*' : match.revisions.map(revision => `"${revision}"`).join();
  return { [header]: tags === '' ? '"foreign"' : tags };
}

const described: NonNullable<Call['pick']> = (body, platform) => ({
  ...('data' in body ? { data: body['data'] } : {}),
  version: body['version'],
  read_roles: platform.rolesOf(body['read_roles']),
  write_roles: platform.rolesOf(body['write_roles']),
  author: platform.nameOf(body['author']),
  updated_by: platform.nameOf(body['updated_by']),
  created: body['created'],
  updated: body['updated'],
});

const limits: NonNullable<Call['pick']> = (body, platform) => ({
  ...body,
  created_by: platform.nameOf(body['created_by']),
  updated_by: platform.nameOf(body['updated_by']),
  // The steps use durations below a minute.
  delete_version_after: Number(/^(\d+)s$/.exec(String(body['delete_version_after']))?.[1]),
});

interface Kind {
  readonly weight: number;
  readonly arbitrary: fc.Arbitrary<Step>;
}

/** Makes the call and compares the answer with what the model expects. */
async function compare(platform: Platform, caller: Who, at: number, call: Call): Promise<void> {
  const { method, path, body, headers, expected, pick } = call;
  const answer = await platform.call(caller, at, method, typeof path === 'string' ? path : await path(), {
    ...(body === undefined ? {} : { body }),
    ...(headers === undefined ? {} : { headers }),
  });
  const { status, body: got } = answer;
  const metadata = status === 404 && 'metadata' in got ? { metadata: got['metadata'] } : undefined;
  const picked = status >= 300 ? metadata : pick?.(got, platform);
  expect({
    status,
    ...(status >= 400 ? { code: got['error_code'] } : {}),
    ...(expected.etag === undefined ? {} : { etag: answer.headers['etag'] }),
    ...(picked === undefined ? {} : { body: picked }),
  }).toEqual(expected);
}

/** A step that is one call: `prepare` moves the model on and says what the platform must answer. */
function calls<T>(
  weight: number,
  what: string,
  arguments_: fc.Arbitrary<T>,
  prepare: (model: Model, platform: Platform, who: Who, given: T) => Call,
): Kind {
  const arbitrary = fc.tuple(who, replica, arguments_).map(([caller, at, given]): Step => ({
    check: () => true,
    toString: () => `${caller.name}@${at}: ${what} ${fc.stringify(given)}`,
    run: (model, platform) => compare(platform, caller, at, prepare(model, platform, caller, given)),
  }));
  return { weight, arbitrary };
}

const plain = [
  calls(6, 'create', fc.tuple(name, roles), (model, platform, caller, [path, lists]) => {
    const [full, data] = [inFolder(platform, path), { n: (model.writes += 1) }];
    return {
      method: 'POST',
      path: SECRETS,
      body: { name: full, data, ...stated(platform, lists) },
      expected: model.create(caller, full, data, lists),
    };
  }),
  calls(
    6,
    'put',
    fc.record({ path: name, content: fc.boolean(), lists: maybe(roles), condition }),
    (model, platform, caller, { path, content, lists, condition: word }) => {
      const full = inFolder(platform, path);
      const data = content ? { n: (model.writes += 1) } : undefined;
      const match = matchOf(model, full, word);
      return {
        method: 'PUT',
        path: pathOf(full),
        body: { data, ...(lists === undefined ? {} : stated(platform, lists)) },
        headers: header('if-match', match),
        expected: model.put(caller, full, data, lists, match),
      };
    },
  ),
  calls(4, 'get', fc.tuple(name, condition), (model, platform, caller, [path, word]) => {
    const full = inFolder(platform, path);
    const match = matchOf(model, full, word);
    return {
      method: 'GET',
      path: pathOf(full),
      headers: header('if-none-match', match),
      expected: model.get(caller, full, match),
      pick: described,
    };
  }),
  calls(2, 'metadata', name, (model, platform, caller, path) => {
    const full = inFolder(platform, path);
    return {
      method: 'GET',
      path: pathOf(full, METADATA),
      expected: model.metadata(caller, full),
      pick: described,
    };
  }),
  calls(1, 'remove', fc.tuple(name, condition), (model, platform, caller, [path, word]) => {
    const full = inFolder(platform, path);
    const match = matchOf(model, full, word);
    return {
      method: 'DELETE',
      path: pathOf(full),
      headers: header('if-match', match),
      expected: model.remove(caller, full, match),
    };
  }),
];

const whole: NonNullable<Call['pick']> = body => body;

const describing = (model: Model, caller: Who, full: string): Call => ({
  method: 'GET',
  path: versioned('metadata', full),
  expected: model.describe(caller, full),
  pick: (body, platform) => ({
    metadata: limits(body['metadata'] as Record<string, unknown>, platform),
    versions: body['versions'],
  }),
});

/** What a history has come to: every secret with all its versions, and what callers see in every folder. */
export async function compareAll(model: Model, platform: Platform): Promise<void> {
  const manager = everyone.find(({ manages }) => manages)!;
  for (const path of model.secrets.keys()) {
    await compare(platform, manager, 0, describing(model, manager, path));
  }
  for (const path of model.folders.keys()) {
    for (const caller of everyone.filter(({ roles }) => roles.length < 2)) {
      await compare(platform, caller, 1, listing(model, caller, path));
    }
  }
}

const listing = (model: Model, caller: Who, full: string): Call => ({
  method: 'GET',
  path: versioned('keys', full),
  expected: model.keys(caller, full),
  pick: whole,
});

const withVersions = [
  calls(
    9,
    'write',
    fc.record({ path: name, lists: maybe(roles), cas: maybe(fc.oneof(age, fc.constant('none'))) }),
    (model, platform, caller, { path, lists, cas }) => {
      const [full, data] = [inFolder(platform, path), { n: (model.writes += 1) }];
      const version =
        cas === undefined ? undefined : typeof cas === 'number' ? numberAt(model, full, cas) : 0;
      return {
        method: 'POST',
        path: versioned('data', full),
        body: {
          data,
          ...(lists === undefined ? {} : stated(platform, lists)),
          ...(version === undefined ? {} : { options: { cas: version } }),
        },
        expected: model.write(caller, full, data, lists, version),
        pick: whole,
      };
    },
  ),
  calls(6, 'read', fc.tuple(name, maybe(age)), (model, platform, caller, [path, at]) => {
    const full = inFolder(platform, path);
    const version = at === undefined ? undefined : numberAt(model, full, at);
    return {
      method: 'GET',
      path: `${versioned('data', full)}${version === undefined ? '' : `?version=${version}`}`,
      expected: model.read(caller, full, version),
      pick: whole,
    };
  }),
  calls(2, 'delete the newest', name, (model, platform, caller, path) => {
    const full = inFolder(platform, path);
    return {
      method: 'DELETE',
      path: versioned('data', full),
      expected: model.act(caller, full, 'delete', 'newest'),
    };
  }),
  ...(['delete', 'undelete', 'destroy'] as const).map(act =>
    calls(
      5,
      act,
      fc.tuple(name, fc.array(age, { minLength: 1, maxLength: 3 })),
      (model, platform, caller, [path, ages]) => {
        const full = inFolder(platform, path);
        const versions = ages.map(at => numberAt(model, full, at));
        return {
          method: 'POST',
          path: versioned(act, full),
          body: { versions },
          expected: model.act(caller, full, act, versions),
        };
      },
    ),
  ),
  calls(
    4,
    'limit',
    fc.tuple(
      name,
      fc.record<Limits>(
        {
          max: fc.integer({ min: 0, max: 4 }),
          deleteAfter: fc.constantFrom(0, 5, 30),
          casRequired: fc.boolean(),
        },
        { requiredKeys: [] },
      ),
    ),
    (model, platform, caller, [path, given]) => {
      const full = inFolder(platform, path);
      const { max, deleteAfter, casRequired } = given;
      return {
        method: 'POST',
        path: versioned('metadata', full),
        body: {
          max_versions: max,
          ...(deleteAfter === undefined ? {} : { delete_version_after: `${deleteAfter}s` }),
          cas_required: casRequired,
        },
        expected: model.limit(caller, full, given),
        pick: limits,
      };
    },
  ),
  calls(2, 'describe', name, (model, platform, caller, path) =>
    describing(model, caller, inFolder(platform, path)),
  ),
  calls(1, 'drop', name, (model, platform, caller, path) => {
    const full = inFolder(platform, path);
    return {
      method: 'DELETE',
      path: versioned('metadata', full),
      expected: model.remove(caller, full, undefined),
    };
  }),
  calls(3, 'keys', folder, (model, platform, caller, path) =>
    listing(model, caller, inFolder(platform, path)),
  ),
];

const time = fc.constantFrom(1, 5, 30).map((seconds): Step => ({
  check: () => true,
  toString: () => `wait ${seconds}`,
  async run(model, platform) {
    model.now += seconds * 1_000;
    await platform.wait(seconds);
  },
}));

const FOLDERS = '/vault/api/v1/folders';
const folderAt = (platform: Platform, path: string) => async () =>
  `${FOLDERS}/${await platform.folderId(path)}`;

/** What changes where secrets are, and who may read and write there. */
const places = [
  calls(3, 'move', fc.tuple(name, name), (model, platform, caller, [from, to]) => {
    const [full, target] = [inFolder(platform, from), inFolder(platform, to)];
    return {
      method: 'POST',
      path: pathOf(full, '/vault/api/v1/move/secrets'),
      body: { name: target },
      expected: model.move(caller, full, target),
      pick: whole,
    };
  }),
  calls(
    3,
    'change folder',
    fc.record({ path: folder, lists: maybe(roles), inherits: maybe(fc.boolean()) }),
    (model, platform, caller, { path, lists, inherits }) => {
      const full = inFolder(platform, path);
      return {
        method: 'PUT',
        path: folderAt(platform, full),
        body: { inherits, ...(lists === undefined ? {} : stated(platform, lists)) },
        expected: model.changeFolder(caller, full, {
          ...(lists === undefined ? {} : { roles: lists }),
          ...(inherits === undefined ? {} : { inherits }),
        }),
      };
    },
  ),
  calls(
    2,
    'move folder',
    fc.tuple(fc.constantFrom('f', 'f/g', 'm'), fc.constantFrom('f', 'f/g', 'm', 'f/m/n')),
    (model, platform, caller, [from, to]) => {
      const [full, target] = [inFolder(platform, from), inFolder(platform, to)];
      return {
        method: 'PUT',
        path: folderAt(platform, full),
        body: { path: target },
        expected: model.changeFolder(caller, full, { target }),
      };
    },
  ),
  calls(1, 'delete folder', folder, (model, platform, caller, path) => {
    const full = inFolder(platform, path);
    return {
      method: 'DELETE',
      path: folderAt(platform, full),
      expected: model.deleteFolder(caller, full),
    };
  }),
];

const steps = fc.oneof(...plain, ...withVersions, ...places, { weight: 3, arbitrary: time });

export const history = (longest: number) => fc.commands([steps], { maxCommands: longest, size: 'max' });
