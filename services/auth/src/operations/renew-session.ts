import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import type { Queryable } from '@strongroom/db/database';
import type { AuthContext } from '../context.ts';
import { notRenewable } from '../domain/errors.ts';
import {
  API_KEY_PREFIX,
  APP_SESSION_SECONDS,
  apiKeyClient,
  SECRETS_SAFE_CLIENT,
  type OAuthClient,
} from '../domain/oauth-client.ts';
import { findApiKey } from '../store/api-keys.ts';
import { findSession, prolongSession } from '../store/sessions.ts';
import { continueSession, type IssuedTokens } from './issue-tokens.ts';

/**
 * The next token of a session whose cookie is its token (docs/adr/0044-sliding-sessions.md), with the rights of now. The one
 * before holds until its own end.
 */
export async function renewAppSession(
  ctx: AuthContext,
  caller: Caller,
  request: RequestInfo,
): Promise<IssuedTokens> {
  const now = ctx.now();
  const issued = await ctx.db.transaction(async tx => {
    const session = await findSession(tx, caller.sessionId);
    const client = await renewableClient(tx, caller.clientId, now);
    if (session === undefined || client === undefined) return undefined;
    const expiresAt = new Date(session.createdAt.getTime() + APP_SESSION_SECONDS * 1_000);
    const next = await continueSession(ctx, tx, request, client, { ...session, expiresAt });
    if (next !== undefined) await prolongSession(tx, session.id);
    return next;
  });
  if (issued === undefined) throw notRenewable();
  ctx.ring();
  return issued;
}

/** Undefined: sessions of this one are not renewed by their use, or its key is gone or over. */
async function renewableClient(db: Queryable, clientId: string, now: Date): Promise<OAuthClient | undefined> {
  if (clientId === SECRETS_SAFE_CLIENT.id) return SECRETS_SAFE_CLIENT;
  if (!clientId.startsWith(API_KEY_PREFIX)) return undefined;
  const key = await findApiKey(db, clientId.slice(API_KEY_PREFIX.length));
  return key !== undefined && (key.expiresAt === null || key.expiresAt > now)
    ? apiKeyClient(key, now)
    : undefined;
}
