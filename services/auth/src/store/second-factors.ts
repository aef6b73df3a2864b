import { PACKED_HEAD_BYTES } from '@strongroom/crypto/envelope';
import type { Queryable } from '@strongroom/db/database';

/** What a person has set up to prove who it is beside the password. */
export interface SecondFactors {
  readonly mfaRequired: boolean;
  readonly totp: boolean;
  readonly passkeys: number;
  /** Unused ones. */
  readonly recoveryCodes: number;
}

export async function findSecondFactors(db: Queryable, userId: string): Promise<SecondFactors | undefined> {
  const [row] = await db.query<SecondFactors>(
    `SELECT mfa_required AS "mfaRequired", totp_confirmed_at IS NOT NULL AS totp,
       (SELECT count(*)::integer FROM webauthn_credentials WHERE user_id = u.id) AS passkeys,
       (SELECT count(*)::integer FROM recovery_codes WHERE user_id = u.id AND used_at IS NULL) AS "recoveryCodes"
     FROM users u WHERE id = $1`,
    [userId],
  );
  return row;
}

export interface LockedUser {
  readonly id: string;
  readonly username: string;
}

/** Held to the end of the transaction, in one order for all, so that two changes of the same people queue up. */
export const lockUsers = (tx: Queryable, ids: readonly string[]): Promise<LockedUser[]> =>
  tx.query<LockedUser>(
    'SELECT id, username FROM users WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE',
    [ids],
  );

export interface TotpSeed {
  readonly sealed: Buffer;
  readonly isConfirmed: boolean;
}

export async function findTotpSeed(db: Queryable, userId: string): Promise<TotpSeed | undefined> {
  const [row] = await db.query<TotpSeed>(
    `SELECT sealed_totp_seed AS sealed, totp_confirmed_at IS NOT NULL AS "isConfirmed"
     FROM users WHERE id = $1 AND sealed_totp_seed IS NOT NULL`,
    [userId],
  );
  return row;
}

/** That of `$2`: its ciphertext alone, since the rotation of keys replaces what stands before that. */
const IS_SEED = `substr(sealed_totp_seed, ${PACKED_HEAD_BYTES} + 1) = substr($2::bytea, ${PACKED_HEAD_BYTES} + 1)`;

/** A new seed in place of one that was never confirmed. False: there is a confirmed one, or nobody. */
export async function startTotpSeed(tx: Queryable, userId: string, sealed: Buffer): Promise<boolean> {
  const rows = await tx.query(
    `UPDATE users SET sealed_totp_seed = $2, totp_last_step = 0
     WHERE id = $1 AND totp_confirmed_at IS NULL RETURNING id`,
    [userId, sealed],
  );
  return rows.length === 1;
}

/** The code of this step proved that the person has this very seed. */
export async function confirmTotpSeed(
  tx: Queryable,
  userId: string,
  sealed: Buffer,
  step: number,
  now: Date,
): Promise<boolean> {
  const rows = await tx.query(
    `UPDATE users SET totp_confirmed_at = $4, totp_last_step = $3
     WHERE id = $1 AND ${IS_SEED} AND totp_confirmed_at IS NULL AND totp_last_step < $3 RETURNING id`,
    [userId, sealed, step, now],
  );
  return rows.length === 1;
}

/** Of any number of uses of one step, one gets true (RFC 6238, 5.2). */
export async function spendTotpStep(
  db: Queryable,
  userId: string,
  sealed: Buffer,
  step: number,
): Promise<boolean> {
  const rows = await db.query(
    `UPDATE users SET totp_last_step = $3
     WHERE id = $1 AND ${IS_SEED} AND totp_confirmed_at IS NOT NULL AND totp_last_step < $3 RETURNING id`,
    [userId, sealed, step],
  );
  return rows.length === 1;
}

/** Confirmed or not. False: there was none. */
export async function deleteTotpSeed(tx: Queryable, userId: string): Promise<boolean> {
  const rows = await tx.query(
    `UPDATE users SET sealed_totp_seed = NULL, totp_confirmed_at = NULL, totp_last_step = 0
     WHERE id = $1 AND sealed_totp_seed IS NOT NULL RETURNING id`,
    [userId],
  );
  return rows.length === 1;
}

/** Of any number of uses of one code, one gets true. */
export async function spendRecoveryCode(
  db: Queryable,
  userId: string,
  hash: Buffer,
  now: Date,
): Promise<boolean> {
  const rows = await db.query(
    `UPDATE recovery_codes SET used_at = $3
     WHERE user_id = $1 AND code_hash = $2 AND used_at IS NULL RETURNING user_id`,
    [userId, hash, now],
  );
  return rows.length === 1;
}

export async function replaceRecoveryCodes(
  tx: Queryable,
  userId: string,
  hashes: readonly Buffer[],
): Promise<void> {
  await tx.query('DELETE FROM recovery_codes WHERE user_id = $1', [userId]);
  await tx.query('INSERT INTO recovery_codes (user_id, code_hash) SELECT $1, unnest($2::bytea[])', [
    userId,
    hashes,
  ]);
}

/** Codes stand in for a second factor: without one they are none. */
export async function deleteIdleRecoveryCodes(tx: Queryable, userId: string): Promise<void> {
  await tx.query(
    `DELETE FROM recovery_codes c USING users u
     WHERE c.user_id = $1 AND u.id = $1 AND u.totp_confirmed_at IS NULL
       AND NOT EXISTS (SELECT FROM webauthn_credentials WHERE user_id = $1)`,
    [userId],
  );
}

export async function setMfaRequired(
  tx: Queryable,
  userIds: readonly string[],
  required: boolean,
  now: Date,
  author: string,
): Promise<void> {
  await tx.query(
    'UPDATE users SET mfa_required = $2, updated_at = $3, updated_by = $4 WHERE id = ANY($1::uuid[])',
    [userIds, required, now, author],
  );
}

/** Seed, passkeys, recovery codes, and what was begun of them. */
export async function deleteSecondFactors(tx: Queryable, userIds: readonly string[]): Promise<void> {
  await tx.query(
    `UPDATE users SET sealed_totp_seed = NULL, totp_confirmed_at = NULL, totp_last_step = 0
     WHERE id = ANY($1::uuid[])`,
    [userIds],
  );
  await tx.query('DELETE FROM webauthn_credentials WHERE user_id = ANY($1::uuid[])', [userIds]);
  await tx.query('DELETE FROM webauthn_registrations WHERE user_id = ANY($1::uuid[])', [userIds]);
  await tx.query('DELETE FROM recovery_codes WHERE user_id = ANY($1::uuid[])', [userIds]);
}
