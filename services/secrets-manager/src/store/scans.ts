import type { Queryable } from '@strongroom/db/database';
import type { TargetDomain } from '../domain/target-domain.ts';
import { DOMAIN_COLUMNS } from './target-domains.ts';

/** The right to look through a directory. It is had for a lease, which is renewed while that goes on. */
export interface ScanClaim {
  readonly domain: TargetDomain;
  readonly fence: number;
  /** Null: its time had come. */
  readonly requestedBy: string | null;
}

/** A scan that nobody has begun is the one that is asked for; while one is under way, one more follows. */
export async function requestScan(tx: Queryable, id: string, by: string | null): Promise<void> {
  await tx.query(
    `UPDATE target_domains SET
       scan_again = scan_status = 'RUNNING',
       scan_claimable_at = CASE WHEN scan_status = 'RUNNING' THEN scan_claimable_at ELSE clock_timestamp() END,
       scan_requested_by = CASE WHEN scan_status IN ('RUNNING', 'PENDING') THEN scan_requested_by ELSE $2 END,
       scan_status = CASE WHEN scan_status = 'RUNNING' THEN 'RUNNING' ELSE 'PENDING' END,
       scan_message = CASE WHEN scan_status = 'RUNNING' THEN scan_message ELSE '' END
     WHERE id = $1`,
    [id, by],
  );
}

/** The domain was switched off: whoever looks through it has lost the right to. */
export async function stopScan(tx: Queryable, id: string): Promise<void> {
  await tx.query(
    `UPDATE target_domains SET scan_fence = scan_fence + 1, scan_status = 'ERROR',
       scan_message = 'the target domain was disabled', scan_claimable_at = NULL, scan_requested_by = NULL,
       scan_again = false
     WHERE id = $1 AND scan_claimable_at IS NOT NULL`,
    [id],
  );
}

export interface PlannedDomain {
  readonly id: string;
  /** In seconds. */
  readonly interval: number;
  readonly lastScanned: Date | null;
  /** Null: it is to be worked out. */
  readonly nextScan: Date | null;
}

/** Domains whose next scan is due or is not worked out yet. What another replica looks at is passed over. */
export const takeUnplannedDomains = (tx: Queryable, now: Date, limit: number): Promise<PlannedDomain[]> =>
  tx.query<PlannedDomain>(
    `SELECT id, periodic_scan_interval AS interval, last_scanned AS "lastScanned", next_scan AS "nextScan"
     FROM target_domains WHERE enabled AND periodic_scan AND (next_scan IS NULL OR next_scan <= $1)
     ORDER BY next_scan NULLS FIRST, id LIMIT $2 FOR UPDATE SKIP LOCKED`,
    [now, limit],
  );

export async function planScan(tx: Queryable, id: string, at: Date): Promise<void> {
  await tx.query('UPDATE target_domains SET next_scan = $2 WHERE id = $1', [id, at]);
}

/** Takes the scan that has waited longest, or whose lease has run out. Undefined: there is none. */
export async function claimScan(db: Queryable, leaseMs: number): Promise<ScanClaim | undefined> {
  const [row] = await db.query<TargetDomain & { fence: number; requestedBy: string | null }>(
    `UPDATE target_domains SET scan_fence = scan_fence + 1, scan_status = 'RUNNING', scan_message = '',
       scan_claimable_at = clock_timestamp() + $1 * interval '1 millisecond'
     WHERE id = (
       SELECT id FROM target_domains WHERE enabled AND scan_claimable_at <= clock_timestamp()
       ORDER BY scan_claimable_at LIMIT 1 FOR UPDATE SKIP LOCKED)
     RETURNING ${DOMAIN_COLUMNS}, scan_fence AS fence, scan_requested_by AS "requestedBy"`,
    [leaseMs],
  );
  if (row === undefined) return undefined;
  const { fence, requestedBy, ...domain } = row;
  return { domain, fence, requestedBy };
}

/** False: another replica has taken the scan, or the domain is gone or switched off. Else the row stays locked. */
export async function renewScan(
  tx: Queryable,
  { domain, fence }: ScanClaim,
  leaseMs: number,
): Promise<boolean> {
  const rows = await tx.query(
    `UPDATE target_domains SET scan_claimable_at = clock_timestamp() + $3 * interval '1 millisecond'
     WHERE id = $1 AND scan_fence = $2 RETURNING id`,
    [domain.id, fence, leaseMs],
  );
  return rows.length === 1;
}

/** Nothing is said of it: whoever has room then takes it up from the beginning. */
export async function releaseScan(
  db: Queryable,
  { domain, fence }: ScanClaim,
  afterMs: number,
): Promise<void> {
  await db.query(
    `UPDATE target_domains SET scan_status = 'PENDING', scan_again = false,
       scan_claimable_at = clock_timestamp() + $3 * interval '1 millisecond'
     WHERE id = $1 AND scan_fence = $2`,
    [domain.id, fence, afterMs],
  );
}

/** How it ended. `at`: it went through the whole directory. Another one follows if somebody asked for it meanwhile. */
export async function finishScan(
  tx: Queryable,
  { domain, fence }: ScanClaim,
  { status, message, at }: { status: 'OK' | 'ERROR'; message: string; at: Date | null },
): Promise<boolean> {
  const rows = await tx.query(
    `UPDATE target_domains SET
       scan_status = CASE WHEN scan_again THEN 'PENDING' ELSE $3 END,
       scan_message = CASE WHEN scan_again THEN '' ELSE $4 END,
       scan_claimable_at = CASE WHEN scan_again THEN clock_timestamp() END,
       scan_requested_by = NULL, scan_again = false, last_scanned = coalesce($5, last_scanned)
     WHERE id = $1 AND scan_fence = $2 RETURNING id`,
    [domain.id, fence, status, message, at],
  );
  return rows.length === 1;
}

export async function countFailedScans(db: Queryable): Promise<number> {
  const [row] = await db.query<{ count: number }>(
    `SELECT count(*)::integer AS count FROM target_domains WHERE enabled AND scan_status = 'ERROR'`,
  );
  return row?.count ?? 0;
}
