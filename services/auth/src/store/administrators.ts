import type { Queryable } from '@strongroom/db/database';

/**
 * Ids of the people who have the role of administrators for good and can sign in. Who asks next waits until the
 * transaction ends: of two, one can always remain.
 */
export async function lockAdministrators(tx: Queryable): Promise<string[]> {
  await tx.query(`SELECT id FROM roles WHERE canonical_name = 'privx-admin' FOR NO KEY UPDATE`);
  const rows = await tx.query<{ id: string }>(
    `SELECT u.id FROM roles r
       JOIN user_roles ur ON ur.role_id = r.id AND ur.grant_type = 'PERMANENT'
       JOIN users u ON u.id = ur.user_id AND NOT u.is_disabled AND NOT u.is_application
     WHERE r.canonical_name = 'privx-admin'`,
  );
  return rows.map(row => row.id);
}
