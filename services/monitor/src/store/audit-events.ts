import type { Database, Queryable } from '@strongroom/db/database';
import type { AuditEvent } from '../domain/trail.ts';
import { countLimit, type TrailSearch } from '../domain/trail-search.ts';

/**
 * Whether the trail has a record of one of these ids since then. Exact under the lock of the head, which every writer
 * holds; the time spares looking into each month's partition.
 */
export async function isAnyTaken(tx: Queryable, ids: readonly string[], since: Date): Promise<boolean> {
  // A month that is filled faster than it is analysed has no statistics, and without them PostgreSQL expects to meet
  // one of many ids soon if it just reads the table: it would read all of it for every batch.
  await tx.query('SET LOCAL enable_seqscan = off');
  const rows = await tx.query(
    'SELECT FROM audit_events WHERE id = ANY ($1::uuid[]) AND recorded_at >= $2 LIMIT 1',
    [ids, since],
  );
  return rows.length > 0;
}

/** The position of the last record; 0: there is none yet. */
export async function findHead(db: Queryable): Promise<number> {
  const [row] = await db.query<{ position: string }>('SELECT position FROM audit_head');
  return Number(row?.position ?? 0);
}

export interface PlacedAuditEvent extends AuditEvent {
  readonly position: number;
}

/**
 * Up to `limit` records after `afterPosition`, in the order of the trail. A record is seen by none before those ahead of
 * it, so whoever goes on from the last position misses nothing.
 */
export async function readAuditEvents(
  db: Queryable,
  afterPosition: number,
  limit: number,
): Promise<PlacedAuditEvent[]> {
  const rows = await db.query<AuditEventRow & { position: string }>(
    `SELECT position, created, service_name, event_id, event_name, message FROM audit_events
     WHERE position > $1 ORDER BY position LIMIT $2`,
    [afterPosition, limit],
  );
  return rows.map(row => ({ position: Number(row.position), ...toAuditEvent(row) }));
}

interface AuditEventRow {
  created: Date;
  service_name: string;
  event_id: number;
  event_name: string;
  message: Record<string, string>;
}

const toAuditEvent = (row: AuditEventRow): AuditEvent => ({
  created: row.created,
  service: row.service_name,
  code: row.event_id,
  name: row.event_name,
  message: row.message,
});

/** A filter that is not set falls out when the statement is planned. */
const WHERE = `WHERE ($1::timestamptz IS NULL OR created >= $1)
  AND ($2::timestamptz IS NULL OR created <= $2)
  AND ($3::text IS NULL OR message ->> 'userID' = $3)
  AND ($4::text IS NULL OR message ->> 'sessionID' = $4)
  AND ($5::jsonb = '{}' OR message @> $5)
  AND ($6::text[] = '{}' OR words LIKE ALL ($6))`;

/** One page, and how many there are in all (see `countLimit`). */
export async function searchAuditEvents(
  db: Database,
  search: TrailSearch,
): Promise<{ count: number; events: AuditEvent[] }> {
  const { userID, sessionID, ...others } = search.members;
  const direction = search.descending ? 'DESC' : 'ASC';
  const filter = [
    search.from,
    search.to,
    userID,
    sessionID,
    JSON.stringify(others),
    search.words.map(word => `%${word.replace(/[\\%_]/g, '\\$&')}%`),
  ];
  return db.transaction(async tx => {
    // One plan for every combination of filters would be one that uses no index.
    await tx.query('SET LOCAL plan_cache_mode = force_custom_plan');
    const rows = await tx.query<AuditEventRow>(
      `SELECT created, service_name, event_id, event_name, message FROM audit_events ${WHERE}
       ORDER BY created ${direction}, position ${direction} OFFSET $7 LIMIT $8`,
      [...filter, search.offset, search.limit],
    );
    return { count: await count(tx, filter, search, rows.length), events: rows.map(toAuditEvent) };
  });
}

async function count(
  tx: Queryable,
  filter: readonly unknown[],
  search: TrailSearch,
  found: number,
): Promise<number> {
  const isLastPage = found < search.limit && (found > 0 || search.offset === 0);
  if (isLastPage) return search.offset + found;
  const [row] = await tx.query<{ count: number }>(
    `SELECT count(*)::integer AS count FROM (SELECT FROM audit_events ${WHERE} LIMIT $7) AS matches`,
    [...filter, countLimit(search)],
  );
  return row?.count ?? 0;
}
