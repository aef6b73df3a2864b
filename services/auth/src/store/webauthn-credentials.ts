import { isUniqueViolation, type Queryable } from '@strongroom/db/database';
import { passkeyExists } from '../domain/errors.ts';
import type { Passkey } from '../domain/passkey.ts';

interface PasskeyRow {
  id: string;
  user_id: string;
  credential_id: Buffer;
  public_key: Buffer;
  /** bigint arrives as text. */
  sign_count: string;
  transports: string[];
  name: string;
  comment: string;
  last_used_at: Date | null;
  created_at: Date;
  created_by: string;
  updated_at: Date;
  updated_by: string;
}

const toPasskey = (row: PasskeyRow): Passkey => ({
  id: row.id,
  userId: row.user_id,
  credentialId: row.credential_id,
  publicKey: row.public_key,
  signCount: Number(row.sign_count),
  transports: row.transports,
  name: row.name,
  comment: row.comment,
  lastUsedAt: row.last_used_at,
  createdAt: row.created_at,
  createdBy: row.created_by,
  updatedAt: row.updated_at,
  updatedBy: row.updated_by,
});

const COLUMNS = `id, user_id, credential_id, public_key, sign_count, transports, name, comment, last_used_at,
  created_at, created_by, updated_at, updated_by`;

export async function insertPasskey(tx: Queryable, passkey: Passkey): Promise<void> {
  try {
    await tx.query(
      `INSERT INTO webauthn_credentials (${COLUMNS})
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
      [
        passkey.id,
        passkey.userId,
        passkey.credentialId,
        passkey.publicKey,
        passkey.signCount,
        passkey.transports,
        passkey.name,
        passkey.comment,
        passkey.lastUsedAt,
        passkey.createdAt,
        passkey.createdBy,
        passkey.updatedAt,
        passkey.updatedBy,
      ],
    );
  } catch (error) {
    throw isUniqueViolation(error, 'webauthn_credentials_unique') ? passkeyExists() : error;
  }
}

/** All of a person, the oldest first. */
export async function findPasskeys(db: Queryable, userId: string): Promise<Passkey[]> {
  const rows = await db.query<PasskeyRow>(
    `SELECT ${COLUMNS} FROM webauthn_credentials WHERE user_id = $1 ORDER BY created_at, id`,
    [userId],
  );
  return rows.map(toPasskey);
}

/** Whoever names a passkey names its owner: an id alone gives nobody another's. */
export async function findPasskey(db: Queryable, userId: string, id: string): Promise<Passkey | undefined> {
  const [row] = await db.query<PasskeyRow>(
    `SELECT ${COLUMNS} FROM webauthn_credentials WHERE user_id = $1 AND id = $2`,
    [userId, id],
  );
  return row === undefined ? undefined : toPasskey(row);
}

export async function findPasskeyByCredential(
  db: Queryable,
  credentialId: Buffer,
): Promise<Passkey | undefined> {
  const [row] = await db.query<PasskeyRow>(
    `SELECT ${COLUMNS} FROM webauthn_credentials WHERE credential_id = $1`,
    [credentialId],
  );
  return row === undefined ? undefined : toPasskey(row);
}

export async function listPasskeys(
  db: Queryable,
  userId: string,
  page: { offset: number; limit: number },
): Promise<{ count: number; passkeys: Passkey[] }> {
  const [[total], rows] = await Promise.all([
    db.query<{ count: number }>(
      'SELECT count(*)::integer AS count FROM webauthn_credentials WHERE user_id = $1',
      [userId],
    ),
    db.query<PasskeyRow>(
      `SELECT ${COLUMNS} FROM webauthn_credentials WHERE user_id = $1
       ORDER BY created_at, id OFFSET $2 LIMIT $3`,
      [userId, page.offset, page.limit],
    ),
  ]);
  return { count: total?.count ?? 0, passkeys: rows.map(toPasskey) };
}

/**
 * The count must grow, or stay 0 with authenticators that do not count (Web Authentication, 6.1.1). Checked
 * here as well, since of two uses at once both saw the old count.
 */
export async function recordPasskeyUse(
  db: Queryable,
  id: string,
  signCount: number,
  now: Date,
): Promise<boolean> {
  const rows = await db.query(
    `UPDATE webauthn_credentials SET sign_count = $2, last_used_at = $3
     WHERE id = $1 AND (sign_count < $2 OR (sign_count = 0 AND $2 = 0)) RETURNING id`,
    [id, signCount, now],
  );
  return rows.length === 1;
}

export async function updatePasskey(tx: Queryable, passkey: Passkey): Promise<boolean> {
  const rows = await tx.query(
    `UPDATE webauthn_credentials SET name = $3, comment = $4, updated_at = $5, updated_by = $6
     WHERE user_id = $1 AND id = $2 RETURNING id`,
    [passkey.userId, passkey.id, passkey.name, passkey.comment, passkey.updatedAt, passkey.updatedBy],
  );
  return rows.length === 1;
}

export async function deletePasskey(tx: Queryable, userId: string, id: string): Promise<boolean> {
  const rows = await tx.query(
    'DELETE FROM webauthn_credentials WHERE user_id = $1 AND id = $2 RETURNING id',
    [userId, id],
  );
  return rows.length === 1;
}
