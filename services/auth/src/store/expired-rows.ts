import type { Queryable } from '@strongroom/db/database';

/** Rows that nobody can use any more. Sessions stay for a while: people look at where they signed in. */
export async function deleteExpiredRows(
  db: Queryable,
  now: Date,
  sessionsBefore: Date,
  rightsBefore: Date,
  failuresBefore: Date,
): Promise<void> {
  await db.query('DELETE FROM authorization_requests WHERE expires_at < $1', [now]);
  await db.query('DELETE FROM authorization_codes WHERE expires_at < $1', [now]);
  await db.query('DELETE FROM webauthn_registrations WHERE expires_at < $1', [now]);
  await db.query('DELETE FROM password_resets WHERE expires_at < $1', [now]);
  await db.query('DELETE FROM sessions WHERE expires_at < $1', [sessionsBefore]);
  await db.query('DELETE FROM sign_in_failures WHERE last_at < $1', [failuresBefore]);
  await db.query('DELETE FROM rights_changes WHERE changed_at < $1', [rightsBefore]);
}
