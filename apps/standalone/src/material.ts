import type { SecretBytes } from '@strongroom/crypto/secret-bytes';
import { randomToken } from '@strongroom/crypto/random';
import { type Credentials, readOrMakeCredentials } from '@strongroom/installation/credentials';
import { readOrMakeKey } from '@strongroom/installation/key-file';
import { parseFile, readText, SecretText, writeJson } from '@strongroom/installation/secret-file';
import { bodyParser } from '@strongroom/schema/parser';
import { Members, type Static } from '@strongroom/schema/types';

const DatabaseFile = Members({
  superuser_password: SecretText,
  role_passwords: Members({
    auth: SecretText,
    vault: SecretText,
    secrets_manager: SecretText,
    monitor: SecretText,
  }),
});
export type DatabasePasswords = Static<typeof DatabaseFile>;

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
  /** The operator's own keys; then no file holds one. */
  rootKey: SecretBytes | undefined;
  auditKey: SecretBytes | undefined;
  baseUrl: string;
  caFile: string;
}

/**
 * Makes what is missing on a first start, reads it on every other. A first start that was cut off is a first start
 * again: what it wrote is kept, for no file is ever written before it is complete, nor twice.
 */
export async function readOrMakeMaterial(options: MaterialOptions): Promise<Material> {
  const { files, databaseExists } = options;
  return {
    rootKey:
      options.rootKey ??
      (await readOrMakeKey({
        file: files.rootKey,
        name: 'root key',
        setting: 'STRONGROOM_ROOT_KEY_FILE',
        mayMake: !databaseExists,
        without: 'the database cannot be opened',
      })),
    // Data directories from before the chain have none: monitor itself refuses a key that its chain was not made by.
    auditKey:
      options.auditKey ??
      (await readOrMakeKey({
        file: files.auditKey,
        name: 'audit key',
        setting: 'STRONGROOM_AUDIT_KEY_FILE',
        mayMake: true,
        without: 'the audit trail cannot be verified',
      })),
    database: await readOrMakeDatabasePasswords(options),
    credentials: await readOrMakeCredentials(files.credentials, { ...options, mayMake: !databaseExists }),
  };
}

async function readOrMakeDatabasePasswords({
  files,
  databaseExists,
}: MaterialOptions): Promise<DatabasePasswords> {
  const text = await readText(files.database);
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
