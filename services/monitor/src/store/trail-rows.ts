import type { Queryable } from '@strongroom/db/database';
import type { RowContent } from '../domain/canonical.ts';
import type { Sealed } from '../domain/chain.ts';

interface TrailRow extends Omit<RowContent, 'position' | 'recordedAt'> {
  position: string;
  recorded_at: string;
  /** As PostgreSQL reads it back to the same value, unlike a number. */
  key: string;
  mac: Buffer;
}

const toRow = (row: TrailRow): Sealed<RowContent> => ({
  position: Number(row.position),
  recordedAt: row.recorded_at,
  id: row.id,
  created: row.created,
  service: row.service,
  code: row.code,
  name: row.name,
  message: row.message,
  words: row.words,
  mac: row.mac,
});

const PAGE = 1_000;

/** Instants as text, which is exact and never fails, whatever somebody wrote there. */
const READ_PAGE = `
  SELECT position, extract(epoch FROM recorded_at)::text AS recorded_at, recorded_at::text AS key, id,
    extract(epoch FROM created)::text AS created, service_name AS service, event_id AS code, event_name AS name,
    message, words, mac
  FROM audit_events
  WHERE (position, recorded_at) > ($1::bigint, $2::timestamptz)
  ORDER BY position, recorded_at LIMIT $3`;

/** Whole rows of the trail in order from `position` on, in pages: each is a statement of its own. */
export async function* readRows(tx: Queryable, position: number): AsyncGenerator<Sealed<RowContent>[]> {
  let after: [position: string, key: string] = [String(position - 1), 'infinity'];
  for (;;) {
    const rows = await tx.query<TrailRow>(READ_PAGE, [...after, PAGE]);
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows.map(toRow);
    after = [last.position, last.key];
  }
}
