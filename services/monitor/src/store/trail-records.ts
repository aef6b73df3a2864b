import type { Queryable } from '@strongroom/db/database';
import type { PlacedRecord } from '../domain/trail-line.ts';

/** Which part of the trail. Both ends of both ranges belong to it. */
export interface TrailPart {
  readonly firstPosition: number;
  readonly lastPosition: number;
  readonly from: Date | undefined;
  readonly to: Date | undefined;
}

/** Positions that one statement looks at: milliseconds, also when none of them is wanted. */
const WINDOW = 10_000;

interface RecordRow {
  position: string;
  id: string;
  created: Date;
  service_name: string;
  event_id: number;
  event_name: string;
  message: Record<string, string>;
}

/**
 * Up to `limit` records of the part, in the order of the trail, and the position from which to go on: undefined at
 * the end. There may be none in between, when a window has none that is wanted.
 */
export async function readTrailPage(
  db: Queryable,
  part: TrailPart,
  limit: number,
): Promise<{ records: PlacedRecord[]; next: number | undefined }> {
  const end = Math.min(part.lastPosition, part.firstPosition + WINDOW - 1);
  const rows = await db.query<RecordRow>(
    `SELECT position, id, created, service_name, event_id, event_name, message FROM audit_events
     WHERE position >= $1 AND position <= $2
       AND ($3::timestamptz IS NULL OR created >= $3) AND ($4::timestamptz IS NULL OR created <= $4)
     ORDER BY position LIMIT $5`,
    [part.firstPosition, end, part.from, part.to, limit],
  );
  const records = rows.map(toRecord);
  const seen = records.length === limit ? (records.at(-1)?.position ?? end) : end;
  return { records, next: seen < part.lastPosition ? seen + 1 : undefined };
}

/** The first position that monitor recorded at this time or later; undefined: none. */
export async function findFirstPositionSince(db: Queryable, since: Date): Promise<number | undefined> {
  const [row] = await db.query<{ first_position: string }>(
    'SELECT first_position FROM audit_batches WHERE recorded_at >= $1 ORDER BY recorded_at, number LIMIT 1',
    [since],
  );
  return row && Number(row.first_position);
}

/** Up to `limit` records behind this position, in the order of the trail. */
export async function readTrailAfter(
  db: Queryable,
  position: number,
  limit: number,
): Promise<PlacedRecord[]> {
  const rows = await db.query<RecordRow>(
    `SELECT position, id, created, service_name, event_id, event_name, message FROM audit_events
     WHERE position > $1 ORDER BY position LIMIT $2`,
    [position, limit],
  );
  return rows.map(toRecord);
}

const toRecord = (row: RecordRow): PlacedRecord => ({
  position: Number(row.position),
  id: row.id,
  created: row.created,
  service: row.service_name,
  code: row.event_id,
  name: row.event_name,
  message: row.message,
});
