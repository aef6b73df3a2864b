import { isUniqueViolation, type Queryable } from '@strongroom/db/database';
import { hostExists } from '../domain/errors.ts';
import { searchedParts, type Host, type HostDocument } from '../domain/host.ts';

/** Rows come out under the domain's own names. */
export const HOST_COLUMNS = `id, document, sealed_passphrases AS "sealedPassphrases", disabled, deployable,
  created_at AS "createdAt", created_by AS "createdBy", updated_at AS "updatedAt", updated_by AS "updatedBy"`;

/** What a write sets, in one order for insert and update. */
const COLUMNS = `document, sealed_passphrases, disabled, deployable, common_name, addresses, services, ports, roles,
  whitelists, tags, search_text, external_id, instance_id, updated_at, updated_by`;
const PLACES = '$2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17';

export type HostWrite = Omit<Host, 'createdAt' | 'createdBy'>;

function values(host: HostWrite): unknown[] {
  const { document } = host;
  const parts = searchedParts(document);
  return [
    host.id,
    JSON.stringify(document),
    host.sealedPassphrases,
    host.disabled,
    host.deployable,
    parts.commonName,
    parts.addresses,
    parts.services,
    parts.ports,
    parts.roles,
    parts.whitelists,
    parts.tags,
    parts.text,
    givenText(document, 'external_id'),
    givenText(document, 'instance_id'),
    host.updatedAt,
    host.updatedBy,
  ];
}

const givenText = (document: HostDocument, member: 'external_id' | 'instance_id'): string | null =>
  document[member] === undefined || document[member] === '' ? null : document[member];

const translate = (error: unknown) =>
  isUniqueViolation(error, 'hosts_external_id_unique') ? hostExists() : error;

export async function insertHost(tx: Queryable, host: Host): Promise<void> {
  try {
    await tx.query(
      `INSERT INTO hosts (id, ${COLUMNS}, created_at, created_by) VALUES ($1, ${PLACES}, $18, $19)`,
      [...values(host), host.createdAt, host.createdBy],
    );
  } catch (error) {
    throw translate(error);
  }
}

/** Replaces all but the id and who made it. The row is locked by `lockHost` before. */
export async function updateHost(tx: Queryable, host: HostWrite): Promise<void> {
  try {
    await tx.query(`UPDATE hosts SET (${COLUMNS}) = (${PLACES}) WHERE id = $1`, values(host));
  } catch (error) {
    throw translate(error);
  }
}

/** The row is locked by `lockHost` before. Its host secret and accounts go with it. */
export async function deleteHost(tx: Queryable, id: string): Promise<void> {
  await tx.query('DELETE FROM hosts WHERE id = $1', [id]);
}

export async function findHost(db: Queryable, id: string): Promise<Host | undefined> {
  const [row] = await db.query<Host>(`SELECT ${HOST_COLUMNS} FROM hosts WHERE id = $1`, [id]);
  return row;
}

export async function lockHost(tx: Queryable, id: string): Promise<Host | undefined> {
  const [row] = await tx.query<Host>(`SELECT ${HOST_COLUMNS} FROM hosts WHERE id = $1 FOR UPDATE`, [id]);
  return row;
}
