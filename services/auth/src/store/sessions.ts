import type { Queryable } from '@strongroom/db/database';
import type { Session } from '../domain/session.ts';

export interface SessionRow {
  id: string;
  kind: 'user' | 'api-client';
  subject_id: string;
  source_id: string | null;
  client_id: string;
  username: string;
  remote_address: string;
  user_agent: string;
  scope: string;
  auth_time: Date;
  auth_methods: string[];
  created_at: Date;
  updated_at: Date;
  expires_at: Date;
  token_expires_at: Date;
  ended_at: Date | null;
}

export const toSession = (row: SessionRow): Session => ({
  id: row.id,
  subject: { kind: row.kind, id: row.subject_id },
  sourceId: row.source_id,
  clientId: row.client_id,
  username: row.username,
  remoteAddress: row.remote_address,
  userAgent: row.user_agent,
  scope: row.scope,
  authTime: row.auth_time,
  authMethods: row.auth_methods,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
  expiresAt: row.expires_at,
  tokenExpiresAt: row.token_expires_at,
  endedAt: row.ended_at,
});

export const SESSION_COLUMNS = `id, kind, subject_id, source_id, client_id, username, remote_address, user_agent, scope,
  auth_time, auth_methods, created_at, updated_at, expires_at, token_expires_at, ended_at`;

export async function insertSession(
  tx: Queryable,
  session: Session,
  roleIds: readonly string[],
): Promise<void> {
  await tx.query(
    `INSERT INTO sessions (${SESSION_COLUMNS}, role_ids)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
    [
      session.id,
      session.subject.kind,
      session.subject.id,
      session.sourceId,
      session.clientId,
      session.username,
      session.remoteAddress,
      session.userAgent,
      session.scope,
      session.authTime,
      session.authMethods,
      session.createdAt,
      session.updatedAt,
      session.expiresAt,
      session.tokenExpiresAt,
      session.endedAt,
      roleIds,
    ],
  );
}

export async function findSession(db: Queryable, id: string): Promise<Session | undefined> {
  const [row] = await db.query<SessionRow>(`SELECT ${SESSION_COLUMNS} FROM sessions WHERE id = $1`, [id]);
  return row === undefined ? undefined : toSession(row);
}

/** A new access token was issued for a session that lives. False: it has ended meanwhile. */
export async function renewSession(
  tx: Queryable,
  id: string,
  now: Date,
  tokenExpiresAt: Date,
  roleIds: readonly string[],
): Promise<boolean> {
  const rows = await tx.query(
    `UPDATE sessions SET updated_at = $2, token_expires_at = $3, role_ids = $4
     WHERE id = $1 AND ended_at IS NULL RETURNING id`,
    [id, now, tokenExpiresAt, roleIds],
  );
  return rows.length === 1;
}

/** A session that has no other end than that of its newest token: it goes on as long as that one. */
export async function prolongSession(tx: Queryable, id: string): Promise<void> {
  await tx.query('UPDATE sessions SET expires_at = token_expires_at WHERE id = $1', [id]);
}

/**
 * Held to the end of the transaction: `shared` by those who issue tokens, `alone` by those who reduce rights.
 */
export async function lockRights(tx: Queryable, mode: 'shared' | 'alone'): Promise<void> {
  await tx.query(
    mode === 'shared'
      ? `SELECT pg_advisory_xact_lock_shared(hashtext('strongroom-rights'))`
      : `SELECT pg_advisory_xact_lock(hashtext('strongroom-rights'))`,
  );
}

/** Which sessions an act ends; each absent part stands for "any". */
export interface SessionFilter {
  id?: string;
  subjectId?: string;
  clientIds?: readonly string[];
  sourceId?: string;
  /** Spared, e.g. the one in which a person changes the password. */
  exceptId?: string;
}

/** Ids of the sessions that lived until now. */
export async function markSessionsEnded(tx: Queryable, filter: SessionFilter, now: Date): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(
    `UPDATE sessions SET ended_at = $1, updated_at = $1
     WHERE ended_at IS NULL AND expires_at > $1
       AND ($2::uuid IS NULL OR id = $2) AND ($3::uuid IS NULL OR subject_id = $3)
       AND ($4::text[] IS NULL OR client_id = ANY ($4)) AND ($5::uuid IS NULL OR source_id = $5)
       AND ($6::uuid IS NULL OR id <> $6)
     RETURNING id`,
    [
      now,
      filter.id ?? null,
      filter.subjectId ?? null,
      filter.clientIds ?? null,
      filter.sourceId ?? null,
      filter.exceptId ?? null,
    ],
  );
  return rows.map(row => row.id);
}

/** Subjects that hold an access token with one of these roles now. */
export async function findLiveHolders(
  db: Queryable,
  roleIds: readonly string[],
  now: Date,
): Promise<{ kind: 'user' | 'api-client'; id: string }[]> {
  return db.query<{ kind: 'user' | 'api-client'; id: string }>(
    `SELECT DISTINCT kind, subject_id AS id FROM sessions
     WHERE role_ids && $1::uuid[] AND ended_at IS NULL AND token_expires_at > $2`,
    [roleIds, now],
  );
}

/** Ids of those that ended after `since` and have an access token that would still hold at `now`; in order. */
export async function findEndedSessions(
  db: Queryable,
  span: { since: Date; now: Date },
  page: { after: string; limit: number },
): Promise<string[]> {
  const rows = await db.query<{ id: string }>(
    `SELECT id FROM sessions
     WHERE ended_at > $1 AND token_expires_at > $2 AND id > $3 ORDER BY id LIMIT $4`,
    [span.since, span.now, page.after, page.limit],
  );
  return rows.map(row => row.id);
}
