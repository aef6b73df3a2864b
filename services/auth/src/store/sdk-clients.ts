import type { Queryable } from '@strongroom/db/database';
import type { RuleUser, SdkClient } from '../domain/sdk-client.ts';

export interface Page {
  readonly offset: number;
  readonly limit: number;
}

interface ClientRow {
  id: number;
  client_id: string;
  secret_hash: Buffer;
  name: string;
  description: string;
  ip_address: string;
  revoked_at: Date | null;
  rule_id: number;
  rule_name: string;
  rule_details: string;
  rule_requires_key: boolean;
  rule_key_hash: Buffer | null;
  rule_user: RuleUser | null;
}

const toClient = (row: ClientRow): SdkClient => ({
  id: row.id,
  clientId: row.client_id,
  secretHash: row.secret_hash,
  name: row.name,
  description: row.description,
  ipAddress: row.ip_address,
  revokedAt: row.revoked_at,
  rule: {
    id: row.rule_id,
    name: row.rule_name,
    details: row.rule_details,
    requiresKey: row.rule_requires_key,
    keyHash: row.rule_key_hash,
    user: row.rule_user,
  },
});

const FROM = `FROM sdk_clients c JOIN sdk_client_rules r ON r.id = c.rule_id LEFT JOIN users u ON u.id = r.user_id`;
const SELECT = `SELECT c.id, c.client_id, c.secret_hash, c.name, c.description, c.ip_address, c.revoked_at,
    r.id AS rule_id, r.name AS rule_name, r.details AS rule_details, r.requires_key AS rule_requires_key,
    r.key_hash AS rule_key_hash,
    CASE WHEN u.id IS NULL THEN NULL
         ELSE json_build_object('id', u.id, 'number', u.number, 'username', u.username) END AS rule_user
  ${FROM}`;

export type NewSdkClient = Pick<
  SdkClient,
  'clientId' | 'secretHash' | 'name' | 'description' | 'ipAddress' | 'rule'
>;

/** Undefined: a machine of this client id is registered already. */
export async function insertSdkClient(
  tx: Queryable,
  client: NewSdkClient,
  now: Date,
): Promise<number | undefined> {
  const [row] = await tx.query<{ id: number }>(
    `INSERT INTO sdk_clients (client_id, rule_id, secret_hash, name, description, ip_address, registered_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT ON CONSTRAINT sdk_clients_client_id_unique DO NOTHING
     RETURNING id`,
    [
      client.clientId,
      client.rule.id,
      client.secretHash,
      client.name,
      client.description,
      client.ipAddress,
      now,
    ],
  );
  return row?.id;
}

export async function findSdkClient(db: Queryable, id: number): Promise<SdkClient | undefined> {
  const [row] = await db.query<ClientRow>(`${SELECT} WHERE c.id = $1`, [id]);
  return row && toClient(row);
}

/** By the id that the machine made for itself. */
export async function findSdkClientByClientId(
  db: Queryable,
  clientId: string,
): Promise<SdkClient | undefined> {
  const [row] = await db.query<ClientRow>(`${SELECT} WHERE c.client_id = $1`, [clientId]);
  return row && toClient(row);
}

/** False: it was revoked before. */
export async function markRevoked(tx: Queryable, id: number, now: Date): Promise<boolean> {
  const rows = await tx.query(
    'UPDATE sdk_clients SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL RETURNING id',
    [id, now],
  );
  return rows.length === 1;
}

export async function updateSdkClient(
  tx: Queryable,
  { id, name, description }: Pick<SdkClient, 'id' | 'name' | 'description'>,
): Promise<void> {
  await tx.query('UPDATE sdk_clients SET name = $2, description = $3 WHERE id = $1', [id, name, description]);
}

/** Of one rule, or of all: those that may have tokens now. */
export async function findClientIds(db: Queryable, ruleId: number | null): Promise<string[]> {
  const rows = await db.query<{ client_id: string }>(
    'SELECT client_id FROM sdk_clients WHERE revoked_at IS NULL AND ($1::integer IS NULL OR rule_id = $1)',
    [ruleId],
  );
  return rows.map(row => row.client_id);
}

export interface SdkClientQuery extends Page {
  /** In name, description or address; undefined: any. */
  readonly text: string | undefined;
  /** Number of the account that they act as; undefined: any. */
  readonly userNumber: number | undefined;
  /** `active`: not revoked. */
  readonly state: 'all' | 'active' | 'revoked';
}

const MATCHES = `($1::text IS NULL OR strpos(lower(c.name || ' ' || c.description || ' ' || c.ip_address), lower($1)) > 0)
  AND ($2::integer IS NULL OR u.number = $2)
  AND ($3 = 'all' OR ($3 = 'revoked') = (c.revoked_at IS NOT NULL))`;

export async function listSdkClients(
  db: Queryable,
  { text, userNumber, state, offset, limit }: SdkClientQuery,
): Promise<{ total: number; clients: SdkClient[] }> {
  const filter = [text ?? null, userNumber ?? null, state];
  const [[count], rows] = await Promise.all([
    db.query<{ total: number }>(`SELECT count(*)::integer AS total ${FROM} WHERE ${MATCHES}`, filter),
    db.query<ClientRow>(`${SELECT} WHERE ${MATCHES} ORDER BY lower(c.name), c.id OFFSET $4 LIMIT $5`, [
      ...filter,
      offset,
      limit,
    ]),
  ]);
  return { total: count?.total ?? 0, clients: rows.map(toClient) };
}

export async function areSdkClientsEnabled(db: Queryable): Promise<boolean> {
  const [row] = await db.query<{ is_enabled: boolean }>('SELECT is_enabled FROM sdk_client_switch');
  return row?.is_enabled === true;
}

export async function setSdkClientsEnabled(tx: Queryable, isEnabled: boolean): Promise<void> {
  await tx.query('UPDATE sdk_client_switch SET is_enabled = $1', [isEnabled]);
}
