import { isForeignKeyViolation, isUniqueViolation, type Queryable } from '@strongroom/db/database';
import { invalidField } from '@strongroom/errors/common-errors';
import { canonicalName } from '@strongroom/schema/text';
import { targetDomainExists } from '../domain/errors.ts';
import { domainSearchText, type TargetDomain } from '../domain/target-domain.ts';

/** Rows come out under the domain's own names. */
export const DOMAIN_COLUMNS = `id, name, domain_name AS "domainName", enabled, periodic_scan AS "periodicScan",
  periodic_scan_interval AS "periodicScanInterval", auto_onboarding AS "autoOnboarding",
  auto_onboarding_policy_id AS "autoOnboardingPolicyId", endpoints,
  sealed_endpoint_secrets AS "sealedEndpointSecrets", comment, scan_status AS "scanStatus",
  scan_message AS "scanMessage", last_scanned AS "lastScanned",
  created_at AS "createdAt", created_by AS "createdBy", updated_at AS "updatedAt", updated_by AS "updatedBy"`;

/** What a write sets, in one order for insert and update. When the next scan is due is worked out anew. */
const COLUMNS = `name, canonical_name, domain_name, enabled, periodic_scan, periodic_scan_interval, auto_onboarding,
  auto_onboarding_policy_id, endpoints, sealed_endpoint_secrets, comment, search_text, updated_at, updated_by,
  next_scan`;
const PLACES = '$2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, NULL';

export type TargetDomainWrite = Omit<
  TargetDomain,
  'createdAt' | 'createdBy' | 'scanStatus' | 'scanMessage' | 'lastScanned'
>;

const values = (domain: TargetDomainWrite): unknown[] => [
  domain.id,
  domain.name,
  canonicalName(domain.name),
  domain.domainName,
  domain.enabled,
  domain.periodicScan,
  domain.periodicScanInterval,
  domain.autoOnboarding,
  domain.autoOnboardingPolicyId,
  JSON.stringify(domain.endpoints),
  domain.sealedEndpointSecrets,
  domain.comment,
  domainSearchText(domain),
  domain.updatedAt,
  domain.updatedBy,
];

function translate(error: unknown): unknown {
  if (isUniqueViolation(error, 'target_domains_name_unique')) return targetDomainExists();
  if (isForeignKeyViolation(error, 'target_domains_policy_exists')) {
    return invalidField('auto_onboarding_policy.id', 'No password policy has this id');
  }
  return error;
}

export async function insertTargetDomain(
  tx: Queryable,
  domain: TargetDomainWrite & Pick<TargetDomain, 'createdAt' | 'createdBy'>,
): Promise<void> {
  try {
    await tx.query(
      `INSERT INTO target_domains (id, ${COLUMNS}, created_at, created_by) VALUES ($1, ${PLACES}, $16, $17)`,
      [...values(domain), domain.createdAt, domain.createdBy],
    );
  } catch (error) {
    throw translate(error);
  }
}

/** Replaces what people say of it. The row is locked by `lockTargetDomain` before. */
export async function updateTargetDomain(tx: Queryable, domain: TargetDomainWrite): Promise<void> {
  try {
    await tx.query(`UPDATE target_domains SET (${COLUMNS}) = ROW(${PLACES}) WHERE id = $1`, values(domain));
  } catch (error) {
    throw translate(error);
  }
}

/** The row is locked by `lockTargetDomain` before, and what scans found is deleted. */
export async function deleteTargetDomain(tx: Queryable, id: string): Promise<void> {
  await tx.query('DELETE FROM target_domains WHERE id = $1', [id]);
}

const SELECT = `SELECT ${DOMAIN_COLUMNS} FROM target_domains`;

export async function findTargetDomain(db: Queryable, id: string): Promise<TargetDomain | undefined> {
  const [row] = await db.query<TargetDomain>(`${SELECT} WHERE id = $1`, [id]);
  return row;
}

export async function lockTargetDomain(tx: Queryable, id: string): Promise<TargetDomain | undefined> {
  const [row] = await tx.query<TargetDomain>(`${SELECT} WHERE id = $1 FOR UPDATE`, [id]);
  return row;
}

/** Those that exist, in the order of the names; names are compared as they are for being unique. */
export const resolveTargetDomains = (
  db: Queryable,
  names: readonly string[],
): Promise<{ id: string; name: string }[]> =>
  db.query<{ id: string; name: string }>(
    `SELECT id, name FROM target_domains WHERE canonical_name = ANY ($1::text[]) ORDER BY canonical_name`,
    [names.map(canonicalName)],
  );

const SORT_COLUMNS = {
  id: 'id',
  name: 'canonical_name',
  domain_name: 'lower(domain_name)',
  enabled: 'enabled',
  periodic_scan: 'periodic_scan',
  auto_onboarding: 'auto_onboarding',
  scan_status: 'scan_status',
  last_scanned: 'last_scanned',
  created: 'created_at',
  updated: 'updated_at',
} as const;
export const DOMAIN_SORT_KEYS = Object.keys(SORT_COLUMNS) as (keyof typeof SORT_COLUMNS)[];

export interface TargetDomainQuery {
  /** In lower case; one that is held is enough, none finds all. */
  readonly words: readonly string[];
  /** Null: either. */
  readonly enabled: boolean | null;
  readonly periodicScan: boolean | null;
  readonly autoOnboarding: boolean | null;
  readonly sortKey: keyof typeof SORT_COLUMNS;
  readonly descending: boolean;
  readonly offset: number;
  readonly limit: number;
}

const WHERE = `WHERE ($1::text[] = ARRAY[]::text[] OR search_text LIKE ANY ($1))
  AND ($2::boolean IS NULL OR enabled = $2) AND ($3::boolean IS NULL OR periodic_scan = $3)
  AND ($4::boolean IS NULL OR auto_onboarding = $4)`;

export async function searchTargetDomains(
  db: Queryable,
  query: TargetDomainQuery,
): Promise<{ count: number; domains: TargetDomain[] }> {
  const filter = [
    query.words.map(word => `%${word.replace(/[\\%_]/g, '\\$&')}%`),
    query.enabled,
    query.periodicScan,
    query.autoOnboarding,
  ];
  const direction = query.descending ? 'DESC' : 'ASC';
  const [[total], domains] = await Promise.all([
    db.query<{ count: number }>(`SELECT count(*)::integer AS count FROM target_domains ${WHERE}`, filter),
    db.query<TargetDomain>(
      `${SELECT} ${WHERE} ORDER BY ${SORT_COLUMNS[query.sortKey]} ${direction}, id ${direction}
       OFFSET $5 LIMIT $6`,
      [...filter, query.offset, query.limit],
    ),
  ]);
  return { count: total?.count ?? 0, domains };
}
