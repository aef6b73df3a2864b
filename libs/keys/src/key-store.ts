import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { KEY_BYTES, open, seal } from '@strongroom/crypto/aead';
import { createKeyring, type Keyring } from '@strongroom/crypto/keyring';
import { fingerprint, type RootKeyProvider } from '@strongroom/crypto/root-key';
import { SecretBytes } from '@strongroom/crypto/secret-bytes';
import type { Queryable } from '@strongroom/db/database';
import type { MigrationSet } from '@strongroom/db/migrate';

export const keyMigrations: MigrationSet = {
  name: 'keys',
  directory: path.join(import.meta.dirname, '../migrations'),
};

interface KeyRow {
  id: number;
  wrapped: Buffer;
  root_key_fingerprint: string;
  is_active: boolean;
}

const associatedData = (schema: string, id: number): Buffer =>
  Buffer.from(JSON.stringify(['strongroom/1', 'key-encryption-key', schema, id]));

/**
 * The boot self-test, to be run before any migration: a start with the wrong root key must change nothing.
 * A schema without keys yet passes.
 */
export async function checkRootKey(db: Queryable, schema: string, provider: RootKeyProvider): Promise<void> {
  const [table] = await db.query<{ present: boolean }>(
    `SELECT to_regclass('key_encryption_keys') IS NOT NULL AS present`,
  );
  if (table?.present !== true) return;
  const rootKey = await provider.rootKey();
  for (const row of await readKeys(db)) unwrapKey(rootKey, schema, row);
}

/** Opens every key-encryption key of the schema; makes the first one on a new database. */
export async function loadKeyring(
  db: Queryable,
  schema: string,
  provider: RootKeyProvider,
  now: Date,
): Promise<Keyring> {
  const rootKey = await provider.rootKey();
  let rows = await readKeys(db);
  if (rows.length === 0) {
    // Replicas that start at once race here: one row wins, all read it back.
    await db.query(
      `INSERT INTO key_encryption_keys (id, wrapped, root_key_fingerprint, is_active, created_at)
       VALUES (1, $1, $2, true, $3) ON CONFLICT DO NOTHING`,
      [seal(rootKey.reveal(), randomBytes(KEY_BYTES), associatedData(schema, 1)), fingerprint(rootKey), now],
    );
    rows = await readKeys(db);
  }
  const keys = new Map(rows.map(row => [row.id, unwrapKey(rootKey, schema, row)]));
  const active = rows.find(row => row.is_active);
  if (active === undefined) throw new Error(`schema ${schema} has no active key-encryption key`);
  return createKeyring(keys, active.id);
}

const readKeys = (db: Queryable): Promise<KeyRow[]> =>
  db.query<KeyRow>(
    'SELECT id, wrapped, root_key_fingerprint, is_active FROM key_encryption_keys ORDER BY id',
  );

function unwrapKey(rootKey: SecretBytes, schema: string, row: KeyRow): SecretBytes {
  const given = fingerprint(rootKey);
  if (row.root_key_fingerprint !== given) {
    throw new WrongRootKeyError(
      `The root key given (fingerprint ${given}) is not the one that schema ${schema} is sealed with ` +
        `(fingerprint ${row.root_key_fingerprint}). Nothing was changed.`,
    );
  }
  try {
    return new SecretBytes(open(rootKey.reveal(), row.wrapped, associatedData(schema, row.id)));
  } catch (cause) {
    throw new WrongRootKeyError(
      `Key-encryption key ${row.id} of schema ${schema} does not open with its root key (fingerprint ${given}): ` +
        'the row was altered or damaged. Nothing was changed.',
      { cause },
    );
  }
}

/** Ends the start with a message for the operator. */
export class WrongRootKeyError extends Error {
  override readonly name = 'WrongRootKeyError';
  readonly code = 'CONFIGURATION_ERROR';
}
