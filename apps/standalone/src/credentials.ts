import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { randomToken } from '@strongroom/crypto/random';
import { parseRootKey } from '@strongroom/crypto/root-key';
import type { SecretBytes } from '@strongroom/crypto/secret-bytes';
import { ignoreAbsence } from '@strongroom/embedded-postgres/error-code';
import { bodyParser, type Parser } from '@strongroom/schema/parser';
import { Line, Members, type Static, Type, Uuid } from '@strongroom/schema/types';
import { writeDurably } from './durable-file.ts';

const Secret = Type.String({ pattern: '^[A-Za-z0-9_-]{43}$', maxLength: 43 });

/** What an operator's programs need to call the platform; the members are fixed by its users (design section 2). */
const CredentialsFile = Members({
  base_url: Line(300, 1),
  ca_file: Line(4096, 1),
  admin: Members({ username: Line(100, 1), password: Secret }),
  oauth_client: Members({ id: Line(100, 1), secret: Secret }),
  api_client: Members({ id: Uuid, secret: Secret }),
});
export type Credentials = Static<typeof CredentialsFile>;

const DatabaseFile = Members({
  superuser_password: Secret,
  role_passwords: Members({ auth: Secret, vault: Secret, secrets_manager: Secret, monitor: Secret }),
});
export type DatabasePasswords = Static<typeof DatabaseFile>;

const parseCredentials = bodyParser(CredentialsFile);
const parseDatabasePasswords = bodyParser(DatabaseFile);

export interface MaterialFiles {
  rootKey: string;
  auditKey: string;
  database: string;
  credentials: string;
}

export interface Material {
  rootKey: SecretBytes;
  auditKey: SecretBytes;
  database: DatabasePasswords;
  /** Undefined when the operator has moved the file to a safe place. */
  credentials: Credentials | undefined;
}

export interface MaterialOptions {
  files: MaterialFiles;
  /** Whether the database was made before. Then nothing is made anew: it would not fit what the database holds. */
  databaseExists: boolean;
  /** The operator's own root key; then no file holds one. */
  rootKey: SecretBytes | undefined;
  /** The operator's own audit key; then no file holds one. */
  auditKey: SecretBytes | undefined;
  baseUrl: string;
  caFile: string;
}

/**
 * Makes what is missing on a first start, reads it on every other. A first start that was cut off is a first start
 * again: what it wrote is kept, for no file is ever written before it is complete, nor twice.
 */
export async function readOrMakeMaterial(options: MaterialOptions): Promise<Material> {
  const { files } = options;
  return {
    rootKey: options.rootKey ?? (await readOrMakeRootKey(options)),
    auditKey: options.auditKey ?? (await readOrMakeAuditKey(files.auditKey)),
    database: await readOrMakeDatabasePasswords(options),
    credentials: await readOrMakeCredentials(files.credentials, options),
  };
}

async function readOrMakeRootKey({ files, databaseExists }: MaterialOptions): Promise<SecretBytes> {
  let text = await read(files.rootKey);
  if (text === undefined) {
    if (databaseExists) {
      throw new Error(
        `The root key ${files.rootKey} is missing, and without it the database cannot be opened. ` +
          'Put the file back from where it was kept, or set STRONGROOM_ROOT_KEY_FILE.',
      );
    }
    text = `${randomToken()}\n`;
    await writeDurably(files.rootKey, text, 0o600);
  }
  const key = parseRootKey(text);
  if (key === undefined) throw new Error(`The root key ${files.rootKey} is not 32 bytes in base64url`);
  return key;
}

/**
 * Made also beside a database, which may be from before there was an audit key. Whether the database knows another one
 * monitor finds out before it changes anything.
 */
async function readOrMakeAuditKey(file: string): Promise<SecretBytes> {
  let text = await read(file);
  if (text === undefined) {
    text = `${randomToken()}\n`;
    await writeDurably(file, text, 0o600);
  }
  const key = parseRootKey(text);
  if (key === undefined) throw new Error(`The audit key ${file} is not 32 bytes in base64url`);
  return key;
}

async function readOrMakeDatabasePasswords({
  files,
  databaseExists,
}: MaterialOptions): Promise<DatabasePasswords> {
  const text = await read(files.database);
  if (text !== undefined) return parseFile(files.database, text, parseDatabasePasswords);
  if (databaseExists) {
    throw new Error(
      `${files.database} is missing, and without it nothing can sign in to the database. Put it back.`,
    );
  }
  const made: DatabasePasswords = {
    superuser_password: randomToken(),
    role_passwords: {
      auth: randomToken(),
      vault: randomToken(),
      secrets_manager: randomToken(),
      monitor: randomToken(),
    },
  };
  await writeJson(files.database, made);
  return made;
}

async function readOrMakeCredentials(
  file: string,
  { databaseExists, baseUrl, caFile }: MaterialOptions,
): Promise<Credentials | undefined> {
  const text = await read(file);
  if (text === undefined) {
    if (databaseExists) return undefined;
    const made: Credentials = {
      base_url: baseUrl,
      ca_file: caFile,
      admin: { username: 'admin', password: randomToken() },
      // The id that PrivX's own clients have built in (contract section 13).
      oauth_client: { id: 'privx-external', secret: randomToken() },
      api_client: { id: randomUUID(), secret: randomToken() },
    };
    await writeJson(file, made);
    return made;
  }
  const credentials = parseFile(file, text, parseCredentials);
  if (credentials.base_url === baseUrl && credentials.ca_file === caFile) return credentials;
  // The port or host was set anew, or the data directory was moved.
  const moved = { ...credentials, base_url: baseUrl, ca_file: caFile };
  await writeJson(file, moved);
  return moved;
}

const read = (file: string): Promise<string | undefined> => readFile(file, 'utf8').catch(ignoreAbsence);

const writeJson = (file: string, value: object): Promise<void> =>
  writeDurably(file, `${JSON.stringify(value, undefined, 2)}\n`, 0o600);

/** JSON.parse repeats the text that it cannot read, so its error goes no further. The schema's faults name members only. */
function parseFile<T>(file: string, text: string, parse: Parser<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error(`${file} is not JSON. Put it back from a copy.`);
  }
  try {
    return parse(value);
  } catch (cause) {
    throw new Error(
      `${file} has another form than expected: ${cause instanceof Error ? cause.message : ''}`,
      { cause },
    );
  }
}
