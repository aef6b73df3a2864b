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

/** In pieces, so that no statement outruns its deadline, however long ago the last call was. */
const PRUNE_AT_ONCE = 10_000;

/** Forgets events older than any redelivery can be. Returns how many. */
export async function pruneInbox(db: Queryable, olderThan: Date): Promise<number> {
  for (let total = 0; ;) {
    const [row] = await db.query<{ pruned: number }>(
      `WITH pruned AS (
         DELETE FROM inbox WHERE (consumer, event_id) IN (
           SELECT consumer, event_id FROM inbox WHERE received_at < $1 LIMIT $2
         ) RETURNING 1
       ) SELECT count(*)::integer AS pruned FROM pruned`,
      [olderThan, PRUNE_AT_ONCE],
    );
    const pruned = row?.pruned ?? 0;
    total += pruned;
    if (pruned < PRUNE_AT_ONCE) return total;
  }
}
