import type { Queryable } from '@strongroom/db/database';

/**
 * Remembers which of these events `consumer` has seen, inside the transaction that deals with them, and
 * returns the ids that are new. Delivery is at least once; this makes the effect happen once.
 */
export async function takeNew(
  tx: Queryable,
  consumer: string,
  eventIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await tx.query<{ event_id: string }>(
    `INSERT INTO inbox (consumer, event_id) SELECT $1, unnest($2::uuid[])
     ON CONFLICT DO NOTHING RETURNING event_id`,
    [consumer, eventIds],
  );
  return new Set(rows.map(row => row.event_id));
}

/** Forgets events older than any redelivery can be. Returns how many. */
export async function pruneInbox(db: Queryable, olderThan: Date): Promise<number> {
  const rows = await db.query('DELETE FROM inbox WHERE received_at < $1 RETURNING 1', [olderThan]);
  return rows.length;
}
