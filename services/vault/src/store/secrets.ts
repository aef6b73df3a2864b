import type { Envelope } from '@strongroom/crypto/envelope';
import { isUniqueViolation, type Queryable } from '@strongroom/db/database';
import { secretExists } from '../domain/errors.ts';
import type { Secret } from '../domain/secret.ts';

interface SecretRow {
  id: string;
  name: string;
  read_roles: string[];
  write_roles: string[];
  current_version: number;
  created_at: Date;
  created_by: string;
  updated_at: Date;
  updated_by: string;
}

interface VersionRow {
  key_id: number;
  wrapped_key: Buffer;
  ciphertext: Buffer;
}

const toSecret = (row: SecretRow): Secret => ({
  id: row.id,
  name: row.name,
  readRoles: row.read_roles,
  writeRoles: row.write_roles,
  version: row.current_version,
  createdAt: row.created_at,
  createdBy: row.created_by,
  updatedAt: row.updated_at,
  updatedBy: row.updated_by,
});

const toEnvelope = (row: VersionRow): Envelope => ({
  keyId: row.key_id,
  wrappedKey: row.wrapped_key,
  ciphertext: row.ciphertext,
});

const COLUMNS = `s.id, s.name, s.read_roles, s.write_roles, s.current_version,
  s.created_at, s.created_by, s.updated_at, s.updated_by`;

export async function findSecret(db: Queryable, name: string): Promise<Secret | undefined> {
  const [row] = await db.query<SecretRow>(`SELECT ${COLUMNS} FROM secrets s WHERE s.name = $1`, [name]);
  return row === undefined ? undefined : toSecret(row);
}

export async function findSecretWithContent(
  db: Queryable,
  name: string,
): Promise<{ secret: Secret; envelope: Envelope } | undefined> {
  const [row] = await db.query<SecretRow & VersionRow>(
    `SELECT ${COLUMNS}, v.key_id, v.wrapped_key, v.ciphertext
     FROM secrets s JOIN secret_versions v ON v.secret_id = s.id AND v.version = s.current_version
     WHERE s.name = $1`,
    [name],
  );
  return row === undefined ? undefined : { secret: toSecret(row), envelope: toEnvelope(row) };
}

/** Writes a secret and its first version. */
export async function insertSecret(tx: Queryable, secret: Secret, envelope: Envelope): Promise<void> {
  try {
    await tx.query(
      `WITH secret AS (
         INSERT INTO secrets (id, name, read_roles, write_roles, current_version,
                              created_at, created_by, updated_at, updated_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $6, $7)
         RETURNING id
       )
       INSERT INTO secret_versions (secret_id, version, key_id, wrapped_key, ciphertext, created_at, created_by)
       SELECT id, $5, $8, $9, $10, $6, $7 FROM secret`,
      [
        secret.id,
        secret.name,
        secret.readRoles,
        secret.writeRoles,
        secret.version,
        secret.createdAt,
        secret.createdBy,
        envelope.keyId,
        envelope.wrappedKey,
        envelope.ciphertext,
      ],
    );
  } catch (error) {
    throw isUniqueViolation(error, 'secrets_name_unique') ? secretExists() : error;
  }
}

/**
 * Writes the next version and drops those beyond `max_versions`. False: another writer was first, or the
 * secret is gone, and nothing was changed.
 */
export async function insertVersion(tx: Queryable, secret: Secret, envelope: Envelope): Promise<boolean> {
  const rows = await tx.query(
    `WITH secret AS (
       UPDATE secrets SET current_version = $2, read_roles = $3, write_roles = $4, updated_at = $5, updated_by = $6
       WHERE id = $1 AND current_version = $2 - 1
       RETURNING id, max_versions
     ), dropped AS (
       DELETE FROM secret_versions v USING secret
       WHERE v.secret_id = secret.id AND v.version <= $2 - secret.max_versions
     )
     INSERT INTO secret_versions (secret_id, version, key_id, wrapped_key, ciphertext, created_at, created_by)
     SELECT id, $2, $7, $8, $9, $5, $6 FROM secret
     RETURNING secret_id`,
    [
      secret.id,
      secret.version,
      secret.readRoles,
      secret.writeRoles,
      secret.updatedAt,
      secret.updatedBy,
      envelope.keyId,
      envelope.wrappedKey,
      envelope.ciphertext,
    ],
  );
  return rows.length === 1;
}

/** Changes who may read and write, without a new version. False: another writer was first. */
export async function updateRoles(tx: Queryable, secret: Secret): Promise<boolean> {
  const rows = await tx.query(
    `UPDATE secrets SET read_roles = $3, write_roles = $4, updated_at = $5, updated_by = $6
     WHERE id = $1 AND current_version = $2 RETURNING id`,
    [secret.id, secret.version, secret.readRoles, secret.writeRoles, secret.updatedAt, secret.updatedBy],
  );
  return rows.length === 1;
}

/** Deletes the secret with all its versions. False: it was gone already. */
export async function deleteSecret(tx: Queryable, id: string): Promise<boolean> {
  const rows = await tx.query('DELETE FROM secrets WHERE id = $1 RETURNING id', [id]);
  return rows.length === 1;
}

export type SecretSortKey = 'name' | 'created' | 'updated';

export interface SecretQuery {
  /** Roles of the caller; only secrets that name one of them are found, unless `all`. */
  roles: readonly string[];
  all: boolean;
  filter: 'shared' | 'readable' | 'writable' | 'accessible';
  /** Each must be part of the name, in any case. */
  words: readonly string[];
  sortKey: SecretSortKey;
  descending: boolean;
  offset: number;
  limit: number;
}

const WHERE = `WHERE s.name ILIKE ALL ($1::text[])
  AND ($2 OR s.read_roles && $3::uuid[] OR s.write_roles && $3::uuid[])
  AND CASE $4
        WHEN 'readable' THEN s.read_roles && $3::uuid[]
        WHEN 'writable' THEN s.write_roles && $3::uuid[]
        WHEN 'accessible' THEN s.read_roles && $3::uuid[] OR s.write_roles && $3::uuid[]
        ELSE true
      END`;

const SORT_COLUMNS: Record<SecretSortKey, string> = {
  name: 's.name',
  created: 's.created_at',
  updated: 's.updated_at',
};

/** One page, and how many there are in all. */
export async function searchSecrets(
  db: Queryable,
  query: SecretQuery,
): Promise<{ count: number; secrets: Secret[] }> {
  const patterns = query.words.map(word => `%${word.replace(/[\\%_]/g, '\\$&')}%`);
  const filter = [patterns, query.all, query.roles, query.filter];
  const direction = query.descending ? 'DESC' : 'ASC';
  const [[total], rows] = await Promise.all([
    db.query<{ count: number }>(`SELECT count(*)::integer AS count FROM secrets s ${WHERE}`, filter),
    db.query<SecretRow>(
      `SELECT ${COLUMNS} FROM secrets s ${WHERE}
       ORDER BY ${SORT_COLUMNS[query.sortKey]} ${direction}, s.id ${direction} OFFSET $5 LIMIT $6`,
      [...filter, query.offset, query.limit],
    ),
  ]);
  return { count: total?.count ?? 0, secrets: rows.map(toSecret) };
}
