import type { Queryable } from '@strongroom/db/database';

export interface PasswordReset {
  readonly tokenHash: Buffer;
  readonly userId: string;
  readonly createdAt: Date;
  readonly createdBy: string;
  readonly expiresAt: Date;
}

export async function insertPasswordReset(tx: Queryable, reset: PasswordReset): Promise<void> {
  await tx.query(
    `INSERT INTO password_resets (token_hash, user_id, created_at, created_by, expires_at)
     VALUES ($1, $2, $3, $4, $5)`,
    [reset.tokenHash, reset.userId, reset.createdAt, reset.createdBy, reset.expiresAt],
  );
}

/** Voids what was handed out before. */
export async function deletePasswordResets(tx: Queryable, userId: string): Promise<void> {
  await tx.query('DELETE FROM password_resets WHERE user_id = $1', [userId]);
}

/** Whose password the token resets, as long as it is good. */
export async function findPasswordReset(
  db: Queryable,
  tokenHash: Buffer,
  now: Date,
): Promise<string | undefined> {
  const [row] = await db.query<{ user_id: string }>(
    'SELECT user_id FROM password_resets WHERE token_hash = $1 AND expires_at > $2',
    [tokenHash, now],
  );
  return row?.user_id;
}

/** Of those who use one token at once, one gets true. */
export async function usePasswordReset(tx: Queryable, tokenHash: Buffer): Promise<boolean> {
  const rows = await tx.query('DELETE FROM password_resets WHERE token_hash = $1 RETURNING user_id', [
    tokenHash,
  ]);
  return rows.length === 1;
}
