import { randomUUID } from 'node:crypto';
import type { Keyring } from '@strongroom/crypto/keyring';
import type { Database } from '@strongroom/db/database';
import { loadVaultKeyring, openVaultTables, sealFirst } from './sealed-rows.ts';

const KINDS = [
  'db-password',
  'api-key',
  'tls-certificate',
  'ssh-key',
  'smtp-password',
  'oauth-client',
  'backup-key',
  'deploy-token',
  'webhook-secret',
  'admin-password',
] as const;
const PER_APP = 10;
const TEAMS = 200;
const BATCH = 5_000;

const appOf = (index: number): number => Math.floor(index / PER_APP);
const folderOf = (index: number): string => `team-${appOf(index) % TEAMS}/app-${appOf(index)}`;

/** Of the secret of this number, from 0. */
export const nameOf = (index: number): string => `${folderOf(index)}/${KINDS[index % PER_APP]}`;

/** A word that the names of ten secrets have. */
export const wordOf = (index: number): string => `app-${appOf(index)}/`;

export const CONTENT = { user: 'app', pass: 'x'.repeat(200) };

/**
 * Writes so many secrets straight into the database of a standalone that runs, sealed under its keys, as the vault
 * would have written them one by one. Returns for how many seconds.
 */
export async function fillVault(
  dataDirectory: string,
  count: number,
  roles: readonly string[],
): Promise<number> {
  const started = performance.now();
  const db = await openVaultTables(dataDirectory);
  try {
    const keyring = await loadVaultKeyring(db, dataDirectory, new Date());
    await fillFolders(db, count);
    // An index is made far quicker than it grows.
    const [index] = await db.query<{ definition: string }>(
      `SELECT pg_get_indexdef('secrets_pieces'::regclass) AS definition`,
    );
    await db.query('DROP INDEX secrets_pieces');
    for (let first = 0; first < count; first += BATCH) {
      await fillBatch(db, keyring, first, Math.min(BATCH, count - first), roles);
    }
    await db.query(index?.definition ?? '');
    await db.query('ALTER INDEX secrets_pieces ALTER COLUMN 1 SET STATISTICS 0');
    // What autovacuum and a checkpoint would do in the minutes after it.
    await db.query('VACUUM ANALYZE secrets, secret_versions, folders');
    await db.query('CHECKPOINT');
  } finally {
    await db.close();
  }
  return (performance.now() - started) / 1_000;
}

async function fillFolders(db: Database, count: number): Promise<void> {
  const apps = Array.from({ length: Math.ceil(count / PER_APP) }, (_, app) => folderOf(app * PER_APP));
  const teams = [...new Set(apps.map(app => app.slice(0, app.indexOf('/'))))];
  for (const paths of [teams, apps]) {
    await db.query(
      `INSERT INTO folders (id, parent_id, path, read_roles, write_roles, effective_read_roles, effective_write_roles,
                            created_at, created_by, updated_at, updated_by)
       SELECT gen_random_uuid(), p.id, made.path, '{}', '{}', '{}', '{}', now(), 'bench', now(), 'bench'
       FROM unnest($1::text[]) AS made (path) LEFT JOIN folders p ON p.path = substring(made.path FROM '^(.*)/')`,
      [paths],
    );
  }
}

async function fillBatch(
  db: Database,
  keyring: Keyring,
  first: number,
  size: number,
  roles: readonly string[],
): Promise<void> {
  const rows = Array.from({ length: size }, (_, step) => {
    const index = first + step;
    const id = randomUUID();
    const { keyId, wrappedKey, ciphertext } = sealFirst(keyring, id, CONTENT);
    const tags = [`cost-${index % 500}`, index % 3 === 0 ? 'prod' : 'test'];
    return { id, name: nameOf(index), folder: folderOf(index), tags, keyId, wrappedKey, ciphertext };
  });
  await db.query(
    `WITH secret AS (
       INSERT INTO secrets (id, name, folder_id, tags, read_roles, write_roles, current_version, created_at, created_by,
                            updated_at, updated_by)
       SELECT r.id, r.name, f.id, string_to_array(r.tags, ' '), $5, $5, 1, $6, 'bench', $6, 'bench'
       FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) AS r (id, name, folder, tags)
         JOIN folders f ON f.path = r.folder
     )
     INSERT INTO secret_versions (secret_id, version, key_id, wrapped_key, ciphertext, created_at, created_by)
     SELECT v.id, 1, $7, v.wrapped_key, v.ciphertext, $6, 'bench'
     FROM unnest($1::uuid[], $8::bytea[], $9::bytea[]) AS v (id, wrapped_key, ciphertext)`,
    [
      rows.map(({ id }) => id),
      rows.map(({ name }) => name),
      rows.map(({ folder }) => folder),
      rows.map(({ tags }) => tags.join(' ')),
      roles,
      new Date(),
      keyring.activeId,
      rows.map(({ wrappedKey }) => wrappedKey),
      rows.map(({ ciphertext }) => ciphertext),
    ],
  );
}
