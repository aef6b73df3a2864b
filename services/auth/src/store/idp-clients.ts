import { isUniqueViolation, type Queryable } from '@strongroom/db/database';
import { canonicalName } from '@strongroom/schema/text';
import { idpClientExists } from '../domain/errors.ts';
import { readDocument, type IdpClient, type IdpClientDocument } from '../domain/idp-client.ts';
import { NAME_HOLDS, orderBy, patterns, type ListQuery } from './listing.ts';
import { STAMP_COLUMNS, toStamps, type StampColumns } from './stamps.ts';

interface IdpClientRow extends StampColumns {
  id: string;
  name: string;
  client_id: string;
  sealed_secret: Buffer;
  is_enabled: boolean;
  document: IdpClientDocument;
}

const toIdpClient = (row: IdpClientRow): IdpClient => ({
  id: row.id,
  name: row.name,
  clientId: row.client_id,
  sealedSecret: row.sealed_secret,
  isEnabled: row.is_enabled,
  document: row.document,
  ...readDocument(row.document),
  ...toStamps(row),
});

/** What is written; the rest of an IdpClient follows from the document. */
export type StoredIdpClient = Pick<
  IdpClient,
  'id' | 'name' | 'clientId' | 'sealedSecret' | 'isEnabled' | 'document' | 'updatedAt' | 'updatedBy'
>;

const COLUMNS = `id, name, client_id, sealed_secret, is_enabled, document, ${STAMP_COLUMNS}`;

const values = (client: StoredIdpClient) => [
  client.id,
  client.name,
  canonicalName(client.name),
  client.clientId,
  client.sealedSecret,
  client.isEnabled,
  JSON.stringify(client.document),
  client.updatedAt,
  client.updatedBy,
];

const translate = (error: unknown) =>
  isUniqueViolation(error, 'idp_clients_name_unique') ? idpClientExists() : error;

export async function insertIdpClient(tx: Queryable, client: StoredIdpClient): Promise<void> {
  try {
    await tx.query(
      `INSERT INTO idp_clients (id, name, canonical_name, client_id, sealed_secret, is_enabled, document,
                                updated_at, updated_by, created_at, created_by)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $8, $9)`,
      values(client),
    );
  } catch (error) {
    throw translate(error);
  }
}

/** The row is locked by `lockIdpClient` before. */
export async function updateIdpClient(tx: Queryable, client: StoredIdpClient): Promise<void> {
  try {
    await tx.query(
      `UPDATE idp_clients SET name = $2, canonical_name = $3, client_id = $4, sealed_secret = $5,
                              is_enabled = $6, document = $7, updated_at = $8, updated_by = $9
       WHERE id = $1`,
      values(client),
    );
  } catch (error) {
    throw translate(error);
  }
}

export async function deleteIdpClient(tx: Queryable, id: string): Promise<void> {
  await tx.query('DELETE FROM idp_clients WHERE id = $1', [id]);
}

export async function findIdpClient(db: Queryable, id: string): Promise<IdpClient | undefined> {
  const [row] = await db.query<IdpClientRow>(`SELECT ${COLUMNS} FROM idp_clients WHERE id = $1`, [id]);
  return row === undefined ? undefined : toIdpClient(row);
}

export async function lockIdpClient(tx: Queryable, id: string): Promise<IdpClient | undefined> {
  const [row] = await tx.query<IdpClientRow>(`SELECT ${COLUMNS} FROM idp_clients WHERE id = $1 FOR UPDATE`, [
    id,
  ]);
  return row === undefined ? undefined : toIdpClient(row);
}

/** Also one that is disabled: what that means is the caller's to say. */
export async function findIdpClientByClientId(
  db: Queryable,
  clientId: string,
): Promise<IdpClient | undefined> {
  const [row] = await db.query<IdpClientRow>(`SELECT ${COLUMNS} FROM idp_clients WHERE client_id = $1`, [
    clientId,
  ]);
  return row === undefined ? undefined : toIdpClient(row);
}

export async function listIdpClients(
  db: Queryable,
  query: ListQuery,
): Promise<{ count: number; clients: IdpClient[] }> {
  const words = patterns(query.words);
  const [[total], rows] = await Promise.all([
    db.query<{ count: number }>(`SELECT count(*)::integer AS count FROM idp_clients WHERE ${NAME_HOLDS}`, [
      words,
    ]),
    db.query<IdpClientRow>(
      `SELECT ${COLUMNS} FROM idp_clients WHERE ${NAME_HOLDS} ${orderBy(query)} OFFSET $2 LIMIT $3`,
      [words, query.offset, query.limit],
    ),
  ]);
  return { count: total?.count ?? 0, clients: rows.map(toIdpClient) };
}
