import { isForeignKeyViolation, isUniqueViolation, type Queryable } from '@strongroom/db/database';
import { invalidField } from '@strongroom/errors/common-errors';
import { managedAccountExists } from '../domain/errors.ts';
import type { AccountKey } from '../domain/account-path.ts';
import {
  managedSearchText,
  type AccountIdentity,
  type ManagedAccount,
  type PastRotation,
  type ReadManagedAccount,
} from '../domain/managed-account.ts';

/** Rows come out under the domain's own names. */
const COLUMNS = `managed.id, managed.domain_id AS "domainId", managed.account AS username,
  managed.source_id AS "sourceId", managed.security_id AS "securityId",
  managed.sam_account_name AS "samAccountName", managed.email, managed.full_name AS "fullName",
  managed.additional_data AS "additionalData", managed.password_policy_id AS "passwordPolicyId", managed.enabled,
  accounts.is_rotated AS "rotationEnabled", managed.explicit_checkout AS "explicitCheckout",
  managed.disable_rdp_cert_auth AS "disableRdpCertAuth", managed.roles, managed.comment,
  managed.created_at AS "createdAt", managed.created_by AS "createdBy", managed.updated_at AS "updatedAt",
  managed.updated_by AS "updatedBy"`;

const FROM = `FROM managed_accounts AS managed
  JOIN accounts ON accounts.system_id = managed.domain_id AND accounts.account = managed.account`;

/** What a write sets, in one order for insert and update. */
const WRITTEN = `source_id, security_id, sam_account_name, email, full_name, additional_data, password_policy_id,
  enabled, explicit_checkout, disable_rdp_cert_auth, roles, comment, search_text, updated_at, updated_by`;
const PLACES = '$3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17';

type ManagedAccountWrite = Omit<ManagedAccount, 'createdAt' | 'createdBy'>;

const values = (account: ManagedAccountWrite): unknown[] => [
  account.sourceId,
  account.securityId,
  account.samAccountName,
  account.email,
  account.fullName,
  JSON.stringify(account.additionalData),
  account.passwordPolicyId,
  account.enabled,
  account.explicitCheckout,
  account.disableRdpCertAuth,
  account.roles,
  account.comment,
  managedSearchText(account),
  account.updatedAt,
  account.updatedBy,
];

function translate(error: unknown): unknown {
  if (isUniqueViolation(error, 'managed_accounts_name_unique')) return managedAccountExists('username');
  if (isUniqueViolation(error, 'accounts_pkey')) return managedAccountExists('username');
  if (isUniqueViolation(error, 'managed_accounts_source_unique')) return managedAccountExists('source_id');
  if (isForeignKeyViolation(error, 'managed_accounts_policy_exists')) {
    return invalidField('password_policy.id', 'No password policy has this id');
  }
  return error;
}

/** Its domain is held before, so that it does not go meanwhile. */
export async function insertManagedAccount(tx: Queryable, account: ManagedAccount): Promise<void> {
  const { id, domainId, username, rotationEnabled, createdAt, createdBy } = account;
  try {
    await tx.query(
      `INSERT INTO accounts (domain_id, account, is_rotated, created_at, created_by) VALUES ($1, $2, $3, $4, $5)`,
      [domainId, username, rotationEnabled, createdAt, createdBy],
    );
    await tx.query(
      `INSERT INTO managed_accounts (id, domain_id, ${WRITTEN}, account, created_at, created_by)
       VALUES ($1, $2, ${PLACES}, $18, $19, $20)`,
      [id, domainId, ...values(account), username, createdAt, createdBy],
    );
  } catch (error) {
    throw translate(error);
  }
}

/** Replaces all but its name, its id and who made it. It is locked by `lockManagedAccounts` before. */
export async function updateManagedAccount(tx: Queryable, account: ManagedAccountWrite): Promise<void> {
  const { id, domainId, username, rotationEnabled } = account;
  try {
    await tx.query(
      `UPDATE managed_accounts SET (${WRITTEN}) = ROW(${PLACES}) WHERE id = $1 AND domain_id = $2`,
      [id, domainId, ...values(account)],
    );
  } catch (error) {
    throw translate(error);
  }
  await tx.query('UPDATE accounts SET is_rotated = $3 WHERE system_id = $1 AND account = $2', [
    domainId,
    username,
    rotationEnabled,
  ]);
}

const SOME = `SELECT ${COLUMNS} ${FROM} WHERE managed.domain_id = $1 AND managed.id = ANY ($2::uuid[])
  ORDER BY managed.account`;

/** Those of them that exist, by name. */
export const findManagedAccounts = (
  db: Queryable,
  domainId: string,
  ids: readonly string[],
): Promise<ManagedAccount[]> => db.query<ManagedAccount>(SOME, [domainId, ids]);

/** The same. Neither they nor what becomes of their passwords changes until the transaction ends. */
export const lockManagedAccounts = (
  tx: Queryable,
  domainId: string,
  ids: readonly string[],
): Promise<ManagedAccount[]> => tx.query<ManagedAccount>(`${SOME} FOR UPDATE`, [domainId, ids]);

/** Whether it may have either of two passwords. It is locked before. */
export async function isUnsettled(tx: Queryable, { systemId, account }: AccountKey): Promise<boolean> {
  const rows = await tx.query(
    `SELECT FROM rotations WHERE system_id = $1 AND account = $2 AND finished_at IS NULL
       AND step NOT IN ('waiting', 'preparing')`,
    [systemId, account],
  );
  return rows.length > 0;
}

/** By which the directory knows the account, and the policy of its password. */
export async function findManagedIdentity(
  db: Queryable,
  { systemId, account }: AccountKey,
): Promise<Pick<ManagedAccount, 'sourceId' | 'passwordPolicyId'> | undefined> {
  const [row] = await db.query<Pick<ManagedAccount, 'sourceId' | 'passwordPolicyId'>>(
    `SELECT source_id AS "sourceId", password_policy_id AS "passwordPolicyId" FROM managed_accounts
     WHERE domain_id = $1 AND account = $2`,
    [systemId, account],
  );
  return row;
}

/** The last rotations of these accounts that ended, the newest first. */
export const findPastRotations = (
  db: Queryable,
  domainId: string,
  usernames: readonly string[],
  most: number,
): Promise<(PastRotation & { readonly username: string })[]> =>
  db.query<PastRotation & { username: string }>(
    `SELECT wanted.username, past.* FROM unnest($2::text[]) AS wanted (username)
     CROSS JOIN LATERAL (
       SELECT version, finished_at AS rotated, trigger, outcome FROM rotations
       WHERE system_id = $1 AND account = wanted.username AND finished_at IS NOT NULL
       ORDER BY finished_at DESC, id LIMIT $3
     ) AS past ORDER BY past.rotated DESC`,
    [domainId, usernames, most],
  );

/** It is locked before. */
export async function deleteManagedAccount(tx: Queryable, { systemId, account }: AccountKey): Promise<void> {
  await tx.query('DELETE FROM accounts WHERE system_id = $1 AND account = $2', [systemId, account]);
}

/** What taking up an account needs to know of its target domain. */
export interface DomainHandle {
  readonly id: string;
  readonly autoOnboardingPolicyId: string | null;
}

/** It does not go until the transaction ends. */
export async function holdDomain(tx: Queryable, id: string): Promise<DomainHandle | undefined> {
  const [row] = await tx.query<DomainHandle>(
    `SELECT id, auto_onboarding_policy_id AS "autoOnboardingPolicyId" FROM target_domains WHERE id = $1 FOR SHARE`,
    [id],
  );
  return row;
}

const IDENTITY = `username, source_id AS "sourceId", security_id AS "securityId",
  sam_account_name AS "samAccountName", email, full_name AS "fullName", additional_data AS "additionalData"`;

/** What scans have found, by the id under which they keep it. */
export async function findScannedIdentities(
  tx: Queryable,
  domainId: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, AccountIdentity>> {
  const rows = await tx.query<AccountIdentity & { id: string }>(
    `SELECT id, ${IDENTITY} FROM scanned_accounts WHERE domain_id = $1 AND id = ANY ($2::uuid[])`,
    [domainId, ids],
  );
  return new Map(rows.map(({ id, ...identity }) => [id, identity]));
}

/** The one account of this name. Undefined: there is none, or several. */
export async function findScannedIdentity(
  tx: Queryable,
  domainId: string,
  username: string,
): Promise<AccountIdentity | undefined> {
  const [found, other] = await tx.query<AccountIdentity>(
    `SELECT ${IDENTITY} FROM scanned_accounts
     WHERE domain_id = $1 AND lower(username) = lower($2) AND NOT is_removed LIMIT 2`,
    [domainId, username],
  );
  return other === undefined ? found : undefined;
}

/**
 * Those of them that are not managed yet, neither by what the directory knows them by nor by name; of several of one name
 * the first. The database compares names: it has its own idea of case, and of it there can be one.
 */
export async function findUntaken<T extends Pick<AccountIdentity, 'sourceId' | 'username'>>(
  tx: Queryable,
  domainId: string,
  identities: readonly T[],
): Promise<T[]> {
  const rows = await tx.query<{ position: number }>(
    `SELECT DISTINCT ON (lower(given.username)) given.position::integer AS position
     FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS given (source_id, username, position)
     WHERE NOT EXISTS (SELECT FROM managed_accounts
         WHERE domain_id = $1 AND source_id = given.source_id AND source_id <> '')
       AND NOT EXISTS (SELECT FROM managed_accounts
         WHERE domain_id = $1 AND lower(account) = lower(given.username))
     ORDER BY lower(given.username), given.position`,
    [domainId, identities.map(each => each.sourceId), identities.map(each => each.username)],
  );
  const positions = new Set(rows.map(({ position }) => position));
  return identities.filter((_, index) => positions.has(index + 1));
}

const READ = `${FROM}
  JOIN target_domains AS domains ON domains.id = managed.domain_id
  JOIN password_policies AS policies ON policies.id = managed.password_policy_id
  LEFT JOIN rotations AS unfinished ON unfinished.system_id = managed.domain_id
    AND unfinished.account = managed.account AND unfinished.finished_at IS NULL
  CROSS JOIN LATERAL (
    SELECT CASE
      WHEN unfinished.step IN ('settling', 'promoting') AND accounts.last_error IS NOT NULL THEN 'UNSETTLED'
      WHEN accounts.last_error IS NOT NULL THEN 'FAILED'
      WHEN unfinished.id IS NOT NULL THEN 'ROTATING'
      ELSE 'OK' END AS rotation_state,
    CASE WHEN EXISTS (
      SELECT FROM scanned_accounts AS scanned
      WHERE scanned.domain_id = managed.domain_id AND scanned.source_id = managed.source_id AND scanned.is_removed
    ) THEN 'REMOVED' ELSE 'MANAGED' END AS state
  ) AS told`;

const READ_COLUMNS = `${COLUMNS}, domains.name AS "domainName", policies.name AS "policyName",
  policies.max_concurrent_checkouts AS "maxConcurrent", told.state, told.rotation_state AS "rotationState",
  accounts.last_rotated AS "lastRotated",
  accounts.last_error AS "lastError", accounts.last_error_details AS "lastErrorDetails",
  coalesce(accounts.heartbeat_status, 'unknown') AS "heartbeatStatus",
  accounts.heartbeat_details AS "heartbeatDetails", accounts.heartbeat_at AS "heartbeatAt"`;

export async function findManagedAccount(
  db: Queryable,
  domainId: string,
  id: string,
): Promise<ReadManagedAccount | undefined> {
  const [row] = await db.query<ReadManagedAccount>(
    `SELECT ${READ_COLUMNS} ${READ} WHERE managed.domain_id = $1 AND managed.id = $2`,
    [domainId, id],
  );
  return row;
}

const SORT_COLUMNS = {
  id: 'managed.id',
  username: 'lower(managed.account)',
  email: 'lower(managed.email)',
  full_name: 'lower(managed.full_name)',
  enabled: 'managed.enabled',
  rotation_enabled: 'accounts.is_rotated',
  state: 'told.state',
  rotation_state: 'told.rotation_state',
  created: 'managed.created_at',
  updated: 'managed.updated_at',
} as const;
export const MANAGED_SORT_KEYS = Object.keys(SORT_COLUMNS) as (keyof typeof SORT_COLUMNS)[];

export interface ManagedAccountQuery {
  readonly domainId: string;
  /** In lower case; one that is held is enough, none finds all. */
  readonly words: readonly string[];
  /** Null: any. */
  readonly enabled: boolean | null;
  readonly rotationEnabled: boolean | null;
  readonly explicitCheckout: boolean | null;
  readonly state: string | null;
  readonly rotationState: string | null;
  readonly createdAfter: string | null;
  readonly createdBefore: string | null;
  readonly updatedAfter: string | null;
  readonly updatedBefore: string | null;
  readonly sortKey: keyof typeof SORT_COLUMNS;
  readonly descending: boolean;
  readonly offset: number;
  readonly limit: number;
}

const WHERE = `WHERE managed.domain_id = $1
  AND ($2::text[] = ARRAY[]::text[] OR managed.search_text LIKE ANY ($2))
  AND ($3::boolean IS NULL OR managed.enabled = $3)
  AND ($4::boolean IS NULL OR accounts.is_rotated = $4)
  AND ($5::boolean IS NULL OR managed.explicit_checkout = $5)
  AND ($6::text IS NULL OR told.state = upper($6))
  AND ($7::timestamptz IS NULL OR managed.created_at > $7)
  AND ($8::timestamptz IS NULL OR managed.created_at < $8)
  AND ($9::timestamptz IS NULL OR managed.updated_at > $9)
  AND ($10::timestamptz IS NULL OR managed.updated_at < $10)
  AND ($11::text IS NULL OR told.rotation_state = upper($11))`;

export async function searchManagedAccounts(
  db: Queryable,
  query: ManagedAccountQuery,
): Promise<{ count: number; accounts: ReadManagedAccount[] }> {
  const filter = [
    query.domainId,
    query.words.map(word => `%${word.replace(/[\\%_]/g, '\\$&')}%`),
    query.enabled,
    query.rotationEnabled,
    query.explicitCheckout,
    query.state,
    query.createdAfter,
    query.createdBefore,
    query.updatedAfter,
    query.updatedBefore,
    query.rotationState,
  ];
  const direction = query.descending ? 'DESC' : 'ASC';
  const [[total], accounts] = await Promise.all([
    db.query<{ count: number }>(`SELECT count(*)::integer AS count ${READ} ${WHERE}`, filter),
    db.query<ReadManagedAccount>(
      `SELECT ${READ_COLUMNS} ${READ} ${WHERE}
       ORDER BY ${SORT_COLUMNS[query.sortKey]} ${direction}, managed.id ${direction} OFFSET $12 LIMIT $13`,
      [...filter, query.offset, query.limit],
    ),
  ]);
  return { count: total?.count ?? 0, accounts };
}
