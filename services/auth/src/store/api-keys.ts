import type { Queryable } from '@strongroom/db/database';
import type { ApiKey } from '../domain/api-key.ts';

interface KeyRow {
  id: string;
  name: string;
  kind: 'user' | 'api-client';
  subject_id: string;
  subject_name: string;
  networks: string[];
  expires_at: Date | null;
  created_at: Date;
  created_by: string;
  updated_at: Date;
  updated_by: string;
}

const toApiKey = (row: KeyRow): ApiKey => ({
  id: row.id,
  name: row.name,
  subject: { kind: row.kind, id: row.subject_id, name: row.subject_name },
  networks: row.networks,
  expiresAt: row.expires_at,
  createdAt: row.created_at,
  createdBy: row.created_by,
  updatedAt: row.updated_at,
  updatedBy: row.updated_by,
});

const SELECT = `SELECT k.id, k.name, CASE WHEN k.user_id IS NULL THEN 'api-client' ELSE 'user' END AS kind,
    coalesce(k.user_id, k.api_client_id) AS subject_id, coalesce(u.username, c.name) AS subject_name,
    k.networks, k.expires_at, k.created_at, k.created_by, k.updated_at, k.updated_by
  FROM api_keys k LEFT JOIN users u ON u.id = k.user_id LEFT JOIN api_clients c ON c.id = k.api_client_id`;

export async function insertApiKey(tx: Queryable, key: ApiKey, keyHash: Buffer): Promise<void> {
  const { kind, id } = key.subject;
  await tx.query(
    `INSERT INTO api_keys (id, name, key_hash, user_id, api_client_id, networks, expires_at,
                           created_at, created_by, updated_at, updated_by)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [
      key.id,
      key.name,
      keyHash,
      kind === 'user' ? id : null,
      kind === 'api-client' ? id : null,
      key.networks,
      key.expiresAt,
      key.createdAt,
      key.createdBy,
      key.updatedAt,
      key.updatedBy,
    ],
  );
}

export async function findApiKey(db: Queryable, id: string): Promise<ApiKey | undefined> {
  const [row] = await db.query<KeyRow>(`${SELECT} WHERE k.id = $1`, [id]);
  return row && toApiKey(row);
}

/** The same; nobody else changes the row until the transaction ends. */
export async function lockApiKey(tx: Queryable, id: string): Promise<ApiKey | undefined> {
  const [row] = await tx.query<KeyRow>(`${SELECT} WHERE k.id = $1 FOR UPDATE OF k`, [id]);
  return row && toApiKey(row);
}

/** Neither replaced nor revoked until the transaction ends. */
export async function holdApiKeyByHash(tx: Queryable, keyHash: Buffer): Promise<ApiKey | undefined> {
  const [row] = await tx.query<KeyRow>(`${SELECT} WHERE k.key_hash = $1 FOR SHARE OF k`, [keyHash]);
  return row && toApiKey(row);
}

export async function listApiKeys(
  db: Queryable,
  { offset, limit }: { readonly offset: number; readonly limit: number },
): Promise<{ count: number; keys: ApiKey[] }> {
  const [[total], rows] = await Promise.all([
    db.query<{ count: number }>('SELECT count(*)::integer AS count FROM api_keys'),
    db.query<KeyRow>(`${SELECT} ORDER BY lower(k.name), k.id OFFSET $1 LIMIT $2`, [offset, limit]),
  ]);
  return { count: total?.count ?? 0, keys: rows.map(toApiKey) };
}

export async function updateApiKeyHash(
  tx: Queryable,
  id: string,
  keyHash: Buffer,
  now: Date,
  by: string,
): Promise<void> {
  await tx.query('UPDATE api_keys SET key_hash = $2, updated_at = $3, updated_by = $4 WHERE id = $1', [
    id,
    keyHash,
    now,
    by,
  ]);
}

export async function deleteApiKey(tx: Queryable, id: string): Promise<void> {
  await tx.query('DELETE FROM api_keys WHERE id = $1', [id]);
}
