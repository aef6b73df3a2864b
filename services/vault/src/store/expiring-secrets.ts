import type { Queryable } from '@strongroom/db/database';
import { SECRET_COLUMNS, SECRET_JOINS, toSecret, type SecretRow } from './secret-rows.ts';
import type { Secret } from '../domain/secret.ts';

/**
 * Takes up to `limit` secrets that expire before then and of whose date nobody was warned yet, and marks them as
 * warned of. What another replica takes at the same time is passed over.
 */
export async function takeExpiring(tx: Queryable, before: Date, limit: number): Promise<Secret[]> {
  const rows = await tx.query<SecretRow>(
    `WITH due AS (
       SELECT id FROM secrets
       WHERE expires_at <= $1 AND expiry_warned_of IS DISTINCT FROM expires_at
       ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED
     ), s AS (
       UPDATE secrets SET expiry_warned_of = expires_at FROM due WHERE secrets.id = due.id RETURNING secrets.*
     )
     SELECT ${SECRET_COLUMNS} FROM s ${SECRET_JOINS} ORDER BY s.expires_at, s.id`,
    [before, limit],
  );
  return rows.map(toSecret);
}
