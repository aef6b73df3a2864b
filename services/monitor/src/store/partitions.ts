import type { Queryable } from '@strongroom/db/database';

/**
 * For a change of partitions, until the transaction ends. It waits for readers only a moment, since all others wait
 * behind it; whoever fails comes again.
 */
export async function lockPartitions(tx: Queryable): Promise<void> {
  await tx.query(`SET LOCAL lock_timeout = '1s'`);
  await tx.query(
    `SELECT pg_advisory_xact_lock(hashtext('strongroom-partitions'), hashtext(current_schema()))`,
  );
}

/** How many of the partitions are missing: the month of `now` and the `ahead` months after it. */
export async function countMissingPartitions(db: Queryable, now: Date, ahead: number): Promise<number> {
  const [row] = await db.query<{ missing: number }>(
    `SELECT count(*)::integer AS missing FROM generate_series(0, $2::integer) AS month
     WHERE to_regclass(audit_partition_name(audit_month_start($1, month))) IS NULL`,
    [now, ahead],
  );
  return row?.missing ?? 0;
}

export async function makePartitions(tx: Queryable, now: Date, ahead: number): Promise<void> {
  await tx.query(
    `SELECT make_audit_partition(audit_month_start($1, month)) FROM generate_series(0, $2::integer) AS month`,
    [now, ahead],
  );
}

/** Whether this transaction alone, of all replicas, drops partitions now. */
export async function tryLeadPruning(tx: Queryable): Promise<boolean> {
  const [row] = await tx.query<{ leads: boolean }>(
    `SELECT pg_try_advisory_xact_lock(hashtext('strongroom-pruning'), hashtext(current_schema())) AS leads`,
  );
  return row?.leads === true;
}

/** The months that have a partition, the oldest first. */
export const listPartitions = (db: Queryable): Promise<{ start: Date; end: Date }[]> =>
  db.query(
    `WITH months AS (
       SELECT to_timestamp(substring(c.relname FROM '^audit_events_(\\d{4}_\\d\\d)$') || ' +00', 'YYYY_MM TZH') AS start
       FROM pg_inherits JOIN pg_class AS c ON c.oid = inhrelid
       WHERE inhparent = 'audit_events'::regclass
     )
     SELECT start, audit_month_start(start, 1) AS end FROM months WHERE start IS NOT NULL ORDER BY start`,
  );

export async function dropPartition(tx: Queryable, month: Date): Promise<void> {
  await tx.query('SELECT drop_audit_partition($1)', [month]);
}
