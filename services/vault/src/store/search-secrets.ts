import type { Queryable } from '@strongroom/db/database';
import type { Secret } from '../domain/secret.ts';
import { SECRET_COLUMNS, SECRET_JOINS, toSecret, type SecretRow } from './secret-rows.ts';

export type SecretSortKey = 'name' | 'created' | 'updated';

export interface SecretQuery {
  /** Roles of the caller; only shared secrets that name one of them, or whose folder does, are found, unless `all`. */
  roles: readonly string[];
  all: boolean;
  filter: 'any' | 'readable' | 'writable' | 'accessible';
  /** Whether shared secrets are looked at. */
  shared: boolean;
  /** Whose personal secrets are looked at; the caller may use all of them. */
  ownerIds: readonly string[];
  /** Each must be part of the name, in any case. */
  words: readonly string[];
  sortKey: SecretSortKey;
  descending: boolean;
  offset: number;
  limit: number;
}

const READABLE = `(s.read_roles && $3::uuid[] OR f.effective_read_roles && $3::uuid[])`;
const WRITABLE = `(s.write_roles && $3::uuid[] OR f.effective_write_roles && $3::uuid[])`;

const WHERE = `WHERE s.name ILIKE ALL ($1::text[])
  AND (s.owner_id = ANY ($6::text[]) OR s.owner_id IS NULL AND $5
    AND ($2 OR coalesce(${READABLE} OR ${WRITABLE}, false))
    AND CASE $4
          WHEN 'readable' THEN coalesce(${READABLE}, false)
          WHEN 'writable' THEN coalesce(${WRITABLE}, false)
          WHEN 'accessible' THEN coalesce(${READABLE} OR ${WRITABLE}, false)
          ELSE true
        END)`;

const SORT_COLUMNS: Record<SecretSortKey, string> = {
  name: 's.name',
  created: 's.created_at',
  updated: 's.updated_at',
};

/** One page, and how many there are in all. */
export async function searchSecrets(
  db: Queryable,
  query: SecretQuery,
): Promise<{ count: number; secrets: Secret[] }> {
  const patterns = query.words.map(word => `%${word.replace(/[\\%_]/g, '\\$&')}%`);
  const filter = [patterns, query.all, query.roles, query.filter, query.shared, query.ownerIds];
  const direction = query.descending ? 'DESC' : 'ASC';
  const [[total], rows] = await Promise.all([
    db.query<{ count: number }>(
      `SELECT count(*)::integer AS count FROM secrets s ${SECRET_JOINS} ${WHERE}`,
      filter,
    ),
    db.query<SecretRow>(
      `SELECT ${SECRET_COLUMNS} FROM secrets s ${SECRET_JOINS} ${WHERE}
       ORDER BY ${SORT_COLUMNS[query.sortKey]} ${direction}, s.id ${direction} OFFSET $7 LIMIT $8`,
      [...filter, query.offset, query.limit],
    ),
  ]);
  return { count: total?.count ?? 0, secrets: rows.map(toSecret) };
}
