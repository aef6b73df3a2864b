import type { Queryable } from '@strongroom/db/database';
import { canonicalName } from '@strongroom/schema/text';

export interface ExternalSubject {
  readonly id: string;
  readonly username: string;
  readonly sourceId: string;
}

/**
 * The enabled person of an enabled source whose user name is exactly this one. To us two spellings of a name are
 * the same person; to another issuer they may be two, and the second must not become the first.
 */
export async function findExternalSubject(
  db: Queryable,
  sourceId: string,
  username: string,
): Promise<ExternalSubject | undefined> {
  const [row] = await db.query<{ id: string; username: string; source_id: string }>(
    `SELECT u.id, u.username, u.source_id FROM users u JOIN sources s ON s.id = u.source_id
     WHERE u.canonical_username = $1 AND u.username = $2 AND u.source_id = $3
       AND NOT u.is_disabled AND NOT u.is_application AND s.is_enabled`,
    [canonicalName(username), username, sourceId],
  );
  return row === undefined ? undefined : { id: row.id, username: row.username, sourceId: row.source_id };
}

/** All that anybody can hold: the permissions of every role. */
export async function findGrantablePermissions(db: Queryable): Promise<string[]> {
  const rows = await db.query<{ permission: string }>(
    'SELECT DISTINCT unnest(permissions) AS permission FROM roles',
  );
  return rows.map(row => row.permission);
}
