import type { Queryable } from '@strongroom/db/database';
import type { TrailRecord } from '../domain/trail.ts';

/** Rows from before there was a chain wait in a table of their own, which goes when it is empty. */

export async function hasUnchainedEvents(db: Queryable): Promise<boolean> {
  const [table] = await db.query<{ present: boolean }>(
    `SELECT to_regclass('audit_events_unchained') IS NOT NULL AS present`,
  );
  return table?.present === true;
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
