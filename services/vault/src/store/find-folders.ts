import type { Queryable } from '@strongroom/db/database';
import type { PlacedFolder } from '../domain/folder.ts';
import { FOLDER_COLUMNS, toFolder, type FolderRow } from './folders.ts';
import { KNOWN, type FolderViewer } from './list-folders.ts';

/** What folders are looked for by; what is left out does not count. */
export interface FolderQuery {
  /** Below which folder; undefined: anywhere. */
  readonly parentId?: string | undefined;
  /** Those right below it alone, or without one, those at the top. */
  readonly direct?: boolean | undefined;
  /** What the last part of the path contains, in any case. */
  readonly text?: string | undefined;
  /** Only those whose write roles the viewer has one of; whoever sees all, has them all. */
  readonly writable?: boolean | undefined;
}

type PlacedRow = FolderRow & { parent_number: number | null };

const toPlaced = (row: PlacedRow): PlacedFolder => ({
  ...toFolder(row),
  parentNumber: row.parent_number ?? undefined,
});

/** What is asked for, of what the viewer $1, $2 may know of. A recursion finds what is below a folder by its index. */
const FOUND = `WITH RECURSIVE ${KNOWN}, below AS (
    SELECT id FROM folders WHERE parent_id = $3
    UNION ALL
    SELECT c.id FROM below b JOIN folders c ON c.parent_id = b.id WHERE NOT $4
  ), found AS (
    SELECT * FROM folders
    WHERE ($1 OR id IN (SELECT id FROM known))
      AND ($3::uuid IS NULL OR id IN (SELECT id FROM below))
      AND (NOT $4 OR $3::uuid IS NOT NULL OR parent_id IS NULL)
      AND ($5::text IS NULL OR position(lower($5) IN lower(regexp_replace(path, '^.*/', ''))) > 0)
      AND ($1 OR NOT $6 OR effective_write_roles && $2::uuid[])
  )`;

/** One page of them by their paths, and how many there are. */
export async function findFolders(
  db: Queryable,
  viewer: FolderViewer,
  { parentId, direct = false, text, writable = false }: FolderQuery,
  { offset, limit }: { offset: number; limit: number },
): Promise<{ count: number; folders: PlacedFolder[] }> {
  const asked = [viewer.all, viewer.roles, parentId, direct, text, writable];
  const [[total], rows] = await Promise.all([
    db.query<{ count: number }>(`${FOUND} SELECT count(*)::integer AS count FROM found`, asked),
    db.query<PlacedRow>(
      `${FOUND}
       SELECT ${FOLDER_COLUMNS}, (SELECT p.number FROM folders p WHERE p.id = found.parent_id) AS parent_number
       FROM found ORDER BY path OFFSET $7 LIMIT $8`,
      [...asked, offset, limit],
    ),
  ]);
  return { count: total?.count ?? 0, folders: rows.map(toPlaced) };
}

/** The number by which a folder is known, as its secrets and those below it name it. */
export async function findFolderNumber(db: Queryable, id: string): Promise<number | undefined> {
  const [row] = await db.query<{ number: number }>('SELECT number FROM folders WHERE id = $1', [id]);
  return row?.number;
}
