import { WITHOUT_WAITING, type Queryable } from '@strongroom/db/database';
import type { Failures } from '../domain/sign-in-throttle.ts';

interface FailuresRow {
  key: Buffer;
  failures: number;
  first_at: Date;
  last_at: Date;
  blocked_until: Date | null;
}

/** By key in hexadecimal. */
export type FailuresByKey = ReadonlyMap<string, Failures>;

const toMap = (rows: readonly FailuresRow[]): FailuresByKey =>
  new Map(
    rows.map(row => [
      row.key.toString('hex'),
      {
        failures: row.failures,
        firstAt: row.first_at,
        lastAt: row.last_at,
        blockedUntil: row.blocked_until,
      },
    ]),
  );

export async function findFailures(db: Queryable, keys: readonly Buffer[]): Promise<FailuresByKey> {
  const rows = await db.query<FailuresRow>(
    `SELECT key, failures, first_at, last_at, blocked_until FROM sign_in_failures WHERE key = ANY ($1::bytea[])`,
    [keys],
  );
  return toMap(rows);
}

/** The same; the counters, new ones too, are held until the transaction ends. All who count lock in one order. */
export async function lockFailures(
  tx: Queryable,
  keys: readonly Buffer[],
  now: Date,
): Promise<FailuresByKey> {
  const rows = await tx.query<FailuresRow>(
    `INSERT INTO sign_in_failures (key, failures, first_at, last_at)
     SELECT key, 0, $2::timestamptz, $2 FROM unnest($1::bytea[]) AS key, ${WITHOUT_WAITING} ORDER BY key
     ON CONFLICT (key) DO UPDATE SET failures = sign_in_failures.failures
     RETURNING key, failures, first_at, last_at, blocked_until`,
    [keys, now],
  );
  return toMap(rows);
}

export async function updateFailures(
  tx: Queryable,
  entries: readonly (readonly [Buffer, Failures])[],
): Promise<void> {
  await tx.query(
    `UPDATE sign_in_failures f SET failures = n.failures, first_at = n.first_at, last_at = n.last_at,
                                   blocked_until = n.blocked_until
     FROM unnest($1::bytea[], $2::integer[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[])
       AS n (key, failures, first_at, last_at, blocked_until)
     WHERE f.key = n.key`,
    [
      entries.map(([key]) => key),
      entries.map(([, state]) => state.failures),
      entries.map(([, state]) => state.firstAt),
      entries.map(([, state]) => state.lastAt),
      entries.map(([, state]) => state.blockedUntil),
    ],
  );
}

/** One statement, since every sign-in does it: forgets two counters and takes one attempt of the third back. */
export async function settleFailures(
  db: Queryable,
  forgotten: readonly Buffer[],
  lessened: Buffer,
  burst: number,
): Promise<void> {
  await db.query(
    `WITH held AS (
       SELECT key FROM sign_in_failures, ${WITHOUT_WAITING}
       WHERE key = ANY ($1::bytea[] || $2::bytea) ORDER BY key FOR UPDATE OF sign_in_failures
     ), gone AS (
       DELETE FROM sign_in_failures WHERE key IN (SELECT key FROM held WHERE key <> $2)
     )
     UPDATE sign_in_failures
     SET failures = failures - 1, blocked_until = CASE WHEN failures > $3 THEN blocked_until END
     WHERE key IN (SELECT key FROM held WHERE key = $2) AND failures > 0`,
    [forgotten, lessened, burst],
  );
}

/** Takes one attempt back, and the block that it may have brought. */
export async function takeBackAttempt(db: Queryable, key: Buffer, burst: number): Promise<void> {
  await db.query(
    `UPDATE sign_in_failures
     SET failures = failures - 1, blocked_until = CASE WHEN failures > $2 THEN blocked_until END
     WHERE key = $1 AND failures > 0`,
    [key, burst],
  );
}
