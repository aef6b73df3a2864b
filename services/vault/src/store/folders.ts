import { isForeignKeyViolation, type Queryable } from '@strongroom/db/database';
import { folderNotEmpty } from '../domain/errors.ts';
import { pathsDownTo, type Folder } from '../domain/folder.ts';

export interface FolderRow {
  id: string;
  number: number;
  parent_id: string | null;
  path: string;
  read_roles: string[];
  write_roles: string[];
  inherits: boolean;
  effective_read_roles: string[];
  effective_write_roles: string[];
  revision: string;
  created_at: Date;
  created_by: string;
  updated_at: Date;
  updated_by: string;
}

export const FOLDER_COLUMNS = `id, number, parent_id, path, read_roles, write_roles, inherits, effective_read_roles,
  effective_write_roles, revision, created_at, created_by, updated_at, updated_by`;

export const toFolder = (row: FolderRow): Folder => ({
  id: row.id,
  number: row.number,
  parentId: row.parent_id ?? undefined,
  path: row.path,
  readRoles: row.read_roles,
  writeRoles: row.write_roles,
  inherits: row.inherits,
  effectiveReadRoles: row.effective_read_roles,
  effectiveWriteRoles: row.effective_write_roles,
  revision: Number(row.revision),
  createdAt: row.created_at,
  createdBy: row.created_by,
  updatedAt: row.updated_at,
  updatedBy: row.updated_by,
});

/** The folder, or the nearest one above it that exists: whose roles count for what is made at `path`. */
export async function findNearestFolder(db: Queryable, path: string): Promise<Folder | undefined> {
  const [row] = await db.query<FolderRow>(
    `SELECT ${FOLDER_COLUMNS} FROM folders WHERE path = ANY ($1::text[]) ORDER BY length(path) DESC LIMIT 1`,
    [pathsDownTo(path)],
  );
  return row && toFolder(row);
}

/** How a folder is asked for. */
export type FolderKey = { readonly id: string } | { readonly number: number };

export async function findFolder(db: Queryable, key: FolderKey): Promise<Folder | undefined> {
  const [row] = await db.query<FolderRow>(
    `SELECT ${FOLDER_COLUMNS} FROM folders WHERE id = $1 OR number = $2::bigint`,
    'id' in key ? [key.id, null] : [null, key.number],
  );
  return row && toFolder(row);
}

export async function findFolderByPath(db: Queryable, path: string): Promise<Folder | undefined> {
  const [row] = await db.query<FolderRow>(`SELECT ${FOLDER_COLUMNS} FROM folders WHERE path = $1`, [path]);
  return row && toFolder(row);
}

/** The folder of this path; where there is none, the first one whose path differs by case alone. */
export async function findFolderLike(db: Queryable, path: string): Promise<Folder | undefined> {
  const [row] = await db.query<FolderRow>(
    `SELECT ${FOLDER_COLUMNS} FROM folders WHERE lower(path) = lower($1) ORDER BY path <> $1, path COLLATE "C" LIMIT 1`,
    [path],
  );
  return row && toFolder(row);
}

/** Undefined: there is one of this path. */
export async function insertFolder(
  tx: Queryable,
  folder: Omit<Folder, 'number'>,
): Promise<Folder | undefined> {
  const [row] = await tx.query<FolderRow>(
    `INSERT INTO folders (id, parent_id, path, read_roles, write_roles, inherits, effective_read_roles,
                          effective_write_roles, revision, created_at, created_by, updated_at, updated_by)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
     ON CONFLICT ON CONSTRAINT folders_path_unique DO NOTHING RETURNING ${FOLDER_COLUMNS}`,
    [
      folder.id,
      ...changingValues(folder),
      folder.createdAt,
      folder.createdBy,
      folder.updatedAt,
      folder.updatedBy,
    ],
  );
  return row && toFolder(row);
}

export async function updateFolder(tx: Queryable, folder: Folder): Promise<void> {
  await tx.query(
    `UPDATE folders SET parent_id = $2, path = $3, read_roles = $4, write_roles = $5, inherits = $6,
       effective_read_roles = $7, effective_write_roles = $8, revision = $9, updated_at = $10, updated_by = $11
     WHERE id = $1`,
    [folder.id, ...changingValues(folder), folder.updatedAt, folder.updatedBy],
  );
}

const changingValues = (folder: Omit<Folder, 'number'>): unknown[] => [
  folder.parentId,
  folder.path,
  folder.readRoles,
  folder.writeRoles,
  folder.inherits,
  folder.effectiveReadRoles,
  folder.effectiveWriteRoles,
  folder.revision,
];

/** Throws when something is in it. */
export async function deleteFolder(tx: Queryable, id: string): Promise<void> {
  try {
    await tx.query('DELETE FROM folders WHERE id = $1', [id]);
  } catch (error) {
    const inUse = ['secrets_folder_exists', 'folders_parent_id_fkey'].some(name =>
      isForeignKeyViolation(error, name),
    );
    throw inUse ? folderNotEmpty() : error;
  }
}
