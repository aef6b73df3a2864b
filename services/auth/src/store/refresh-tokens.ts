import type { Queryable } from '@strongroom/db/database';

export interface RefreshToken {
  readonly sessionId: string;
  readonly expiresAt: Date;
}

export async function insertRefreshToken(
  tx: Queryable,
  tokenHash: Buffer,
  { sessionId, expiresAt }: RefreshToken,
): Promise<void> {
  await tx.query('INSERT INTO refresh_tokens (token_hash, session_id, expires_at) VALUES ($1, $2, $3)', [
    tokenHash,
    sessionId,
    expiresAt,
  ]);
}

export async function findRefreshToken(
  db: Queryable,
  tokenHash: Buffer,
): Promise<(RefreshToken & { isUsed: boolean }) | undefined> {
  const [row] = await db.query<{ session_id: string; expires_at: Date; is_used: boolean }>(
    `SELECT session_id, expires_at, used_at IS NOT NULL AS is_used FROM refresh_tokens WHERE token_hash = $1`,
    [tokenHash],
  );
  return row === undefined
    ? undefined
    : { sessionId: row.session_id, expiresAt: row.expires_at, isUsed: row.is_used };
}

/** False: it was used before. Used ones are kept until they expire, so that a second use shows. */
export async function takeRefreshToken(tx: Queryable, tokenHash: Buffer, now: Date): Promise<boolean> {
  const rows = await tx.query(
    'UPDATE refresh_tokens SET used_at = $2 WHERE token_hash = $1 AND used_at IS NULL RETURNING token_hash',
    [tokenHash, now],
  );
  return rows.length === 1;
}
