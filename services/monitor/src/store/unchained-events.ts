import type { Queryable } from '@strongroom/db/database';
import type { TrailRecord } from '../domain/trail.ts';

/** Rows from before there was a chain wait in a table of their own, which goes when it is empty. */

/** Asks the catalogue itself: `to_regclass` may answer from before this transaction's wait for a lock. */
export async function hasUnchainedEvents(db: Queryable): Promise<boolean> {
  const rows = await db.query(
    `SELECT FROM pg_class
     WHERE relname = 'audit_events_unchained' AND relnamespace = current_schema()::regnamespace`,
  );
  return rows.length > 0;
}

/** The oldest, taken out of the table. In the order in which they came. */
export async function takeUnchainedEvents(tx: Queryable, limit: number): Promise<TrailRecord[]> {
  return tx.query<TrailRecord>(
    `WITH taken AS (
       DELETE FROM audit_events_unchained WHERE position IN (
         SELECT position FROM audit_events_unchained ORDER BY position LIMIT $1
       ) RETURNING *
     )
     SELECT id, created, service_name AS service, event_id AS code, event_name AS name, message
     FROM taken ORDER BY position`,
    [limit],
  );
}

export async function dropUnchainedEvents(tx: Queryable): Promise<void> {
  await tx.query('DROP TABLE audit_events_unchained');
}
