import type { Queryable } from '@strongroom/db/database';
import type { Describable } from '../domain/user-attributes.ts';
import { patterns } from './listing.ts';

export type UserSortKey =
  | 'id'
  | 'principal'
  | 'username'
  | 'full_name'
  | 'first_name'
  | 'last_name'
  | 'email'
  | 'created'
  | 'updated';

export interface UserPage {
  sortKey: UserSortKey;
  descending: boolean;
  offset: number;
  limit: number;
}

export interface UserQuery extends UserPage {
  /** A person is found when user name, names or email hold one of these, in any case; none finds all. */
  words: readonly string[];
  sourceId: string | null;
  /** null: any. */
  ids: readonly string[] | null;
}

const SORT_COLUMNS: Record<UserSortKey, string> = {
  id: 'id',
  principal: 'canonical_username',
  username: 'canonical_username',
  full_name: `lower(document->>'full_name')`,
  first_name: `lower(document->>'first_name')`,
  last_name: `lower(document->>'last_name')`,
  email: `lower(document->>'email')`,
  created: 'created_at',
  updated: 'updated_at',
};

const WHERE = `WHERE ($1::text[] = ARRAY[]::text[]
    OR username ILIKE ANY ($1) OR document->>'full_name' ILIKE ANY ($1)
    OR document->>'display_name' ILIKE ANY ($1) OR document->>'first_name' ILIKE ANY ($1)
    OR document->>'last_name' ILIKE ANY ($1) OR document->>'email' ILIKE ANY ($1))
  AND ($2::text IS NULL OR source_id::text = lower($2)) AND ($3::uuid[] IS NULL OR id = ANY ($3))`;

/** Ids of one page, in its order, and how many there are in all. */
export async function searchUsers(
  db: Queryable,
  query: UserQuery,
): Promise<{ count: number; ids: string[] }> {
  const filter = [patterns(query.words), query.sourceId, query.ids];
  const direction = query.descending ? 'DESC' : 'ASC';
  const [[total], rows] = await Promise.all([
    db.query<{ count: number }>(`SELECT count(*)::integer AS count FROM users ${WHERE}`, filter),
    db.query<{ id: string }>(
      `SELECT id FROM users ${WHERE}
       ORDER BY ${SORT_COLUMNS[query.sortKey]} ${direction}, id ${direction} OFFSET $4 LIMIT $5`,
      [...filter, query.offset, query.limit],
    ),
  ]);
  return { count: total?.count ?? 0, ids: rows.map(row => row.id) };
}

/** What rules look at. */
export interface RuledUser extends Describable {
  readonly id: string;
  readonly sourceId: string;
}

/** The people of these sources, so far as they are enabled, in order of id: those after `after`. */
export async function findUsersOfSources(
  db: Queryable,
  sourceIds: readonly string[],
  after: string,
  limit: number,
): Promise<RuledUser[]> {
  return db.query<RuledUser>(
    `SELECT u.id, u.source_id AS "sourceId", u.username, u.document, u.tags
     FROM users u JOIN sources s ON s.id = u.source_id AND s.is_enabled
     WHERE s.id::text = ANY ($1) AND u.id > $2 ORDER BY u.id LIMIT $3`,
    [sourceIds, after, limit],
  );
}
