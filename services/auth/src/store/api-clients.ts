import { isUniqueViolation, type Queryable } from '@strongroom/db/database';
import { canonicalName } from '@strongroom/schema/text';
import type { ApiClient, NewApiClient } from '../domain/api-client.ts';
import { apiClientExists } from '../domain/errors.ts';
import { NAME_HOLDS, orderBy, patterns, type ListQuery } from './listing.ts';
import type { RoleTerms } from './user-roles.ts';

interface ApiClientRow {
  id: string;
  number: number;
  name: string;
  sealed_secret: Buffer;
  roles: { id: string; name: string }[];
  permissions: string[];
  created_at: Date;
  created_by: string;
  updated_at: Date;
  updated_by: string;
}

const toApiClient = (row: ApiClientRow): ApiClient => ({
  id: row.id,
  number: row.number,
  name: row.name,
  sealedSecret: row.sealed_secret,
  roles: row.roles,
  permissions: row.permissions,
  createdAt: row.created_at,
  createdBy: row.created_by,
  updatedAt: row.updated_at,
  updatedBy: row.updated_by,
});

const SELECT = `SELECT c.id, c.number, c.name, c.sealed_secret, c.created_at, c.created_by, c.updated_at, c.updated_by,
  (SELECT coalesce(json_agg(json_build_object('id', r.id, 'name', r.name) ORDER BY cr.position), '[]')
   FROM api_client_roles cr JOIN roles r ON r.id = cr.role_id WHERE cr.api_client_id = c.id) AS roles,
  ARRAY (SELECT DISTINCT unnest(r.permissions)
   FROM api_client_roles cr JOIN roles r ON r.id = cr.role_id WHERE cr.api_client_id = c.id) AS permissions
  FROM api_clients c`;

const translate = (error: unknown) =>
  isUniqueViolation(error, 'api_clients_name_unique') ? apiClientExists() : error;

export async function insertApiClient(tx: Queryable, client: NewApiClient): Promise<void> {
  try {
    await tx.query(
      `INSERT INTO api_clients (id, name, canonical_name, sealed_secret, created_at, created_by, updated_at, updated_by)
       VALUES ($1, $2, $3, $4, $5, $6, $5, $6)`,
      [
        client.id,
        client.name,
        canonicalName(client.name),
        client.sealedSecret,
        client.createdAt,
        client.createdBy,
      ],
    );
  } catch (error) {
    throw translate(error);
  }
  await insertRoles(tx, client);
}

/** Changes name and roles. False: it is gone. */
export async function updateApiClient(tx: Queryable, client: NewApiClient): Promise<boolean> {
  let rows: unknown[];
  try {
    rows = await tx.query(
      `UPDATE api_clients SET name = $2, canonical_name = $3, updated_at = $4, updated_by = $5
       WHERE id = $1 RETURNING id`,
      [client.id, client.name, canonicalName(client.name), client.updatedAt, client.updatedBy],
    );
  } catch (error) {
    throw translate(error);
  }
  if (rows.length === 0) return false;
  await tx.query('DELETE FROM api_client_roles WHERE api_client_id = $1', [client.id]);
  await insertRoles(tx, client);
  return true;
}

async function insertRoles(tx: Queryable, client: NewApiClient): Promise<void> {
  await tx.query(
    `INSERT INTO api_client_roles (api_client_id, role_id, position)
     SELECT $1, id, place FROM unnest($2::uuid[]) WITH ORDINALITY AS role (id, place)`,
    [client.id, client.roles.map(role => role.id)],
  );
}

export async function deleteApiClient(tx: Queryable, id: string): Promise<boolean> {
  return (await tx.query('DELETE FROM api_clients WHERE id = $1 RETURNING id', [id])).length === 1;
}

export async function findApiClient(db: Queryable, id: string): Promise<ApiClient | undefined> {
  const [row] = await db.query<ApiClientRow>(`${SELECT} WHERE c.id = $1`, [id]);
  return row === undefined ? undefined : toApiClient(row);
}

export async function searchApiClients(
  db: Queryable,
  query: ListQuery,
): Promise<{ count: number; clients: ApiClient[] }> {
  const words = patterns(query.words);
  const [[total], rows] = await Promise.all([
    db.query<{ count: number }>(`SELECT count(*)::integer AS count FROM api_clients WHERE ${NAME_HOLDS}`, [
      words,
    ]),
    db.query<ApiClientRow>(`${SELECT} WHERE ${NAME_HOLDS} ${orderBy(query)} OFFSET $2 LIMIT $3`, [
      words,
      query.offset,
      query.limit,
    ]),
  ]);
  return { count: total?.count ?? 0, clients: rows.map(toApiClient) };
}

export const findApiClientRoles = (db: Queryable, id: string): Promise<RoleTerms[]> =>
  db.query<RoleTerms>(
    `SELECT r.id, r.name, coalesce(r.permissions, '{}') AS permissions, r.document->'context' AS context
     FROM api_client_roles cr JOIN roles r ON r.id = cr.role_id WHERE cr.api_client_id = $1
     ORDER BY cr.position`,
    [id],
  );

/** False: there is no such client. Held until the transaction ends. */
export async function lockApiClient(tx: Queryable, id: string): Promise<boolean> {
  return (await tx.query('SELECT id FROM api_clients WHERE id = $1 FOR NO KEY UPDATE', [id])).length === 1;
}
