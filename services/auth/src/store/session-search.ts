import type { Queryable } from '@strongroom/db/database';
import type { Session } from '../domain/session.ts';
import { SESSION_COLUMNS, toSession, type SessionRow } from './sessions.ts';
import { patterns } from './listing.ts';

export type SessionSortKey =
  | 'id'
  | 'user_id'
  | 'source_id'
  | 'parent_session_id'
  | 'domain'
  | 'username'
  | 'remote_address'
  | 'type'
  | 'created'
  | 'updated'
  | 'expires'
  | 'token_expires';

const SORT_COLUMNS: Record<SessionSortKey, string> = {
  id: 'id',
  user_id: 'subject_id',
  source_id: 'source_id',
  // No session has a parent: all are equal by it.
  parent_session_id: 'NULL::uuid',
  domain: 'client_id',
  username: 'username',
  remote_address: 'remote_address',
  type: 'kind',
  created: 'created_at',
  updated: 'updated_at',
  expires: 'expires_at',
  token_expires: 'token_expires_at',
};

export const SESSION_SORT_KEYS = Object.keys(SORT_COLUMNS) as [SessionSortKey, ...SessionSortKey[]];

export interface SessionQuery {
  readonly subjectId?: string | undefined;
  readonly sourceId?: string | undefined;
  readonly kind?: string | undefined;
  /** Found when name, address or user agent hold one of these, in any case; none finds all. */
  readonly words: readonly string[];
  readonly sortKey: SessionSortKey;
  readonly descending: boolean;
  readonly offset: number;
  readonly limit: number;
}

/** Sessions that have not run out, the ended ones among them: people look for what they did not do. */
export async function searchSessions(
  db: Queryable,
  query: SessionQuery,
  now: Date,
): Promise<{ count: number; sessions: Session[] }> {
  const where = `WHERE expires_at > $1 AND ($2::uuid IS NULL OR subject_id = $2)
    AND ($3::uuid IS NULL OR source_id = $3) AND ($4::text IS NULL OR kind = $4)
    AND ($5::text[] = ARRAY[]::text[] OR username ILIKE ANY ($5) OR remote_address ILIKE ANY ($5)
         OR user_agent ILIKE ANY ($5))`;
  const values = [
    now,
    query.subjectId ?? null,
    query.sourceId ?? null,
    query.kind ?? null,
    patterns(query.words),
  ];
  const direction = query.descending ? 'DESC' : 'ASC';
  const [[total], rows] = await Promise.all([
    db.query<{ count: number }>(`SELECT count(*)::integer AS count FROM sessions ${where}`, values),
    db.query<SessionRow>(
      `SELECT ${SESSION_COLUMNS} FROM sessions ${where}
       ORDER BY ${SORT_COLUMNS[query.sortKey]} ${direction}, id ${direction} OFFSET $6 LIMIT $7`,
      [...values, query.offset, query.limit],
    ),
  ]);
  return { count: total?.count ?? 0, sessions: rows.map(toSession) };
}
