import type { Queryable } from '@strongroom/db/database';
import { keyOf, type AccountKey } from '../domain/account-path.ts';
import type { Heartbeat, HeartbeatStatus, RecordedHeartbeat } from '../domain/heartbeat.ts';

/** The right to sign in to an account for a while, in which nobody rotates it. */
export interface HeartbeatClaim extends AccountKey {
  /** By which the claim is known: text, since the database's times are finer than ours. */
  readonly until: string;
  /** Of the heartbeat before; null: there was none. */
  readonly before: HeartbeatStatus | null;
}

/**
 * `absent`: there is no such account. `busy`: a rotation is under way or waits, or another heartbeat is. `early`: it is
 * not due. The account is locked first: a rotation that is requested meanwhile, whose row refers to it, waits for the end
 * of the transaction, and whoever claims that rotation sees the claim.
 */
export async function claimHeartbeat(
  tx: Queryable,
  key: AccountKey,
  { leaseMs, dueAt }: { leaseMs: number; dueAt?: Date },
): Promise<HeartbeatClaim | 'absent' | 'busy' | 'early'> {
  const { systemId, account } = key;
  const [locked] = await tx.query<{ isDue: boolean; before: HeartbeatStatus | null }>(
    `SELECT coalesce(next_heartbeat <= $3, true) AS "isDue", heartbeat_status AS before FROM accounts
     WHERE system_id = $1 AND account = $2 AND is_rotated FOR UPDATE`,
    [systemId, account, dueAt],
  );
  if (locked === undefined) return 'absent';
  if (dueAt !== undefined && !locked.isDue) return 'early';
  const [claimed] = await tx.query<{ until: string }>(
    `UPDATE accounts SET heartbeat_until = clock_timestamp() + $3 * interval '1 millisecond'
     WHERE system_id = $1 AND account = $2 AND coalesce(heartbeat_until <= clock_timestamp(), true)
       AND NOT EXISTS (
         SELECT FROM rotations r WHERE r.system_id = $1 AND r.account = $2 AND r.finished_at IS NULL)
     RETURNING heartbeat_until::text AS until`,
    [systemId, account, leaseMs],
  );
  return claimed === undefined ? 'busy' : { ...keyOf(key), until: claimed.until, before: locked.before };
}

/** What was found, and when to look again. False: the claim had run out, so it says nothing. */
export async function finishHeartbeat(
  tx: Queryable,
  { systemId, account, until }: HeartbeatClaim,
  { status, details, at }: RecordedHeartbeat,
  next: Date | null,
): Promise<boolean> {
  const rows = await tx.query(
    `UPDATE accounts SET heartbeat_until = NULL, heartbeat_status = $4, heartbeat_details = $5, heartbeat_at = $6,
       next_heartbeat = $7
     WHERE system_id = $1 AND account = $2 AND heartbeat_until = $3::timestamptz RETURNING account`,
    [systemId, account, until, status, details, at, next],
  );
  return rows.length === 1;
}

/** Nothing was found. */
export async function releaseHeartbeat(
  db: Queryable,
  { systemId, account, until }: HeartbeatClaim,
): Promise<void> {
  await db.query(
    `UPDATE accounts SET heartbeat_until = NULL
     WHERE system_id = $1 AND account = $2 AND heartbeat_until = $3::timestamptz`,
    [systemId, account, until],
  );
}

/** Accounts that are enabled, the longest overdue first; those that are busy come again. */
export const findDueHeartbeats = (db: Queryable, now: Date, limit: number): Promise<AccountKey[]> =>
  db.query<AccountKey>(
    `SELECT a.system_kind AS system, a.system_id AS "systemId", a.account
     FROM accounts a JOIN account_rules rules USING (system_id, account)
     WHERE a.is_rotated AND rules.is_enabled AND (a.next_heartbeat IS NULL OR a.next_heartbeat <= $1)
       AND coalesce(a.heartbeat_until <= clock_timestamp(), true)
       AND NOT EXISTS (
         SELECT FROM rotations r
         WHERE r.system_id = a.system_id AND r.account = a.account AND r.finished_at IS NULL)
     ORDER BY a.next_heartbeat NULLS FIRST LIMIT $2`,
    [now, limit],
  );

/** Undefined: there is no such account. Without a time there was no heartbeat yet. */
export async function findHeartbeat(
  db: Queryable,
  { system, systemId, account }: AccountKey,
): Promise<(Heartbeat & { readonly at: Date | null }) | undefined> {
  const [row] = await db.query<Heartbeat & { at: Date | null }>(
    `SELECT coalesce(heartbeat_status, 'unknown') AS status, heartbeat_details AS details, heartbeat_at AS at
     FROM accounts WHERE system_kind = $1 AND system_id = $2 AND account = $3 AND is_rotated`,
    [system, systemId, account],
  );
  return row;
}
