import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { KEY_BYTES } from '@strongroom/crypto/aead';
import { createKeyring, type Keyring } from '@strongroom/crypto/keyring';
import { UnknownRootKeyError, type RootKeyProvider } from '@strongroom/crypto/root-key';
import { SecretBytes } from '@strongroom/crypto/secret-bytes';
import type { Queryable } from '@strongroom/db/database';
import type { MigrationSet } from '@strongroom/db/migrate';
import { WrongRootKeyError } from './key-errors.ts';

export const keyMigrations: MigrationSet = {
  name: 'keys',
  directory: path.join(import.meta.dirname, '../migrations'),
};

/** A key-encryption key as it is stored. */
export interface StoredKey {
  readonly id: number;
  readonly wrapped: Buffer;
  /** The name of the root key that wraps it. */
  readonly rootKeyName: string;
  readonly isActive: boolean;
  readonly createdAt: Date;
}

interface KeyRow {
  id: number;
  wrapped: Buffer;
  root_key_fingerprint: string;
  is_active: boolean;
  created_at: Date;
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
  for (const key of await findKeys(db)) await unwrapKey(provider, schema, key);
}

/** Opens every key-encryption key of the schema; makes the first one on a new database. */
export async function loadKeyring(
  db: Queryable,
  schema: string,
  provider: RootKeyProvider,
  now: Date,
): Promise<Keyring> {
  let stored = await findKeys(db);
  if (stored.length === 0) {
    const { current } = await provider.names();
    const key = await makeKey(provider, schema, 1, current);
    // Replicas that start at once race here: one row wins, all read it back.
    await db.query(
      `INSERT INTO key_encryption_keys (id, wrapped, root_key_fingerprint, is_active, created_at)
       VALUES (1, $1, $2, true, $3) ON CONFLICT DO NOTHING`,
      [key, current, now],
    );
    stored = await findKeys(db);
  }
  const keys = new Map<number, SecretBytes>();
  for (const key of stored) keys.set(key.id, await unwrapKey(provider, schema, key));
  return createKeyring(keys, activeKey(stored, schema).id);
}

export function activeKey(stored: readonly StoredKey[], schema: string): StoredKey {
  const active = stored.find(key => key.isActive);
  if (active === undefined) throw new Error(`schema ${schema} has no active key-encryption key`);
  return active;
}

/** A new random key, wrapped for the row `id`. */
export const makeKey = (
  provider: RootKeyProvider,
  schema: string,
  id: number,
  rootKeyName: string,
): Promise<Buffer> =>
  provider.wrap(rootKeyName, new SecretBytes(randomBytes(KEY_BYTES)), associatedData(schema, id));

/** The same key for the same row, under another root key. */
export async function rewrapKey(
  provider: RootKeyProvider,
  schema: string,
  key: StoredKey,
  rootKeyName: string,
): Promise<Buffer> {
  const opened = await unwrapKey(provider, schema, key);
  return provider.wrap(rootKeyName, opened, associatedData(schema, key.id));
}

export async function findKeys(db: Queryable): Promise<StoredKey[]> {
  const rows = await db.query<KeyRow>(
    `SELECT id, wrapped, root_key_fingerprint, is_active, created_at FROM key_encryption_keys ORDER BY id`,
  );
  return rows.map(row => ({
    id: row.id,
    wrapped: row.wrapped,
    rootKeyName: row.root_key_fingerprint,
    isActive: row.is_active,
    createdAt: row.created_at,
  }));
}

export async function unwrapKey(
  provider: RootKeyProvider,
  schema: string,
  { id, wrapped, rootKeyName }: StoredKey,
): Promise<SecretBytes> {
  try {
    return await provider.unwrap(rootKeyName, wrapped, associatedData(schema, id));
  } catch (cause) {
    if (cause instanceof UnknownRootKeyError) {
      const { current, next } = await provider.names();
      const given = next === undefined ? `fingerprint ${current}` : `fingerprints ${current} and ${next}`;
      throw new WrongRootKeyError(
        `The root key given (${given}) is not the one that schema ${schema} is sealed with ` +
          `(fingerprint ${rootKeyName}). Nothing was changed.`,
      );
    }
    throw new WrongRootKeyError(
      `Key-encryption key ${id} of schema ${schema} does not open with its root key (fingerprint ${rootKeyName}): ` +
        'the row was altered or damaged. Nothing was changed.',
      { cause },
    );
  }
}
