import type { Queryable } from '@strongroom/db/database';

/** Challenges that wait for their answer. Taking one removes it: none is answered twice. */

/** The newest one of a person counts. False: there is no such person. */
export async function keepRegistrationChallenge(
  db: Queryable,
  userId: string,
  challenge: string,
  expiresAt: Date,
): Promise<boolean> {
  const rows = await db.query(
    `INSERT INTO webauthn_registrations (user_id, challenge, expires_at)
     SELECT id, $2, $3::timestamptz FROM users WHERE id = $1
     ON CONFLICT (user_id) DO UPDATE SET challenge = excluded.challenge, expires_at = excluded.expires_at
     RETURNING user_id`,
    [userId, challenge, expiresAt],
  );
  return rows.length === 1;
}

export async function takeRegistrationChallenge(
  db: Queryable,
  userId: string,
  now: Date,
): Promise<string | undefined> {
  const [row] = await db.query<{ challenge: string; expires_at: Date }>(
    'DELETE FROM webauthn_registrations WHERE user_id = $1 RETURNING challenge, expires_at',
    [userId],
  );
  return row === undefined || row.expires_at <= now ? undefined : row.challenge;
}

/** `requestHash` names the authorization request in which the person signs in. */
export async function keepSignInChallenge(
  db: Queryable,
  requestHash: Buffer,
  challenge: string,
): Promise<boolean> {
  const rows = await db.query(
    'UPDATE authorization_requests SET webauthn_challenge = $2 WHERE token_hash = $1 RETURNING token_hash',
    [requestHash, challenge],
  );
  return rows.length === 1;
}

export async function takeSignInChallenge(db: Queryable, requestHash: Buffer): Promise<string | undefined> {
  const [row] = await db.query<{ challenge: string }>(
    `WITH kept AS (
       SELECT token_hash, webauthn_challenge FROM authorization_requests
       WHERE token_hash = $1 AND webauthn_challenge IS NOT NULL FOR UPDATE
     )
     UPDATE authorization_requests r SET webauthn_challenge = NULL FROM kept
     WHERE r.token_hash = kept.token_hash RETURNING kept.webauthn_challenge AS challenge`,
    [requestHash],
  );
  return row?.challenge;
}
