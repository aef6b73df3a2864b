import { isUniqueViolation, type Queryable } from '@strongroom/db/database';
import { canonicalName } from '@strongroom/schema/text';
import { trustedClientExists } from '../domain/errors.ts';
import type { TrustedClient, TrustedClientType } from '../domain/trusted-client.ts';
import { STAMP_COLUMNS, toStamps, type StampColumns } from './stamps.ts';

interface TrustedClientRow extends StampColumns {
  id: string;
  name: string;
  type: TrustedClientType;
  document: Record<string, unknown>;
  sealed_secret: Buffer;
  sealed_oauth_secret: Buffer;
}

const toTrustedClient = (row: TrustedClientRow): TrustedClient => ({
  id: row.id,
  name: row.name,
  type: row.type,
  document: row.document,
  sealedSecret: row.sealed_secret,
  sealedOAuthSecret: row.sealed_oauth_secret,
  ...toStamps(row),
});

const COLUMNS = `id, name, type, document, sealed_secret, sealed_oauth_secret, ${STAMP_COLUMNS}`;

const translate = (error: unknown) =>
  isUniqueViolation(error, 'trusted_clients_name_unique') ? trustedClientExists() : error;

export async function insertTrustedClient(tx: Queryable, client: TrustedClient): Promise<void> {
  try {
    await tx.query(
      `INSERT INTO trusted_clients (id, name, canonical_name, type, document, sealed_secret, sealed_oauth_secret,
                                    created_at, created_by, updated_at, updated_by)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $8, $9)`,
      [
        client.id,
        client.name,
        canonicalName(client.name),
        client.type,
        JSON.stringify(client.document),
        client.sealedSecret,
        client.sealedOAuthSecret,
        client.createdAt,
        client.createdBy,
      ],
    );
  } catch (error) {
    throw translate(error);
  }
}

/** Changes name and document; the row is locked by `lockTrustedClient` before. */
export async function updateTrustedClient(tx: Queryable, client: TrustedClient): Promise<void> {
  try {
    await tx.query(
      `UPDATE trusted_clients SET name = $2, canonical_name = $3, document = $4, updated_at = $5, updated_by = $6
       WHERE id = $1`,
      [
        client.id,
        client.name,
        canonicalName(client.name),
        JSON.stringify(client.document),
        client.updatedAt,
        client.updatedBy,
      ],
    );
  } catch (error) {
    throw translate(error);
  }
}

/** The deleted client's name, if it was there. */
export async function deleteTrustedClient(tx: Queryable, id: string): Promise<string | undefined> {
  const [row] = await tx.query<{ name: string }>('DELETE FROM trusted_clients WHERE id = $1 RETURNING name', [
    id,
  ]);
  return row?.name;
}

export async function findTrustedClient(db: Queryable, id: string): Promise<TrustedClient | undefined> {
  const [row] = await db.query<TrustedClientRow>(`SELECT ${COLUMNS} FROM trusted_clients WHERE id = $1`, [
    id,
  ]);
  return row === undefined ? undefined : toTrustedClient(row);
}

export async function lockTrustedClient(tx: Queryable, id: string): Promise<TrustedClient | undefined> {
  const [row] = await tx.query<TrustedClientRow>(
    `SELECT ${COLUMNS} FROM trusted_clients WHERE id = $1 FOR UPDATE`,
    [id],
  );
  return row === undefined ? undefined : toTrustedClient(row);
}

export interface TrustedClientQuery {
  /** null: of every type. */
  readonly type: TrustedClientType | null;
  readonly offset: number;
  readonly limit: number;
}

export async function listTrustedClients(
  db: Queryable,
  { type, offset, limit }: TrustedClientQuery,
): Promise<{ count: number; clients: TrustedClient[] }> {
  const [[total], rows] = await Promise.all([
    db.query<{ count: number }>(
      'SELECT count(*)::integer AS count FROM trusted_clients WHERE $1::text IS NULL OR type = $1',
      [type],
    ),
    db.query<TrustedClientRow>(
      `SELECT ${COLUMNS} FROM trusted_clients WHERE $1::text IS NULL OR type = $1
       ORDER BY canonical_name, type OFFSET $2 LIMIT $3`,
      [type, offset, limit],
    ),
  ]);
  return { count: total?.count ?? 0, clients: rows.map(toTrustedClient) };
}
