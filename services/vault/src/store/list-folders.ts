import type { Queryable } from '@strongroom/db/database';
import type { Folder } from '../domain/folder.ts';
import { FOLDER_COLUMNS, toFolder, type FolderRow } from './folders.ts';

/** Whose eyes folders are looked at with. */
export interface FolderViewer {
  readonly roles: readonly string[];
  /** Sees all of them. */
  readonly all: boolean;
}

/**
 * What holders of the roles $2 may know of, unless $1, when they see all: folders in which they may read or write,
 * those with a secret for them, and every folder above one of these. It grows with what they may see and not with what
 * there is: the first two are found by the indexes of role lists.
 */
export const KNOWN = `known AS (
    SELECT id, parent_id FROM folders
    WHERE NOT $1 AND (effective_read_roles && $2::uuid[] OR effective_write_roles && $2::uuid[])
    UNION
    SELECT f.id, f.parent_id FROM secrets s JOIN folders f ON f.id = s.folder_id
    WHERE NOT $1 AND (s.read_roles && $2::uuid[] OR s.write_roles && $2::uuid[])
    UNION
    SELECT p.id, p.parent_id FROM known k JOIN folders p ON p.id = k.parent_id
  )`;

/** One page of the folders right below `parentId`, or of those at the top, and how many the viewer knows of in all. */
export async function listFolders(
  db: Queryable,
  parentId: string | undefined,
  viewer: FolderViewer,
  { offset, limit }: { offset: number; limit: number },
): Promise<{ count: number; folders: Folder[] }> {
  const where = [viewer.all, viewer.roles, parentId];
  const [[total], rows] = await Promise.all([
    db.query<{ count: number }>(
      `WITH RECURSIVE ${KNOWN}
       SELECT count(*)::integer AS count FROM folders
       WHERE (parent_id = $3 OR $3::uuid IS NULL AND parent_id IS NULL) AND ($1 OR id IN (SELECT id FROM known))`,
      where,
    ),
    db.query<FolderRow>(
      `WITH RECURSIVE ${KNOWN}
       SELECT ${FOLDER_COLUMNS} FROM folders
       WHERE (parent_id = $3 OR $3::uuid IS NULL AND parent_id IS NULL) AND ($1 OR id IN (SELECT id FROM known))
       ORDER BY path OFFSET $4 LIMIT $5`,
      [...where, offset, limit],
    ),
  ]);
  return { count: total?.count ?? 0, folders: rows.map(toFolder) };
}

/** Whether somebody with these roles may read or write anything in the folder or below it. */
export async function isAnythingKnownBelow(
  db: Queryable,
  id: string,
  roles: readonly string[],
): Promise<boolean> {
  const rows = await db.query(
    `WITH RECURSIVE tree AS (
       SELECT id, effective_read_roles, effective_write_roles FROM folders WHERE id = $1
       UNION ALL
       SELECT c.id, c.effective_read_roles, c.effective_write_roles FROM tree t JOIN folders c ON c.parent_id = t.id
     )
     SELECT 1 FROM tree t
     WHERE t.effective_read_roles && $2::uuid[] OR t.effective_write_roles && $2::uuid[]
        OR EXISTS (SELECT 1 FROM secrets s
                   WHERE s.folder_id = t.id AND (s.read_roles && $2::uuid[] OR s.write_roles && $2::uuid[]))
     LIMIT 1`,
    [id, roles],
  );
  return rows.length === 1;
}
