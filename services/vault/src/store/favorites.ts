import type { Queryable } from '@strongroom/db/database';
import type { Secret } from '../domain/secret.ts';
import { SECRET_COLUMNS, SECRET_JOINS, toSecret, type SecretRow } from './secret-rows.ts';

/** The other way round than it is. Returns what it is then. */
export async function toggleFavorite(db: Queryable, userId: string, secretId: string): Promise<boolean> {
  const rows = await db.query(
    `WITH gone AS (
       DELETE FROM favorites WHERE user_id = $1 AND secret_id = $2 RETURNING 1
     )
     INSERT INTO favorites (user_id, secret_id)
     SELECT $1, id FROM secrets WHERE id = $2 AND NOT EXISTS (SELECT FROM gone)
     ON CONFLICT DO NOTHING RETURNING 1`,
    [userId, secretId],
  );
  return rows.length === 1;
}

export async function addFavorite(db: Queryable, userId: string, secretId: string): Promise<void> {
  await db.query(
    'INSERT INTO favorites (user_id, secret_id) SELECT $1, id FROM secrets WHERE id = $2 ON CONFLICT DO NOTHING',
    [userId, secretId],
  );
}

export async function removeFavorite(db: Queryable, userId: string, secretId: string): Promise<void> {
  await db.query('DELETE FROM favorites WHERE user_id = $1 AND secret_id = $2', [userId, secretId]);
}

/** Those that are shared, by name. */
export async function findFavorites(db: Queryable, userId: string, limit: number): Promise<Secret[]> {
  const rows = await db.query<SecretRow>(
    `SELECT ${SECRET_COLUMNS} FROM favorites m JOIN secrets s ON s.id = m.secret_id ${SECRET_JOINS}
     WHERE m.user_id = $1 AND s.owner_id IS NULL ORDER BY s.name COLLATE "C" LIMIT $2`,
    [userId, limit],
  );
  return rows.map(toSecret);
}
