import type { Queryable } from '@strongroom/db/database';
import { pathsDownTo, type Folder } from '../domain/folder.ts';

interface FolderRow {
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

const COLUMNS = `id, number, parent_id, path, read_roles, write_roles, inherits, effective_read_roles,
  effective_write_roles, revision, created_at, created_by, updated_at, updated_by`;

const toFolder = (row: FolderRow): Folder => ({
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
    `SELECT ${COLUMNS} FROM folders WHERE path = ANY ($1::text[]) ORDER BY length(path) DESC LIMIT 1`,
    [pathsDownTo(path)],
  );
  return row && toFolder(row);
}

/**
 * The same, and nobody changes who may read and write in it until the transaction ends, so that what is made below
 * inherits what counts.
 */
export async function holdNearestFolder(tx: Queryable, path: string): Promise<Folder | undefined> {
  const [row] = await tx.query<FolderRow>(
    `SELECT ${COLUMNS} FROM folders WHERE path = ANY ($1::text[]) ORDER BY length(path) DESC LIMIT 1 FOR SHARE`,
    [pathsDownTo(path)],
  );
  return row && toFolder(row);
}

/** False: there is one of this path. */
export async function insertFolder(tx: Queryable, folder: Omit<Folder, 'number'>): Promise<boolean> {
  const rows = await tx.query(
    `INSERT INTO folders (id, parent_id, path, read_roles, write_roles, inherits, effective_read_roles,
                          effective_write_roles, revision, created_at, created_by, updated_at, updated_by)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9, $10, $9, $10)
     ON CONFLICT ON CONSTRAINT folders_path_unique DO NOTHING RETURNING id`,
    [
      folder.id,
      folder.parentId,
      folder.path,
      folder.readRoles,
      folder.writeRoles,
      folder.inherits,
      folder.effectiveReadRoles,
      folder.effectiveWriteRoles,
      folder.createdAt,
      folder.createdBy,
    ],
  );
  return rows.length === 1;
}
