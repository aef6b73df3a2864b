import type { Queryable } from '@strongroom/db/database';
import { accountPath, type AccountKey } from '../domain/account-path.ts';

/** An account and what it is on, as far as whoever uses it needs to know that. */
export interface AccountHandle {
  /** Of the host, or of the target domain. */
  readonly systemName: string;
  /** These three: of a host. */
  readonly addresses: readonly string[];
  readonly externalId: string;
  readonly instanceId: string;
  /** These three: of an account in a target domain; null: it is none, or managed no longer. */
  readonly managedAccountId: string | null;
  readonly email: string;
  readonly fullName: string;
}

/** An account that somebody may check out. */
export interface UsableAccount extends AccountKey, AccountHandle {
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

const HOST_HANDLE = `coalesce(hosts.document->>'common_name', '') AS system_name,
  coalesce(hosts.document->'addresses', '[]') AS addresses, coalesce(hosts.external_id, '') AS external_id,
  coalesce(hosts.instance_id, '') AS instance_id, NULL::uuid AS managed_id, '' AS email, '' AS full_name`;

const DOMAIN_HANDLE = `domains.name AS system_name, '[]'::jsonb AS addresses, '' AS external_id, '' AS instance_id,
  managed.id AS managed_id, coalesce(managed.email, '') AS email, coalesce(managed.full_name, '') AS full_name`;

/**
 * The accounts whose principals name one of the roles $1, on hosts that are enabled. The index of roles finds the hosts;
 * each is opened once, however many accounts it has.
 */
const ON_HOSTS = `SELECT 'host' AS system, hosts.id AS system_id, accounts.account, ${HOST_HANDLE},
    hosts.common_name AS sorted_by, accounts.created_at, accounts.last_rotated,
    lower(concat_ws(E'\\n', accounts.account, hosts.common_name, array_to_string(hosts.addresses, E'\\n'),
      hosts.external_id, hosts.instance_id)) AS searched
  FROM hosts
  CROSS JOIN LATERAL (
    SELECT DISTINCT principal->>'principal' AS account
    FROM jsonb_array_elements(hosts.document->'principals') AS principal
    WHERE jsonb_path_query_array(principal, '$.roles[*].id') ?| $1::text[]
  ) AS granted
  JOIN accounts ON accounts.system_id = hosts.id AND accounts.account = granted.account AND accounts.is_rotated
  WHERE hosts.roles && $1::text[] AND hosts.disabled = 'false'`;

/** The managed accounts that name one of them, where they and their target domains are enabled. */
const IN_DOMAINS = `SELECT 'domain' AS system, domains.id AS system_id, managed.account, ${DOMAIN_HANDLE},
    domains.canonical_name AS sorted_by, accounts.created_at, accounts.last_rotated,
    lower(concat_ws(E'\\n', managed.account, managed.email, managed.full_name, domains.name,
      domains.domain_name)) AS searched
  FROM managed_accounts AS managed
  JOIN target_domains AS domains ON domains.id = managed.domain_id
  JOIN accounts ON accounts.system_id = managed.domain_id AND accounts.account = managed.account
  WHERE managed.roles && $1::text[] AND managed.enabled AND domains.enabled`;

const USABLE = `FROM (${ON_HOSTS} UNION ALL ${IN_DOMAINS}) AS usable`;

const FOUND = `${USABLE}
  WHERE ($2::uuid IS NULL OR (system = 'host' AND system_id = $2))
  AND ($3::text IS NULL OR lower(account) = $3)
  AND ($4::text[] IS NULL OR searched LIKE ANY ($4))`;

const literally = (word: string): string => `%${word.replace(/[\\%_]/g, '\\$&')}%`;

const HANDLE = `system_name AS "systemName", addresses, external_id AS "externalId", instance_id AS "instanceId",
  managed_id AS "managedAccountId", email, full_name AS "fullName"`;

/** One page of them by system and account, and how many these are in all. */
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
      `SELECT system, system_id AS "systemId", account, ${HANDLE}, created_at AS "createdAt",
         coalesce(last_rotated, created_at) AS "updatedAt" ${FOUND}
       ORDER BY sorted_by ${direction}, system_id ${direction}, account ${direction} OFFSET $5 LIMIT $6`,
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
  const rows = await db.query(
    `SELECT ${USABLE} WHERE system = $2::text AND system_id = $3::uuid AND account = $4::text`,
    [roles, system, systemId, account],
  );
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

/** What is known of these accounts, by path; one whose system was deleted since is missing. */
export async function findHandles(
  db: Queryable,
  keys: readonly AccountKey[],
): Promise<ReadonlyMap<string, AccountHandle>> {
  const rows = await db.query<AccountKey & AccountHandle>(
    `WITH wanted AS (
       SELECT * FROM unnest($1::text[], $2::uuid[], $3::text[]) AS wanted (system, system_id, account))
     SELECT system, system_id AS "systemId", account, ${HANDLE} FROM (
       SELECT wanted.*, ${HOST_HANDLE} FROM wanted JOIN hosts ON wanted.system = 'host' AND hosts.id = wanted.system_id
       UNION ALL
       SELECT wanted.*, ${DOMAIN_HANDLE} FROM wanted
         JOIN target_domains AS domains ON wanted.system = 'domain' AND domains.id = wanted.system_id
         LEFT JOIN managed_accounts AS managed
           ON managed.domain_id = wanted.system_id AND managed.account = wanted.account) AS known`,
    [
      keys.map(({ system }) => system),
      keys.map(({ systemId }) => systemId),
      keys.map(({ account }) => account),
    ],
  );
  return new Map(rows.map(row => [accountPath(row), row]));
}
