import type { Queryable } from '@strongroom/db/database';
import type { Subject } from '../domain/subject.ts';

/** A one-time code: bound to client, redirect URI and verifier (RFC 6749, 4.1; RFC 7636). */
export interface AuthorizationCode {
  readonly codeHash: Buffer;
  /** The session that the code will open. */
  readonly sessionId: string;
  readonly clientId: string;
  readonly redirectUri: string;
  readonly codeChallenge: string;
  readonly scope: string;
  readonly nonce: string;
  readonly subject: Subject;
  readonly authTime: Date;
  readonly authMethods: readonly string[];
  readonly expiresAt: Date;
}

interface Row {
  code_hash: Buffer;
  session_id: string;
  client_id: string;
  redirect_uri: string;
  code_challenge: string;
  scope: string;
  nonce: string;
  subject_kind: Subject['kind'];
  subject_id: string;
  auth_time: Date;
  auth_methods: string[];
  expires_at: Date;
}

const COLUMNS = `code_hash, session_id, client_id, redirect_uri, code_challenge, scope, nonce, subject_kind,
  subject_id, auth_time, auth_methods, expires_at`;

export async function insertAuthorizationCode(tx: Queryable, code: AuthorizationCode): Promise<void> {
  await tx.query(
    `INSERT INTO authorization_codes (${COLUMNS})
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
    [
      code.codeHash,
      code.sessionId,
      code.clientId,
      code.redirectUri,
      code.codeChallenge,
      code.scope,
      code.nonce,
      code.subject.kind,
      code.subject.id,
      code.authTime,
      code.authMethods,
      code.expiresAt,
    ],
  );
}

export async function findAuthorizationCode(
  db: Queryable,
  codeHash: Buffer,
): Promise<AuthorizationCode | undefined> {
  const [row] = await db.query<Row>(`SELECT ${COLUMNS} FROM authorization_codes WHERE code_hash = $1`, [
    codeHash,
  ]);
  if (row === undefined) return undefined;
  return {
    codeHash: row.code_hash,
    sessionId: row.session_id,
    clientId: row.client_id,
    redirectUri: row.redirect_uri,
    codeChallenge: row.code_challenge,
    scope: row.scope,
    nonce: row.nonce,
    subject: { kind: row.subject_kind, id: row.subject_id },
    authTime: row.auth_time,
    authMethods: row.auth_methods,
    expiresAt: row.expires_at,
  };
}

/** False: it was used before. A used code is kept until it expires, so that a second use shows. */
export async function takeAuthorizationCode(tx: Queryable, codeHash: Buffer, now: Date): Promise<boolean> {
  const rows = await tx.query(
    `UPDATE authorization_codes SET used_at = $2 WHERE code_hash = $1 AND used_at IS NULL RETURNING code_hash`,
    [codeHash, now],
  );
  return rows.length === 1;
}

/**
 * What a person has begun and not finished: it must not become a session after all others were ended. Spared is
 * the request in which the person ends them, by a new password.
 */
export async function dropPendingSignIns(
  tx: Queryable,
  subjectId: string,
  exceptRequest: Buffer | null,
): Promise<void> {
  await tx.query(
    `DELETE FROM authorization_requests
     WHERE user_id = $1 AND ($2::bytea IS NULL OR token_hash <> $2)`,
    [subjectId, exceptRequest],
  );
  await tx.query('DELETE FROM authorization_codes WHERE subject_id = $1 AND used_at IS NULL', [subjectId]);
}
