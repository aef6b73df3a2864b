import type { Queryable } from '@strongroom/db/database';
import { patternOf } from './listing.ts';

export interface TagQuery {
  /** Part of a tag, in any case; empty finds all. */
  word: string;
  descending: boolean;
  offset: number;
  limit: number;
}

/** The tags that people have, each once. */
export async function listUserTags(
  db: Queryable,
  query: TagQuery,
): Promise<{ count: number; tags: string[] }> {
  const found = `SELECT DISTINCT tag FROM users, unnest(tags) AS tag WHERE tag ILIKE $1`;
  const pattern = patternOf(query.word);
  const [[total], rows] = await Promise.all([
    db.query<{ count: number }>(`SELECT count(*)::integer AS count FROM (${found}) AS found`, [pattern]),
    db.query<{ tag: string }>(
      `${found} ORDER BY tag ${query.descending ? 'DESC' : 'ASC'} OFFSET $2 LIMIT $3`,
      [pattern, query.offset, query.limit],
    ),
  ]);
  return { count: total?.count ?? 0, tags: rows.map(row => row.tag) };
}
