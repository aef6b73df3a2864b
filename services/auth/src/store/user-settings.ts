import type { Queryable } from '@strongroom/db/database';

/** `settings` is JSON text. False: there is no such person. */
export async function updateUserSettings(tx: Queryable, userId: string, settings: string): Promise<boolean> {
  const rows = await tx.query('UPDATE users SET settings = $2 WHERE id = $1 RETURNING id', [
    userId,
    settings,
  ]);
  return rows.length === 1;
}
