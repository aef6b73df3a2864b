import type { Queryable } from '@strongroom/db/database';

/**
 * Union of the permissions of the roles that a person was given, whether or not they hold at the moment, and of
 * the roles in `alsoIds`.
 */
export async function findGivenPermissions(
  db: Queryable,
  userId: string,
  alsoIds: readonly string[],
): Promise<string[]> {
  const rows = await db.query<{ permission: string }>(
    `SELECT DISTINCT permission FROM roles r, unnest(r.permissions) AS permission
     WHERE r.id = ANY ($2::uuid[]) OR r.id IN (SELECT role_id FROM user_roles WHERE user_id = $1)`,
    [userId, alsoIds],
  );
  return rows.map(row => row.permission);
}

/** Who asks next for the administrators waits until the transaction ends: of two, one can always remain. */
export async function lockAdministrators(tx: Queryable): Promise<string[]> {
  await tx.query(`SELECT id FROM roles WHERE canonical_name = 'privx-admin' FOR NO KEY UPDATE`);
  const rows = await tx.query<{ id: string }>(
    `SELECT u.id FROM users u
       JOIN user_roles ur ON ur.user_id = u.id AND ur.grant_type = 'PERMANENT'
       JOIN roles r ON r.id = ur.role_id, unnest(r.permissions) AS permission
     WHERE NOT u.is_disabled
     GROUP BY u.id
     HAVING array_agg(permission) @> (SELECT permissions FROM roles WHERE canonical_name = 'privx-admin')`,
  );
  return rows.map(row => row.id);
}
