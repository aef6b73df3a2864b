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

export interface RejectedPage {
  readonly offset: number;
  readonly limit: number;
}

export interface RejectedEvent {
  /** Its digest, in hexadecimal. */
  readonly id: string;
  readonly receivedAt: Date;
  readonly reason: string;
  readonly event: unknown;
}

/** The oldest first, and how many there are in all. */
export async function listRejectedEvents(
  db: Queryable,
  { offset, limit }: RejectedPage,
): Promise<{ count: number; events: RejectedEvent[] }> {
  const rows = await db.query<{ id: string; received_at: Date; reason: string; event: unknown }>(
    `SELECT encode(digest, 'hex') AS id, received_at, reason, event FROM rejected_events
     ORDER BY received_at, digest OFFSET $1 LIMIT $2`,
    [offset, limit],
  );
  const [total] = await db.query<{ count: number }>('SELECT count(*)::integer AS count FROM rejected_events');
  return {
    count: total?.count ?? 0,
    events: rows.map(row => ({
      id: row.id,
      receivedAt: row.received_at,
      reason: row.reason,
      event: row.event,
    })),
  };
}

export async function deleteRejectedEvent(tx: Queryable, id: string): Promise<void> {
  await tx.query(`DELETE FROM rejected_events WHERE digest = decode($1, 'hex')`, [id]);
}
