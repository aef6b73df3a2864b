import type { Queryable } from '@strongroom/db/database';
import type { AccountKey } from '../domain/account-path.ts';

/** The host of an account, as far as whoever uses the account needs to know it. */
export interface HostHandle {
  readonly hostId: string;
  readonly commonName: string;
  readonly addresses: readonly string[];
  readonly externalId: string;
  readonly instanceId: string;
}

/** An account that somebody may check out. */
export interface UsableAccount extends AccountKey, HostHandle {
  readonly createdAt: Date;
  /** When its password was changed last, if ever. */
  readonly updatedAt: Date;
}

export interface UsableQuery {
  readonly roles: readonly string[];
  readonly hostId: string | null;
  /** In lower case. */
  readonly username: string | null;
  /** Parts of words, in lower case; an account is found when it holds one of them. */
  readonly words: readonly string[] | null;
}

const HOST_HANDLE = `coalesce(hosts.document->>'common_name', '') AS "commonName",
  coalesce(hosts.document->'addresses', '[]') AS addresses,
  coalesce(hosts.external_id, '') AS "externalId", coalesce(hosts.instance_id, '') AS "instanceId"`;

/**
 * The accounts whose principals name one of the roles $1, on hosts that are enabled. The index of roles finds the hosts;
 * each is opened once, however many accounts it has.
 */
const USABLE = `FROM hosts
  CROSS JOIN LATERAL (
    SELECT DISTINCT principal->>'principal' AS account
    FROM jsonb_array_elements(hosts.document->'principals') AS principal
    WHERE jsonb_path_query_array(principal, '$.roles[*].id') ?| $1::text[]
  ) AS granted
  JOIN accounts ON accounts.host_id = hosts.id AND accounts.account = granted.account AND accounts.is_rotated
  WHERE hosts.roles && $1::text[] AND hosts.disabled = 'false'`;

const FOUND = `${USABLE}
  AND ($2::uuid IS NULL OR hosts.id = $2)
  AND ($3::text IS NULL OR lower(accounts.account) = $3)
  AND ($4::text[] IS NULL OR lower(concat_ws(E'\\n', accounts.account, hosts.common_name,
    array_to_string(hosts.addresses, E'\\n'), hosts.external_id, hosts.instance_id)) LIKE ANY ($4))`;

const literally = (word: string): string => `%${word.replace(/[\\%_]/g, '\\$&')}%`;

/** One page of them by host and account, and how many these are in all. */
export async function searchUsableAccounts(
  db: Queryable,
  query: UsableQuery,
  page: { descending: boolean; offset: number; limit: number },
): Promise<{ count: number; accounts: UsableAccount[] }> {
  const filter = [query.roles, query.hostId, query.username, query.words?.map(literally) ?? null];
  const direction = page.descending ? 'DESC' : 'ASC';
  const [[total], accounts] = await Promise.all([
    db.query<{ count: number }>(`SELECT count(*)::integer AS count ${FOUND}`, filter),
    db.query<UsableAccount>(
      `SELECT 'host' AS system, hosts.id AS "systemId", hosts.id AS "hostId", accounts.account, ${HOST_HANDLE},
         accounts.created_at AS "createdAt",
         coalesce(accounts.last_rotated, accounts.created_at) AS "updatedAt" ${FOUND}
       ORDER BY hosts.common_name ${direction}, hosts.id ${direction}, accounts.account ${direction}
       OFFSET $5 LIMIT $6`,
      [...filter, page.offset, page.limit],
    ),
  ]);
  return { count: total?.count ?? 0, accounts };
}

/** Whether somebody with these roles may use the account. */
export async function isUsable(
  db: Queryable,
  roles: readonly string[],
  { system, systemId, account }: AccountKey,
): Promise<boolean> {
  if (system !== 'host') return false;
  const rows = await db.query(`SELECT 1 ${USABLE} AND hosts.id = $2::uuid AND accounts.account = $3::text`, [
    roles,
    systemId,
    account,
  ]);
  return rows.length > 0;
}

/** When the account was made. Undefined: there is no such account. */
export async function findAccountCreation(
  db: Queryable,
  { system, systemId, account }: AccountKey,
): Promise<Date | undefined> {
  const [row] = await db.query<{ createdAt: Date }>(
    'SELECT created_at AS "createdAt" FROM accounts WHERE system_kind = $1 AND system_id = $2 AND account = $3',
    [system, systemId, account],
  );
  return row?.createdAt;
}

/** What is known of these hosts; one that was deleted since is missing. */
export async function findHostHandles(
  db: Queryable,
  checkouts: readonly Pick<AccountKey, 'systemId'>[],
): Promise<ReadonlyMap<string, HostHandle>> {
  const rows = await db.query<HostHandle>(
    `SELECT hosts.id AS "hostId", ${HOST_HANDLE} FROM hosts WHERE hosts.id = ANY ($1::uuid[])`,
    [checkouts.map(({ systemId }) => systemId)],
  );
  return new Map(rows.map(row => [row.hostId, row]));
}
