import { CREDENTIALS_ROLE } from '@strongroom/contracts/credentials-role';
import { AppError } from '@strongroom/errors/app-error';
import { callJson, serviceUnreachable } from '@strongroom/http/client';
import { bodyParser } from '@strongroom/schema/parser';
import { FreeObject, Members, Type } from '@strongroom/schema/types';

export type SecretContent = Readonly<Record<string, string>>;

export interface StoredSecret {
  /** The newest version; 0: there is no secret. */
  readonly version: number;
  /** Undefined: there is no secret, or somebody has deleted its newest version. */
  readonly content: SecretContent | undefined;
}

export interface SecretWrite {
  readonly content: SecretContent;
  /** Of the version that is replaced; 0: there is no secret yet. */
  readonly expectedVersion: number;
  /** Of a new secret. */
  readonly tags: readonly string[];
  /** A write that is sent again under its key has been made once. 16 to 128 visible characters. */
  readonly idempotencyKey: string;
}

export interface SecretVersion {
  readonly version: number;
  /** RFC 3339. */
  readonly created: string;
}

/**
 * Secrets that secrets-manager keeps in vault, under its own machine identity and a role that it alone has. All reject
 * with `unavailable` when vault does not answer or refuses: that is never the fault of whoever asks us.
 */
export interface VaultClient {
  read: (name: string) => Promise<StoredSecret>;
  /** Undefined: there is none, or it is deleted. */
  readVersion: (name: string, version: number) => Promise<SecretContent | undefined>;
  /** The oldest first. */
  versions: (name: string) => Promise<readonly SecretVersion[]>;
  /** The number of the new version. Undefined: another was written since. */
  write: (name: string, write: SecretWrite) => Promise<number | undefined>;
  /** How many versions are kept, from now on. */
  keepVersions: (name: string, maxVersions: number) => Promise<void>;
}

export interface VaultClientOptions {
  /** Base address of vault, e.g. `http://vault:8080`. */
  readonly vaultUrl: string;
  readonly token: () => Promise<string>;
  /** By whom secrets must have been made; those of others in our place are not trusted. */
  readonly machineId: string;
}

const DEADLINE_MS = 5_000;
/** What vault keeps at most. */
const HIGHEST_MAX_VERSIONS = 1_000;

const parseSecret = bodyParser(
  Members({ author: Type.String(), version: Type.Integer({ minimum: 1 }), data: FreeObject }),
);
const parseVersion = bodyParser(Members({ data: FreeObject }));
const parseVersioning = bodyParser(
  Members({
    metadata: Members({ created_by: Type.String(), current_version: Type.Integer({ minimum: 1 }) }),
    versions: Type.Array(Members({ version: Type.Integer(), created: Type.String() })),
  }),
);
const parseWritten = bodyParser(Members({ version: Type.Integer({ minimum: 1 }) }));

export function createVaultClient({ vaultUrl, token, machineId }: VaultClientOptions): VaultClient {
  async function call(method: 'GET' | 'POST', path: string, sent: { body?: unknown; key?: string } = {}) {
    const authorization = `Bearer ${await token()}`;
    return callJson({
      method,
      url: `${vaultUrl}/vault/api/v1/${path}`,
      headers: { authorization, ...(sent.key === undefined ? {} : { 'idempotency-key': sent.key }) },
      body: sent.body,
      deadlineMs: DEADLINE_MS,
    });
  }

  /** Somebody who may add secrets could have made one in our place, to read in it what we write. */
  function requireOwn(author: string): void {
    if (author !== machineId) throw new Error('a secret in the place of a credential is of somebody else');
  }

  async function versioning(name: string) {
    const found = await absent(call('GET', `secret/metadata/${encodeURIComponent(name)}`));
    if (found === undefined) return undefined;
    const parsed = parseVersioning(found);
    requireOwn(parsed.metadata.created_by);
    return parsed;
  }

  return {
    read: name =>
      orUnavailable(async () => {
        const found = await absent(call('GET', `secrets/${encodeURIComponent(name)}`));
        if (found === undefined) {
          const version = (await versioning(name))?.metadata.current_version ?? 0;
          return { version, content: undefined };
        }
        const { author, version, data } = parseSecret(found);
        requireOwn(author);
        return { version, content: textsOf(data) };
      }),
    readVersion: (name, version) =>
      orUnavailable(async () => {
        if ((await versioning(name)) === undefined) return undefined;
        const path = `secret/data/${encodeURIComponent(name)}?version=${version}`;
        const found = await absent(call('GET', path));
        return found === undefined ? undefined : textsOf(parseVersion(found).data);
      }),
    versions: name => orUnavailable(async () => (await versioning(name))?.versions ?? []),
    write: (name, { content, expectedVersion, tags, idempotencyKey }) =>
      orUnavailable(async () => {
        const roles = [{ id: CREDENTIALS_ROLE.id }];
        const send = () =>
          call('POST', `secret/data/${encodeURIComponent(name)}`, {
            key: idempotencyKey,
            body: {
              data: content,
              options: { cas: expectedVersion },
              // Once it is there, tags and whoever else may read it are for operators to say.
              ...(expectedVersion === 0 ? { read_roles: roles, write_roles: roles, tags } : {}),
            },
          });
        try {
          // Once more if the answer was lost: the key makes it one write.
          return parseWritten(await send().catch(retryUnavailable(send))).version;
        } catch (error) {
          if (error instanceof AppError && error.code === 'VERSION_CONFLICT') return undefined;
          throw error;
        }
      }),
    keepVersions: (name, maxVersions) =>
      orUnavailable(async () => {
        await call('POST', `secret/metadata/${encodeURIComponent(name)}`, {
          body: { max_versions: Math.min(maxVersions, HIGHEST_MAX_VERSIONS) },
        });
      }),
  };
}

const textsOf = (data: Record<string, unknown>): SecretContent =>
  Object.fromEntries(
    Object.entries(data).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );

const retryUnavailable =
  <T>(send: () => Promise<T>) =>
  (error: unknown): Promise<T> => {
    if (error instanceof AppError && error.kind === 'unavailable') return send();
    throw error;
  };

/** Undefined instead of "not found". */
async function absent(answer: Promise<unknown>): Promise<unknown> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof AppError && error.kind === 'not_found') return undefined;
    throw error;
  }
}

/** Whatever vault refuses, it refuses to us: its 401 or 403 must not look like the caller's own. */
async function orUnavailable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw serviceUnreachable(error);
  }
}
