import { isUniqueViolation, type Queryable } from '@strongroom/db/database';
import { canonicalName } from '@strongroom/schema/text';
import { roleExists } from '../domain/errors.ts';
import type { Role, RoleDocument } from '../domain/role.ts';
import { NAME_HOLDS, orderBy, patterns, type ListQuery } from './listing.ts';

interface RoleRow {
  id: string;
  name: string;
  permissions: string[] | null;
  is_system: boolean;
  document: RoleDocument;
  created_at: Date;
  created_by: string;
  updated_at: Date;
  updated_by: string;
}

const toRole = (row: RoleRow): Role => ({
  id: row.id,
  name: row.name,
  permissions: row.permissions,
  isSystem: row.is_system,
  document: row.document,
  createdAt: row.created_at,
  createdBy: row.created_by,
  updatedAt: row.updated_at,
  updatedBy: row.updated_by,
});

const COLUMNS = `id, name, permissions, is_system, document, created_at, created_by, updated_at, updated_by`;

const values = (role: Role) => [
  role.id,
  role.name,
  canonicalName(role.name),
  role.permissions,
  JSON.stringify(role.document),
  role.updatedAt,
  role.updatedBy,
];

const translate = (error: unknown) => (isUniqueViolation(error, 'roles_name_unique') ? roleExists() : error);

export async function insertRole(tx: Queryable, role: Role): Promise<void> {
  try {
    await tx.query(
      `INSERT INTO roles (id, name, canonical_name, permissions, document, updated_at, updated_by,
                          created_at, created_by, is_system)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $6, $7, $8)`,
      [...values(role), role.isSystem],
    );
  } catch (error) {
    throw translate(error);
  }
}

export async function updateRole(tx: Queryable, role: Role): Promise<boolean> {
  try {
    const rows = await tx.query(
      `UPDATE roles SET name = $2, canonical_name = $3, permissions = $4, document = $5,
                        updated_at = $6, updated_by = $7
       WHERE id = $1 RETURNING id`,
      values(role),
    );
    return rows.length === 1;
  } catch (error) {
    throw translate(error);
  }
}

export async function deleteRole(tx: Queryable, id: string): Promise<boolean> {
  return (await tx.query('DELETE FROM roles WHERE id = $1 RETURNING id', [id])).length === 1;
}

export async function findRole(db: Queryable, id: string): Promise<Role | undefined> {
  const [row] = await db.query<RoleRow>(`SELECT ${COLUMNS} FROM roles WHERE id = $1`, [id]);
  return row === undefined ? undefined : toRole(row);
}

/** As `findRole`; nobody else changes, deletes or gives the role until the transaction ends. */
export async function lockRole(tx: Queryable, id: string): Promise<Role | undefined> {
  const [row] = await tx.query<RoleRow>(`SELECT ${COLUMNS} FROM roles WHERE id = $1 FOR UPDATE`, [id]);
  return row === undefined ? undefined : toRole(row);
}

/** In no order. */
export async function findRolesByIds(db: Queryable, ids: readonly string[]): Promise<Role[]> {
  return (await db.query<RoleRow>(`SELECT ${COLUMNS} FROM roles WHERE id = ANY ($1::uuid[])`, [ids])).map(
    toRole,
  );
}

/** Those of `names` that exist, each once, in the order asked for. */
export async function findRolesByName(db: Queryable, names: readonly string[]): Promise<Role[]> {
  const rows = await db.query<RoleRow>(
    `SELECT ${COLUMNS} FROM roles JOIN unnest($1::text[]) WITH ORDINALITY AS asked (asked_name, place)
       ON canonical_name = asked_name ORDER BY place`,
    [[...new Set(names.map(canonicalName))]],
  );
  return rows.map(toRole);
}

/** Those of `ids` that exist, with their permissions; they stay as they are until the transaction ends. */
export async function lockRoles(
  tx: Queryable,
  ids: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const rows = await tx.query<{ id: string; permissions: string[] | null }>(
    'SELECT id, permissions FROM roles WHERE id = ANY ($1::uuid[]) ORDER BY id FOR SHARE',
    [ids],
  );
  return new Map(rows.map(row => [row.id, row.permissions ?? []]));
}

export async function searchRoles(
  db: Queryable,
  query: ListQuery,
): Promise<{ count: number; roles: Role[] }> {
  const words = patterns(query.words);
  const [[total], rows] = await Promise.all([
    db.query<{ count: number }>(`SELECT count(*)::integer AS count FROM roles WHERE ${NAME_HOLDS}`, [words]),
    db.query<RoleRow>(
      `SELECT ${COLUMNS} FROM roles WHERE ${NAME_HOLDS} ${orderBy(query)} OFFSET $2 LIMIT $3`,
      [words, query.offset, query.limit],
    ),
  ]);
  return { count: total?.count ?? 0, roles: rows.map(toRole) };
}
