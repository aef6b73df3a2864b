import type { Queryable } from '@strongroom/db/database';
import { canonicalName } from '@strongroom/schema/text';

export interface NewUser {
  id: string;
  username: string;
  passwordHash: string;
  roleIds: readonly string[];
}

/** Nothing happens when the user name is taken. */
export async function insertUser(tx: Queryable, user: NewUser, now: Date): Promise<void> {
  await tx.query(
    `WITH new_user AS (
       INSERT INTO users (id, username, canonical_username, password_hash, password_set_at, created_at, updated_at, source_id)
       SELECT $1::uuid, $2, $3, $4, $5::timestamptz, $5, $5, id FROM sources WHERE is_local
        ON CONFLICT DO NOTHING RETURNING id
     )
     INSERT INTO user_roles (user_id, role_id) SELECT new_user.id, role_id FROM new_user, unnest($6::uuid[]) AS role_id`,
    [user.id, user.username, canonicalName(user.username), user.passwordHash, now, user.roleIds],
  );
}
