import type { Queryable } from '@strongroom/db/database';

/** Keeps an event that the trail cannot take. The same event a second time changes nothing. */
export async function insertRejectedEvent(
  db: Queryable,
  rejected: { event: unknown; reason: string; receivedAt: Date },
): Promise<void> {
  await db.query(
    `INSERT INTO rejected_events (digest, received_at, reason, event)
     VALUES (sha256(convert_to($1::text, 'UTF8')), $2, $3, $1::text::json)
     ON CONFLICT DO NOTHING`,
    [JSON.stringify(rejected.event), rejected.receivedAt, rejected.reason],
  );
}
