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
       INSERT INTO users (id, username, canonical_username, password_hash, created_at)
       VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING id
     )
     INSERT INTO user_roles (user_id, role_id) SELECT new_user.id, role_id FROM new_user, unnest($6::uuid[]) AS role_id`,
    [user.id, user.username, canonicalName(user.username), user.passwordHash, now, user.roleIds],
  );
}
