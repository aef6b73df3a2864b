import type { Queryable } from '@strongroom/db/database';

export interface ChildrenQuery {
  /** Undefined: the top. */
  readonly folderId: string | undefined;
  /** Roles of the caller; only what names one of them is found, unless `all`. */
  readonly roles: readonly string[];
  readonly all: boolean;
  readonly offset: number;
  readonly limit: number;
}

/**
 * What the caller may know of in a folder: secrets, and folders that he may know of or that have something below them
 * that he may. Only what is below the folder is looked at, whatever there is elsewhere.
 */
const statement = (parent: string, folder: string) => `
  WITH RECURSIVE below AS (
    SELECT f.id, f.id AS child,
           f.effective_read_roles && $1::uuid[] OR f.effective_write_roles && $1::uuid[] AS known
    FROM folders f WHERE ${parent} AND NOT $2
    UNION ALL
    SELECT f.id, b.child, f.effective_read_roles && $1::uuid[] OR f.effective_write_roles && $1::uuid[]
    FROM below b JOIN folders f ON f.parent_id = b.id
    WHERE NOT b.known
  ), visible AS (
    SELECT child FROM below WHERE known
    UNION
    SELECT b.child FROM below b JOIN secrets s ON s.folder_id = b.id
    WHERE s.read_roles && $1::uuid[] OR s.write_roles && $1::uuid[]
  ), keys AS (
    SELECT substring(f.path FROM '[^/]*$') || '/' AS key
    FROM folders f WHERE ${parent} AND ($2 OR f.id IN (SELECT child FROM visible))
    UNION ALL
    SELECT substring(s.name FROM '[^/]*$')
    FROM secrets s LEFT JOIN folders f ON f.id = s.folder_id
    WHERE s.owner_id IS NULL AND ${folder}
      AND ($2 OR s.read_roles && $1::uuid[] OR s.write_roles && $1::uuid[]
           OR coalesce(f.effective_read_roles && $1::uuid[] OR f.effective_write_roles && $1::uuid[], false))
  )
  SELECT total.count, page.key
  FROM (SELECT count(*)::integer AS count FROM keys) AS total
  LEFT JOIN LATERAL (SELECT key FROM keys ORDER BY key COLLATE "C" OFFSET $3 LIMIT $4) AS page ON true`;

const AT_THE_TOP = statement('f.parent_id IS NULL', 's.folder_id IS NULL');
const IN_A_FOLDER = statement('f.parent_id = $5', 's.folder_id = $5');

/** One page of their last segments, folders' with a slash behind, and how many there are in all. */
export async function listChildren(
  db: Queryable,
  { folderId, roles, all, offset, limit }: ChildrenQuery,
): Promise<{ count: number; keys: string[] }> {
  const values = [roles, all, offset, limit];
  const rows = await (folderId === undefined
    ? db.query<{ count: number; key: string | null }>(AT_THE_TOP, values)
    : db.query<{ count: number; key: string | null }>(IN_A_FOLDER, [...values, folderId]));
  return { count: rows[0]?.count ?? 0, keys: rows.flatMap(({ key }) => (key === null ? [] : [key])) };
}
