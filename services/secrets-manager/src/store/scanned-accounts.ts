import type { Queryable } from '@strongroom/db/database';
import { accountSearchText, type FoundAccount, type ScannedAccount } from '../domain/scanned-account.ts';
import type { ScanClaim } from './scans.ts';

/** Which of the four states an account is in. */
const STATE = `CASE WHEN is_removed THEN 'REMOVED'
  WHEN EXISTS (SELECT FROM managed_accounts AS managed WHERE managed.domain_id = scanned_accounts.domain_id
    AND managed.source_id = scanned_accounts.source_id AND managed.source_id <> '') THEN 'MANAGED'
  WHEN EXISTS (SELECT FROM managed_accounts AS managed WHERE managed.domain_id = scanned_accounts.domain_id
    AND lower(managed.account) = lower(scanned_accounts.username)) THEN 'MANAGED'
  WHEN is_new THEN 'NEW' ELSE 'UNMANAGED' END`;

const FOUND_COLUMNS = `id, source_id AS "sourceId", security_id AS "securityId",
  distinguished_name AS "distinguishedName", username, sam_account_name AS "samAccountName", email,
  full_name AS "fullName", additional_data AS "additionalData"`;

const COLUMNS = `${FOUND_COLUMNS}, domain_id AS "domainId", ${STATE} AS state, ignored, comment,
  created_at AS "createdAt", updated_at AS "updatedAt", updated_by AS "updatedBy"`;

/** Keeps what one page of a scan found. What people say of an account stays. The domain is locked by `renewScan`. */
export async function putFoundAccounts(
  tx: Queryable,
  { domain, fence }: ScanClaim,
  accounts: readonly (FoundAccount & { readonly id: string })[],
  { at, by }: { at: Date; by: string },
): Promise<void> {
  await tx.query(
    `INSERT INTO scanned_accounts AS known (id, domain_id, source_id, security_id, distinguished_name, username,
       sam_account_name, email, full_name, additional_data, search_text, found_by_scan, created_at, updated_at,
       updated_by)
     SELECT id, $1, "sourceId", "securityId", "distinguishedName", username, "samAccountName", email, "fullName",
       "additionalData", "searchText", $3, $4, $4, $5
     FROM jsonb_to_recordset($2::jsonb) AS found (id uuid, "sourceId" text, "securityId" text,
       "distinguishedName" text, username text, "samAccountName" text, email text, "fullName" text,
       "additionalData" jsonb, "searchText" text)
     ON CONFLICT ON CONSTRAINT scanned_accounts_source_unique DO UPDATE SET
       security_id = excluded.security_id, distinguished_name = excluded.distinguished_name,
       username = excluded.username, sam_account_name = excluded.sam_account_name, email = excluded.email,
       full_name = excluded.full_name, additional_data = excluded.additional_data,
       search_text = excluded.search_text, is_removed = false, found_by_scan = excluded.found_by_scan,
       (updated_at, updated_by) = (
         SELECT CASE WHEN changed THEN excluded.updated_at ELSE known.updated_at END,
           CASE WHEN changed THEN excluded.updated_by ELSE known.updated_by END
         FROM (SELECT known.is_removed OR
           (known.search_text, known.additional_data, known.username, known.distinguished_name, known.full_name)
           IS DISTINCT FROM (excluded.search_text, excluded.additional_data, excluded.username,
             excluded.distinguished_name, excluded.full_name) AS changed) AS compared)`,
    [
      domain.id,
      JSON.stringify(accounts.map(account => ({ ...account, searchText: accountSearchText(account) }))),
      fence,
      at,
      by,
    ],
  );
}

/** Rows that one statement writes, so that none of them runs into the database's deadline. */
const AT_ONCE = 2_000;

async function inParts(write: (limit: number) => Promise<readonly unknown[]>): Promise<number> {
  for (let total = 0; ;) {
    const { length } = await write(AT_ONCE);
    total += length;
    if (length < AT_ONCE) return total;
  }
}

/** The whole directory was looked through: what was not found is gone, and what was there before is no longer new. */
export async function settleFoundAccounts(
  tx: Queryable,
  { domain, fence }: ScanClaim,
  { at, by }: { at: Date; by: string },
): Promise<{ found: number; added: number; removed: number }> {
  const removed = await inParts(limit =>
    tx.query(
      `UPDATE scanned_accounts SET is_removed = true, updated_at = $3, updated_by = $4 WHERE id IN (
         SELECT id FROM scanned_accounts WHERE domain_id = $1 AND found_by_scan <> $2 AND NOT is_removed LIMIT $5)
       RETURNING id`,
      [domain.id, fence, at, by, limit],
    ),
  );
  await inParts(limit =>
    tx.query(
      `UPDATE scanned_accounts SET is_new = false WHERE id IN (
         SELECT id FROM scanned_accounts WHERE domain_id = $1 AND is_new AND created_at <= $2 LIMIT $3)
       RETURNING id`,
      [domain.id, domain.lastScanned, limit],
    ),
  );
  const [counts] = await tx.query<{ found: number; added: number }>(
    `SELECT count(*)::integer AS found, count(*) FILTER (WHERE is_new)::integer AS added
     FROM scanned_accounts WHERE domain_id = $1 AND NOT is_removed`,
    [domain.id],
  );
  return { found: counts?.found ?? 0, added: counts?.added ?? 0, removed };
}

/**
 * Accounts that Active Directory itself lives by: those of a domain's first thousand numbers, such as Administrator, and
 * keys of its tickets, whose change signs everybody out. They are managed when somebody says so, and not by themselves.
 */
const BUILT_IN = `(security_id ~ '^S-1-5-21-[0-9]+-[0-9]+-[0-9]+-[0-9]{1,3}$' OR lower(username) LIKE 'krbtgt%')`;

/**
 * What a scan found and nobody ignores, managed or not, in the order of their ids and behind this one. `but`: names, in lower
 * case, by which accounts sign in that are not meant.
 */
export const findOnboardable = (
  tx: Queryable,
  { domain, fence }: ScanClaim,
  { after, but, limit }: { after: string; but: readonly string[]; limit: number },
): Promise<(FoundAccount & { readonly id: string })[]> =>
  tx.query<FoundAccount & { id: string }>(
    `SELECT ${FOUND_COLUMNS} FROM scanned_accounts
     WHERE domain_id = $1 AND found_by_scan = $2 AND NOT ignored AND id > $3 AND NOT ${BUILT_IN}
       AND lower(distinguished_name) <> ALL ($4::text[])
       AND lower(coalesce(additional_data->>'user_principal_name', '')) <> ALL ($4)
     ORDER BY id LIMIT $5`,
    [domain.id, fence, after, but, limit],
  );

/** Before the domain itself, which may have very many. */
export const deleteScannedAccounts = (tx: Queryable, domainId: string): Promise<number> =>
  inParts(limit =>
    tx.query(
      `DELETE FROM scanned_accounts WHERE id IN (
         SELECT id FROM scanned_accounts WHERE domain_id = $1 LIMIT $2) RETURNING id`,
      [domainId, limit],
    ),
  );

export async function findScannedAccount(
  db: Queryable,
  domainId: string,
  id: string,
): Promise<ScannedAccount | undefined> {
  const [row] = await db.query<ScannedAccount>(
    `SELECT ${COLUMNS} FROM scanned_accounts WHERE domain_id = $1 AND id = $2`,
    [domainId, id],
  );
  return row;
}

export interface AccountChange {
  /** Absent: it stays. */
  readonly ignored?: boolean | undefined;
  readonly comment?: string | undefined;
}

/** The names of those that were changed: of the ids, those that are of this domain. */
export const updateScannedAccounts = (
  tx: Queryable,
  domainId: string,
  ids: readonly string[],
  { ignored, comment }: AccountChange,
  { at, by }: { at: Date; by: string },
): Promise<{ id: string; username: string }[]> =>
  tx.query<{ id: string; username: string }>(
    `UPDATE scanned_accounts SET ignored = coalesce($3, ignored), comment = coalesce($4, comment), updated_at = $5,
       updated_by = $6
     WHERE domain_id = $1 AND id = ANY ($2::uuid[]) RETURNING id, username`,
    [domainId, ids, ignored, comment, at, by],
  );

const SORT_COLUMNS = {
  id: 'id',
  username: 'lower(username)',
  email: 'lower(email)',
  full_name: 'lower(full_name)',
  source_id: 'source_id',
  state: 'state',
  ignored: 'ignored',
  created: 'created_at',
  updated: 'updated_at',
} as const;
export const ACCOUNT_SORT_KEYS = Object.keys(SORT_COLUMNS) as (keyof typeof SORT_COLUMNS)[];

export interface ScannedAccountQuery {
  readonly domainId: string;
  /** In lower case; one that is held is enough, none finds all. */
  readonly words: readonly string[];
  /** Null: any. */
  readonly state: string | null;
  readonly ignored: boolean | null;
  readonly createdAfter: string | null;
  readonly createdBefore: string | null;
  readonly updatedAfter: string | null;
  readonly updatedBefore: string | null;
  readonly sortKey: keyof typeof SORT_COLUMNS;
  readonly descending: boolean;
  readonly offset: number;
  readonly limit: number;
}

const WHERE = `WHERE domain_id = $1 AND ($2::text[] = ARRAY[]::text[] OR search_text LIKE ANY ($2))
  AND ($3::text IS NULL OR ${STATE} = $3) AND ($4::boolean IS NULL OR ignored = $4)
  AND ($5::timestamptz IS NULL OR created_at > $5) AND ($6::timestamptz IS NULL OR created_at < $6)
  AND ($7::timestamptz IS NULL OR updated_at > $7) AND ($8::timestamptz IS NULL OR updated_at < $8)`;

export async function searchScannedAccounts(
  db: Queryable,
  query: ScannedAccountQuery,
): Promise<{ count: number; accounts: ScannedAccount[] }> {
  const filter = [
    query.domainId,
    query.words.map(word => `%${word.replace(/[\\%_]/g, '\\$&')}%`),
    query.state,
    query.ignored,
    query.createdAfter,
    query.createdBefore,
    query.updatedAfter,
    query.updatedBefore,
  ];
  const direction = query.descending ? 'DESC' : 'ASC';
  const [[total], accounts] = await Promise.all([
    db.query<{ count: number }>(`SELECT count(*)::integer AS count FROM scanned_accounts ${WHERE}`, filter),
    db.query<ScannedAccount>(
      `SELECT ${COLUMNS} FROM scanned_accounts ${WHERE}
       ORDER BY ${SORT_COLUMNS[query.sortKey]} ${direction}, id ${direction} OFFSET $9 LIMIT $10`,
      [...filter, query.offset, query.limit],
    ),
  ]);
  return { count: total?.count ?? 0, accounts };
}
