import { isUniqueViolation, type Queryable } from '@strongroom/db/database';
import type { AuthorizedKey } from '../domain/authorized-key.ts';
import { authorizedKeyExists } from '../domain/errors.ts';

interface AuthorizedKeyRow {
  id: string;
  user_id: string;
  username: string;
  source_id: string;
  public_key: string;
  key_digest: Buffer;
  fingerprints: string[];
  not_before: Date | null;
  not_after: Date | null;
  source_address: string[];
  document: AuthorizedKey['document'];
  created_at: Date;
  created_by: string;
  updated_at: Date;
  updated_by: string;
}

const toAuthorizedKey = (row: AuthorizedKeyRow): AuthorizedKey => ({
  id: row.id,
  userId: row.user_id,
  username: row.username,
  sourceId: row.source_id,
  key: { line: row.public_key, digest: row.key_digest, fingerprints: row.fingerprints },
  notBefore: row.not_before,
  notAfter: row.not_after,
  sourceAddresses: row.source_address,
  document: row.document,
  createdAt: row.created_at,
  createdBy: row.created_by,
  updatedAt: row.updated_at,
  updatedBy: row.updated_by,
});

const SELECT = `SELECT k.id, k.user_id, u.username, u.source_id, k.public_key, k.key_digest, k.fingerprints,
  k.not_before, k.not_after, k.source_address, k.document, k.created_at, k.created_by, k.updated_at, k.updated_by
  FROM authorized_keys k JOIN users u ON u.id = k.user_id`;

const values = (key: AuthorizedKey) => [
  key.id,
  key.userId,
  key.key.line,
  key.key.digest,
  key.key.fingerprints,
  key.notBefore,
  key.notAfter,
  key.sourceAddresses,
  JSON.stringify(key.document),
  key.updatedAt,
  key.updatedBy,
];

const translate = (error: unknown) =>
  isUniqueViolation(error, 'authorized_keys_unique') ? authorizedKeyExists() : error;

export async function insertAuthorizedKey(tx: Queryable, key: AuthorizedKey): Promise<void> {
  try {
    await tx.query(
      `INSERT INTO authorized_keys (id, user_id, public_key, key_digest, fingerprints, not_before, not_after,
         source_address, document, updated_at, updated_by, created_at, created_by)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $10, $11)`,
      values(key),
    );
  } catch (error) {
    throw translate(error);
  }
}

/** False: it is gone. */
export async function updateAuthorizedKey(tx: Queryable, key: AuthorizedKey): Promise<boolean> {
  try {
    const rows = await tx.query(
      `UPDATE authorized_keys SET public_key = $3, key_digest = $4, fingerprints = $5, not_before = $6,
         not_after = $7, source_address = $8, document = $9, updated_at = $10, updated_by = $11
       WHERE id = $1 AND user_id = $2 RETURNING id`,
      values(key),
    );
    return rows.length === 1;
  } catch (error) {
    throw translate(error);
  }
}

export async function deleteAuthorizedKey(tx: Queryable, userId: string, id: string): Promise<boolean> {
  const rows = await tx.query('DELETE FROM authorized_keys WHERE user_id = $1 AND id = $2 RETURNING id', [
    userId,
    id,
  ]);
  return rows.length === 1;
}

export async function findAuthorizedKey(
  db: Queryable,
  userId: string,
  id: string,
): Promise<AuthorizedKey | undefined> {
  const [row] = await db.query<AuthorizedKeyRow>(`${SELECT} WHERE k.user_id = $1 AND k.id = $2`, [
    userId,
    id,
  ]);
  return row === undefined ? undefined : toAuthorizedKey(row);
}

/** A key that holds now, of a person who is not disabled. */
export async function findUsableKey(
  db: Queryable,
  canonicalUsername: string,
  digest: Buffer,
  now: Date,
): Promise<AuthorizedKey | undefined> {
  const [row] = await db.query<AuthorizedKeyRow>(
    `${SELECT} WHERE k.key_digest = $2 AND u.canonical_username = $1 AND NOT u.is_disabled
       AND (k.not_before IS NULL OR k.not_before <= $3) AND (k.not_after IS NULL OR k.not_after > $3)`,
    [canonicalUsername, digest, now],
  );
  return row === undefined ? undefined : toAuthorizedKey(row);
}

export type KeySortKey = 'id' | 'name' | 'username' | 'created' | 'updated' | 'not_before' | 'not_after';

export interface KeyPage {
  sortKey: KeySortKey;
  descending: boolean;
  offset: number;
  limit: number;
}

const SORT_COLUMNS: Record<KeySortKey, string> = {
  id: 'k.id',
  name: `lower(k.document->>'name')`,
  username: 'u.canonical_username',
  created: 'k.created_at',
  updated: 'k.updated_at',
  not_before: 'k.not_before',
  not_after: 'k.not_after',
};

/** `userId` null: of everyone. */
export async function listAuthorizedKeys(
  db: Queryable,
  userId: string | null,
  page: KeyPage,
): Promise<{ count: number; keys: AuthorizedKey[] }> {
  const direction = page.descending ? 'DESC' : 'ASC';
  const [[total], rows] = await Promise.all([
    db.query<{ count: number }>(
      'SELECT count(*)::integer AS count FROM authorized_keys WHERE $1::uuid IS NULL OR user_id = $1',
      [userId],
    ),
    db.query<AuthorizedKeyRow>(
      `${SELECT} WHERE $1::uuid IS NULL OR k.user_id = $1
       ORDER BY ${SORT_COLUMNS[page.sortKey]} ${direction}, k.id ${direction} OFFSET $2 LIMIT $3`,
      [userId, page.offset, page.limit],
    ),
  ]);
  return { count: total?.count ?? 0, keys: rows.map(toAuthorizedKey) };
}
