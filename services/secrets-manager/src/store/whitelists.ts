import { isUniqueViolation, type Queryable } from '@strongroom/db/database';
import { canonicalName } from '@strongroom/schema/text';
import { whitelistExists } from '../domain/errors.ts';
import type { Whitelist } from '../domain/whitelist.ts';

/** Rows come out under the domain's own names. */
const COLUMNS = `id, name, comment, type, patterns,
  created_at AS "createdAt", created_by AS "createdBy", updated_at AS "updatedAt", updated_by AS "updatedBy"`;

const values = (whitelist: Omit<Whitelist, 'createdAt' | 'createdBy'>) => [
  whitelist.id,
  whitelist.name,
  canonicalName(whitelist.name),
  whitelist.comment,
  whitelist.type,
  whitelist.patterns,
  whitelist.updatedAt,
  whitelist.updatedBy,
];

const translate = (error: unknown) =>
  isUniqueViolation(error, 'whitelists_name_unique') ? whitelistExists() : error;

export async function insertWhitelist(tx: Queryable, whitelist: Whitelist): Promise<void> {
  try {
    await tx.query(
      `INSERT INTO whitelists (id, name, canonical_name, comment, type, patterns, updated_at, updated_by,
                               created_at, created_by)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
      [...values(whitelist), whitelist.createdAt, whitelist.createdBy],
    );
  } catch (error) {
    throw translate(error);
  }
}

/** Replaces all but the id and who made it. False: there is none. */
export async function updateWhitelist(
  tx: Queryable,
  whitelist: Omit<Whitelist, 'createdAt' | 'createdBy'>,
): Promise<boolean> {
  try {
    const rows = await tx.query(
      `UPDATE whitelists SET name = $2, canonical_name = $3, comment = $4, type = $5, patterns = $6,
                             updated_at = $7, updated_by = $8
       WHERE id = $1 RETURNING id`,
      values(whitelist),
    );
    return rows.length === 1;
  } catch (error) {
    throw translate(error);
  }
}

/** Waits for those who are writing hosts that name it. */
export async function lockWhitelist(tx: Queryable, id: string): Promise<Whitelist | undefined> {
  const [row] = await tx.query<Whitelist>(`SELECT ${COLUMNS} FROM whitelists WHERE id = $1 FOR UPDATE`, [id]);
  return row;
}

export async function isWhitelistUsed(tx: Queryable, id: string): Promise<boolean> {
  const rows = await tx.query('SELECT FROM hosts WHERE whitelists @> ARRAY[$1::text] LIMIT 1', [id]);
  return rows.length > 0;
}

/** The row is locked by `lockWhitelist` before. */
export async function deleteWhitelist(tx: Queryable, id: string): Promise<void> {
  await tx.query('DELETE FROM whitelists WHERE id = $1', [id]);
}

export async function findWhitelist(db: Queryable, id: string): Promise<Whitelist | undefined> {
  const [row] = await db.query<Whitelist>(`SELECT ${COLUMNS} FROM whitelists WHERE id = $1`, [id]);
  return row;
}

/** Which of `ids` exist; none of them can be deleted until the transaction ends. */
export async function holdWhitelists(tx: Queryable, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = await tx.query<{ id: string }>(
    'SELECT id FROM whitelists WHERE id = ANY ($1::uuid[]) ORDER BY id FOR SHARE',
    [ids],
  );
  return new Set(rows.map(({ id }) => id));
}

/** id → name of those that exist. */
export async function whitelistNames(
  db: Queryable,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await db.query<{ id: string; name: string }>(
    'SELECT id, name FROM whitelists WHERE id = ANY ($1::uuid[])',
    [ids],
  );
  return new Map(rows.map(({ id, name }) => [id, name]));
}

const SORT_COLUMNS = {
  id: 'id',
  name: 'canonical_name',
  type: 'type',
  created: 'created_at',
  updated: 'updated_at',
} as const;
export type WhitelistSortKey = keyof typeof SORT_COLUMNS;

/** Those whose name, comment or patterns hold one of the words, in any case; none finds all. */
export async function searchWhitelists(
  db: Queryable,
  query: {
    words: readonly string[];
    sortKey: WhitelistSortKey;
    descending: boolean;
    offset: number;
    limit: number;
  },
): Promise<{ count: number; whitelists: Whitelist[] }> {
  const where = `WHERE $1::text[] = ARRAY[]::text[] OR name ILIKE ANY ($1) OR comment ILIKE ANY ($1)
    OR EXISTS (SELECT FROM unnest(patterns) AS pattern WHERE pattern ILIKE ANY ($1))`;
  const words = query.words.map(word => `%${word.replace(/[\\%_]/g, '\\$&')}%`);
  const direction = query.descending ? 'DESC' : 'ASC';
  const [[total], whitelists] = await Promise.all([
    db.query<{ count: number }>(`SELECT count(*)::integer AS count FROM whitelists ${where}`, [words]),
    db.query<Whitelist>(
      `SELECT ${COLUMNS} FROM whitelists ${where}
       ORDER BY ${SORT_COLUMNS[query.sortKey]} ${direction}, id ${direction} OFFSET $2 LIMIT $3`,
      [words, query.offset, query.limit],
    ),
  ]);
  return { count: total?.count ?? 0, whitelists };
}
