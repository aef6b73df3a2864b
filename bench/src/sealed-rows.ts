import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { sealValue, type Envelope } from '@strongroom/crypto/envelope';
import type { Keyring } from '@strongroom/crypto/keyring';
import { parseRootKey, staticRootKey } from '@strongroom/crypto/root-key';
import { openDatabase, type Database } from '@strongroom/db/database';
import { loadKeyring } from '@strongroom/keys/key-store';
import { silentLogger } from '@strongroom/log/logger';

const BATCH = 1_000;
const DEADLINE_MS = 600_000;

/** vault's tables in a running standalone, past its services and past all rights. */
export async function openVaultTables(dataDirectory: string): Promise<Database> {
  const pidFile = await readFile(path.join(dataDirectory, 'database/postmaster.pid'), 'utf8');
  const port = Number(pidFile.split('\n')[3]);
  const { superuser_password: password } = JSON.parse(
    await readFile(path.join(dataDirectory, 'database.json'), 'utf8'),
  ) as { superuser_password: string };
  const url = `postgres://strongroom@127.0.0.1:${port}/strongroom`;
  return openDatabase({ url, password, schema: 'vault', poolSize: 2, deadlineMs: DEADLINE_MS }, silentLogger);
}

export const loadedName = (index: number): string => `rekey-${index}`;
export const loadedValue = (index: number): string => `value ${index} ${'x'.repeat(512)}`;

export async function loadVaultKeyring(db: Database, dataDirectory: string, now: Date): Promise<Keyring> {
  const rootKey = parseRootKey(await readFile(path.join(dataDirectory, 'root.key'), 'utf8'));
  if (rootKey === undefined) throw new Error('there is no root key');
  return loadKeyring(db, 'vault', staticRootKey(rootKey), now);
}

/** The first version of a secret, as vault seals it. */
export function sealFirst(keyring: Keyring, id: string, data: object): Envelope {
  const address = { schema: 'vault', table: 'secret_versions', objectId: id, version: 1, field: 'data' };
  return sealValue(keyring, Buffer.from(JSON.stringify(data)), address);
}

/** Stores secrets as vault does, each sealed by a data key of its own, but a thousand in a statement. */
export async function loadSecrets(
  db: Database,
  dataDirectory: string,
  roleId: string,
  count: number,
): Promise<void> {
  const now = new Date();
  const keyring = await loadVaultKeyring(db, dataDirectory, now);
  for (let first = 0; first < count; first += BATCH) {
    const indexes = Array.from({ length: Math.min(BATCH, count - first) }, (_, offset) => first + offset);
    const secrets = indexes.map(index => {
      const id = randomUUID();
      return { id, name: loadedName(index), envelope: sealFirst(keyring, id, { value: loadedValue(index) }) };
    });
    await db.query(
      `WITH given AS (
         SELECT * FROM unnest($1::uuid[], $2::text[], $3::bytea[], $4::bytea[]) AS g (id, name, wrapped_key, ciphertext)
       ), secret AS (
         INSERT INTO secrets (id, name, read_roles, write_roles, current_version, created_at, created_by, updated_at, updated_by)
         SELECT id, name, ARRAY[$5::uuid], ARRAY[$5::uuid], 1, $6, 'bench', $6, 'bench' FROM given
         RETURNING id
       )
       INSERT INTO secret_versions (secret_id, version, key_id, wrapped_key, ciphertext, created_at, created_by)
       SELECT id, 1, $7, wrapped_key, ciphertext, $6, 'bench' FROM secret JOIN given USING (id)`,
      [
        secrets.map(({ id }) => id),
        secrets.map(({ name }) => name),
        secrets.map(({ envelope }) => envelope.wrappedKey),
        secrets.map(({ envelope }) => envelope.ciphertext),
        roleId,
        now,
        keyring.activeId,
      ],
    );
  }
}

/** One digest over all loaded ciphertexts: re-keying must not change it. */
export async function digestOfCiphertexts(db: Database): Promise<string> {
  const [row] = await db.query<{ digest: string }>(
    `SELECT md5(string_agg(md5(v.ciphertext), '' ORDER BY v.secret_id, v.version)) AS digest
     FROM secret_versions v JOIN secrets s ON s.id = v.secret_id WHERE s.created_by = 'bench'`,
  );
  return row?.digest ?? '';
}

export async function countNotUnder(db: Database, keyId: number): Promise<number> {
  const [row] = await db.query<{ count: number }>(
    'SELECT count(*)::integer AS count FROM secret_versions WHERE key_id <> $1',
    [keyId],
  );
  return row?.count ?? 0;
}

/**
 * What re-keying costs at least: bare UPDATEs of the same rows, of both columns and with the index, 200 in a
 * transaction, without trigger, cryptography, rests or load. It ruins the values. Answers rows a second.
 */
export async function measureFloor(db: Database): Promise<number> {
  const rows = await db.query<{ id: string }>(
    `SELECT v.secret_id AS id FROM secret_versions v JOIN secrets s ON s.id = v.secret_id
     WHERE s.created_by = 'bench' ORDER BY v.secret_id`,
  );
  const ids = rows.map(({ id }) => id);
  const key = Buffer.alloc(60, 1);
  const started = performance.now();
  for (let first = 0; first < ids.length; first += 200) {
    const batch = ids.slice(first, first + 200);
    await db.transaction(async tx => {
      await tx.query(
        `SELECT set_config('session_replication_role', 'replica', true), set_config('synchronous_commit', 'off', true)`,
      );
      await tx.query(
        `UPDATE secret_versions v SET key_id = key_id + 1, wrapped_key = r.wrapped_key
         FROM unnest($1::uuid[], $2::bytea[]) AS r (id, wrapped_key) WHERE v.secret_id = r.id AND v.version = 1`,
        [batch, batch.map(() => key)],
      );
    });
  }
  return (ids.length * 1_000) / (performance.now() - started);
}
