import { isForeignKeyViolation, type Queryable } from '@strongroom/db/database';
import type { AccountKey } from '../domain/account-path.ts';
import type { Rotation, RotationOutcome, Step, Trigger } from '../domain/rotation.ts';

const COLUMNS = `id, system_kind AS system, system_id AS "systemId", account, trigger,
  requested_by AS "requestedBy", step, failures, postponements, fence, candidate_version AS "candidateVersion", alarm_raised AS "alarmRaised"`;

export interface NewRotation extends AccountKey {
  readonly id: string;
  readonly trigger: Trigger;
  readonly requestedBy: string;
  /** Absent: now. */
  readonly notBefore?: Date | undefined;
}

/** `busy`: there is an unfinished one. `unknown`: there is no such account. */
export async function insertRotation(
  tx: Queryable,
  rotation: NewRotation,
): Promise<'inserted' | 'busy' | 'unknown'> {
  try {
    const rows = await tx.query(
      `INSERT INTO rotations (id, system_kind, system_id, account, trigger, requested_by, step, claimable_at,
         created_at)
       VALUES ($1, $2, $3, $4, $5, $6, 'waiting', coalesce($7, clock_timestamp()), clock_timestamp())
       ON CONFLICT (system_id, account) WHERE finished_at IS NULL DO NOTHING RETURNING id`,
      [
        rotation.id,
        rotation.system,
        rotation.systemId,
        rotation.account,
        rotation.trigger,
        rotation.requestedBy,
        rotation.notBefore,
      ],
    );
    return rows.length === 1 ? 'inserted' : 'busy';
  } catch (error) {
    if (isForeignKeyViolation(error, 'rotations_account_exists')) return 'unknown';
    throw error;
  }
}

export interface UnfinishedRotation {
  readonly id: string;
  readonly step: Step;
  readonly nextId: string | null;
}

export async function lockUnfinished(
  tx: Queryable,
  { systemId, account }: AccountKey,
): Promise<UnfinishedRotation | undefined> {
  const [row] = await tx.query<UnfinishedRotation>(
    `SELECT id, step, next_id AS "nextId" FROM rotations
     WHERE system_id = $1 AND account = $2 AND finished_at IS NULL FOR UPDATE`,
    [systemId, account],
  );
  return row;
}

/** One that waits, for its time or between two tries, is to wait no longer than until then. */
export async function bringForward(tx: Queryable, id: string, notBefore: Date | undefined): Promise<void> {
  await tx.query(
    `UPDATE rotations SET claimable_at = least(claimable_at, coalesce($2, clock_timestamp()))
     WHERE id = $1 AND waits`,
    [id, notBefore],
  );
}

/** One more is to begin when this one is finished. */
export async function setNext(
  tx: Queryable,
  id: string,
  next: Pick<NewRotation, 'id' | 'trigger' | 'requestedBy'>,
): Promise<void> {
  await tx.query(
    'UPDATE rotations SET next_id = $2, next_trigger = $3, next_requested_by = $4 WHERE id = $1',
    [id, next.id, next.trigger, next.requestedBy],
  );
}

/** Any whose time has come, the longest overdue first. Undefined: there is none. */
export async function claimNextRotation(db: Queryable, leaseMs: number): Promise<Rotation | undefined> {
  const [row] = await db.query<Rotation>(
    `UPDATE rotations SET fence = fence + 1, waits = false, claimable_at = clock_timestamp() + $1 * interval '1 millisecond',
       started_at = coalesce(started_at, clock_timestamp()),
       step = CASE step WHEN 'waiting' THEN 'preparing' ELSE step END
     WHERE id = (
       SELECT id FROM rotations WHERE finished_at IS NULL AND claimable_at <= clock_timestamp()
         AND NOT EXISTS (
           SELECT FROM accounts a WHERE a.system_id = rotations.system_id AND a.account = rotations.account
             AND a.heartbeat_until > clock_timestamp())
       ORDER BY claimable_at LIMIT 1 FOR UPDATE SKIP LOCKED
     ) RETURNING ${COLUMNS}`,
    [leaseMs],
  );
  return row;
}

export interface Advance {
  readonly step: Step;
  /** What is told of it; never a password. */
  readonly details: string;
  /** From now until then nobody else may take it. */
  readonly holdMs: number;
  readonly candidateVersion?: number;
}

/** The next step of a rotation and its record, unless another has claimed it since. False: another has. */
export async function advanceRotation(
  tx: Queryable,
  { id, fence }: Pick<Rotation, 'id' | 'fence'>,
  { step, details, holdMs, candidateVersion }: Advance,
): Promise<boolean> {
  const rows = await tx.query(
    `WITH advanced AS (
       UPDATE rotations SET step = $3, claimable_at = clock_timestamp() + $5 * interval '1 millisecond',
         candidate_version = coalesce($6, candidate_version)
       WHERE id = $1 AND fence = $2 AND finished_at IS NULL RETURNING id
     )
     INSERT INTO rotation_steps (rotation_id, fence, step, details, at)
     SELECT id, $2, $3, $4, clock_timestamp() FROM advanced RETURNING rotation_id`,
    [id, fence, step, details, holdMs, candidateVersion],
  );
  return rows.length === 1;
}

export interface Release {
  readonly step: Step;
  readonly details: string;
  readonly failures: number;
  readonly postponements: number;
  readonly alarmRaised: boolean;
  /** From now; null: as it was said when the step began. */
  readonly waitMs: number | null;
}

/** Leaves a rotation to whoever takes it up when its time has come. False: another has claimed it since. */
export async function releaseRotation(
  tx: Queryable,
  { id, fence }: Pick<Rotation, 'id' | 'fence'>,
  release: Release,
): Promise<boolean> {
  const rows = await tx.query(
    `WITH released AS (
       UPDATE rotations SET step = $3, failures = $5, postponements = $6, alarm_raised = $7,
         waits = $8::bigint IS NOT NULL,
         claimable_at = coalesce(clock_timestamp() + $8::bigint * interval '1 millisecond', claimable_at)
       WHERE id = $1 AND fence = $2 AND finished_at IS NULL RETURNING id
     )
     INSERT INTO rotation_steps (rotation_id, fence, step, details, at)
     SELECT id, $2, $3, $4, clock_timestamp() FROM released RETURNING rotation_id`,
    [
      id,
      fence,
      release.step,
      release.details,
      release.failures,
      release.postponements,
      release.alarmRaised,
      release.waitMs,
    ],
  );
  return rows.length === 1;
}

export interface Finished {
  readonly requestedAt: Date;
  readonly nextId: string | null;
  readonly nextTrigger: Trigger | null;
  readonly nextRequestedBy: string | null;
}

/** `version`: of the account's secret, that it has made. Undefined: another has claimed it since. */
export async function finishRotation(
  tx: Queryable,
  { id, fence }: Pick<Rotation, 'id' | 'fence'>,
  outcome: RotationOutcome,
  details: string,
  version?: number,
): Promise<Finished | undefined> {
  const [row] = await tx.query<Finished>(
    `WITH finished AS (
       UPDATE rotations SET outcome = $3, finished_at = clock_timestamp(), version = $5
       WHERE id = $1 AND fence = $2 AND finished_at IS NULL
       RETURNING id, created_at, next_id, next_trigger, next_requested_by
     ), told AS (
       INSERT INTO rotation_steps (rotation_id, fence, step, details, at)
       SELECT id, $2, $3, $4, clock_timestamp() FROM finished
     )
     SELECT created_at AS "requestedAt", next_id AS "nextId", next_trigger AS "nextTrigger",
       next_requested_by AS "nextRequestedBy" FROM finished`,
    [id, fence, outcome, details, version],
  );
  return row;
}

/** Whether an account of the system may have either of two passwords. Accounts are locked before. */
export async function hasUnsettled(tx: Queryable, systemId: string): Promise<boolean> {
  const [row] = await tx.query<{ has: boolean }>(
    `SELECT EXISTS (
       SELECT FROM rotations WHERE system_id = $1 AND finished_at IS NULL AND step NOT IN ('waiting', 'preparing')
     ) AS has`,
    [systemId],
  );
  return row?.has === true;
}

/** `unsettled`: given up by whoever began it, with the account in doubt. */
export async function countRotations(db: Queryable): Promise<{ due: number; unsettled: number }> {
  const [row] = await db.query<{ due: number; unsettled: number }>(
    `SELECT (count(*) FILTER (WHERE claimable_at <= clock_timestamp()))::integer AS due,
       (count(*) FILTER (WHERE step = 'settling'))::integer AS unsettled
     FROM rotations WHERE finished_at IS NULL`,
  );
  return row ?? { due: 0, unsettled: 0 };
}

/** Those that ended before then go, with their steps; a checkout or an alarm names none of that age. How many. */
export async function pruneRotations(db: Queryable, endedBefore: Date, limit: number): Promise<number> {
  const rows = await db.query(
    `DELETE FROM rotations WHERE id IN (
       SELECT id FROM rotations WHERE finished_at < $1 ORDER BY finished_at LIMIT $2 FOR UPDATE SKIP LOCKED
     ) RETURNING id`,
    [endedBefore, limit],
  );
  return rows.length;
}
