import { WITHOUT_WAITING, type Queryable } from '@strongroom/db/database';

/** What an application asked for, and how far the person has come in signing in. */
export interface AuthorizationRequest {
  readonly tokenHash: Buffer;
  readonly clientId: string;
  readonly redirectUri: string;
  readonly state: string;
  readonly scope: string;
  readonly nonce: string;
  readonly codeChallenge: string;
  readonly expiresAt: Date;
  /** Who passed the first factor. */
  readonly userId: string | null;
  /** RFC 8176, of the factors passed so far. */
  readonly authMethods: readonly string[];
}

interface Row {
  token_hash: Buffer;
  client_id: string;
  redirect_uri: string;
  state: string;
  scope: string;
  nonce: string;
  code_challenge: string;
  expires_at: Date;
  user_id: string | null;
  auth_methods: string[];
}

const COLUMNS = `token_hash, client_id, redirect_uri, state, scope, nonce, code_challenge, expires_at,
  user_id, auth_methods`;

const toRequest = (row: Row): AuthorizationRequest => ({
  tokenHash: row.token_hash,
  clientId: row.client_id,
  redirectUri: row.redirect_uri,
  state: row.state,
  scope: row.scope,
  nonce: row.nonce,
  codeChallenge: row.code_challenge,
  expiresAt: row.expires_at,
  userId: row.user_id,
  authMethods: row.auth_methods,
});

export async function insertAuthorizationRequest(
  db: Queryable,
  request: AuthorizationRequest,
  now: Date,
): Promise<void> {
  await db.query(
    `INSERT INTO authorization_requests (${COLUMNS}, created_at)
     SELECT $1::bytea, $2, $3, $4, $5, $6, $7, $8::timestamptz, $9::uuid, $10::text[], $11::timestamptz
     FROM ${WITHOUT_WAITING}`,
    [
      request.tokenHash,
      request.clientId,
      request.redirectUri,
      request.state,
      request.scope,
      request.nonce,
      request.codeChallenge,
      request.expiresAt,
      request.userId,
      request.authMethods,
      now,
    ],
  );
}

export async function findAuthorizationRequest(
  db: Queryable,
  tokenHash: Buffer,
  now: Date,
): Promise<AuthorizationRequest | undefined> {
  const [row] = await db.query<Row>(
    `SELECT ${COLUMNS} FROM authorization_requests WHERE token_hash = $1 AND expires_at > $2`,
    [tokenHash, now],
  );
  return row === undefined ? undefined : toRequest(row);
}

/**
 * A factor was passed. The request belongs to one person from then on, who gets time for the next step; another one
 * who signs in with the same token starts over.
 */
export async function recordFactor(
  db: Queryable,
  tokenHash: Buffer,
  userId: string,
  authMethods: readonly string[],
  expiresAt: Date,
): Promise<void> {
  await db.query(
    `UPDATE authorization_requests SET user_id = $2, auth_methods = $3, expires_at = $4
     WHERE token_hash = $1`,
    [tokenHash, userId, authMethods, expiresAt],
  );
}

/** Ends the request: of several that finish at once, one gets the code. */
export async function deleteAuthorizationRequest(tx: Queryable, tokenHash: Buffer): Promise<boolean> {
  const rows = await tx.query(
    'DELETE FROM authorization_requests WHERE token_hash = $1 RETURNING token_hash',
    [tokenHash],
  );
  return rows.length === 1;
}
