import type { Database, Queryable } from '@strongroom/db/database';
import type { AuditEvent, TrailRecord } from '../domain/trail.ts';
import { countLimit, searchableWords, type TrailSearch } from '../domain/trail-search.ts';

/** Adds the records in their order: one statement, whatever their number. */
export async function insertAuditEvents(tx: Queryable, records: readonly TrailRecord[]): Promise<void> {
  await tx.query(
    `INSERT INTO audit_events (id, created, service_name, event_id, event_name, message, words)
     SELECT r.id, r.created, r.service, r.code, r.name, r.message, r.words
     FROM ROWS FROM (
       jsonb_to_recordset($1::jsonb)
         AS (id uuid, created timestamptz, service text, code integer, name text, message jsonb, words text)
     ) WITH ORDINALITY AS r (id, created, service, code, name, message, words, place)
     ORDER BY r.place`,
    [JSON.stringify(records.map(record => ({ ...record, words: searchableWords(record) })))],
  );
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
