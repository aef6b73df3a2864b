import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { RequestInfo } from '@strongroom/contracts/caller';
import { OAuthError } from '@strongroom/errors/oauth-error';
import {
  readAccessToken,
  TOKEN_AUDIENCE,
  USERINFO_AUDIENCE,
  type AccessTokenClaims,
} from '@strongroom/auth-client/access-token';
import type { AuthContext } from '../context.ts';
import type { ClientCredentials } from '../domain/client-credentials.ts';
import { clientRefused } from '../domain/oauth-errors.ts';
import { digestOf } from '../domain/opaque-token.ts';
import type { Session } from '../domain/session.ts';
import { findRefreshToken } from '../store/refresh-tokens.ts';
import { findSession } from '../store/sessions.ts';
import { authenticateAnyClient } from './authenticate-client.ts';
import { endSessions } from './effects-at-once.ts';

/** A token of ours that holds now, whichever of the two kinds it is. */
type KnownToken =
  | { readonly kind: 'access'; readonly claims: AccessTokenClaims; readonly session: Session | undefined }
  | { readonly kind: 'refresh'; readonly expiresAt: Date; readonly session: Session };

export async function findToken(ctx: AuthContext, token: string): Promise<KnownToken | undefined> {
  if (token.includes('.')) {
    const claims = await readAccessToken(token, {
      issuer: ctx.config.issuer,
      keys: ctx.signer.verificationKey,
      now: ctx.now,
      audiences: [TOKEN_AUDIENCE, USERINFO_AUDIENCE],
    }).catch((error: unknown) => {
      if (error instanceof Error && 'kind' in error && error.kind === 'unauthenticated') return undefined;
      throw error;
    });
    if (claims === undefined) return undefined;
    // Services have no session.
    const session = claims.kind === 'service' ? undefined : await findSession(ctx.db, claims.sid);
    if (claims.kind !== 'service' && session?.endedAt !== null) return undefined;
    return { kind: 'access', claims, session };
  }
  const refresh = await findRefreshToken(ctx.db, digestOf(token));
  const session = refresh && (await findSession(ctx.db, refresh.sessionId));
  if (refresh === undefined || session === undefined || refresh.isUsed) return undefined;
  if (session.endedAt !== null || refresh.expiresAt <= ctx.now()) return undefined;
  return { kind: 'refresh', expiresAt: refresh.expiresAt, session };
}

const clientOf = (token: KnownToken): string =>
  token.kind === 'access' ? token.claims.client_id : token.session.clientId;

/**
 * RFC 7662. Applications of people learn of their own tokens only; API clients, which are what resource servers
 * sign in with, of all. Whatever does not hold is just inactive.
 */
export async function introspectToken(
  ctx: AuthContext,
  request: RequestInfo,
  credentials: ClientCredentials,
  token: string,
): Promise<Record<string, unknown>> {
  const client = await authenticateAnyClient(ctx, credentials);
  if (client.isPublic) throw clientRefused();
  const found = await findToken(ctx, token);
  const isSeen = found !== undefined && (client.seesAllTokens || clientOf(found) === client.id);
  await ctx.audit.write({
    type: AUDIT_EVENTS.tokenIntrospected,
    request,
    message: {
      clientID: client.id,
      active: String(isSeen),
      ...(isSeen && found.session !== undefined ? { sessionID: found.session.id } : {}),
    },
  });
  if (!isSeen) return { active: false };
  if (found.kind === 'refresh') {
    const { session, expiresAt } = found;
    return {
      active: true,
      client_id: session.clientId,
      username: session.username,
      scope: session.scope,
      sub: session.subject.id,
      exp: Math.floor(expiresAt.getTime() / 1_000),
      iss: ctx.config.issuer,
      sid: session.id,
    };
  }
  const { claims } = found;
  return {
    active: true,
    token_type: 'Bearer',
    client_id: claims.client_id,
    username: claims.name,
    scope: claims.scope,
    sub: claims.sub,
    aud: claims.aud,
    iss: claims.iss,
    exp: claims.exp,
    iat: claims.iat,
    nbf: claims.nbf,
    jti: claims.jti,
    sid: claims.sid,
    auth_time: claims.auth_time,
    amr: claims.amr,
  };
}

/** RFC 7009. Either kind of token ends its session; one that does not hold any more is revoked already. */
export async function revokeToken(
  ctx: AuthContext,
  request: RequestInfo,
  credentials: ClientCredentials,
  token: string,
): Promise<void> {
  const client = await authenticateAnyClient(ctx, credentials);
  const found = await findToken(ctx, token);
  if (found?.session === undefined) return;
  const { session } = found;
  // A program that got its token by the password grant may revoke it by its own credentials, too.
  const isOwn = session.clientId === client.id || session.subject.id === client.id;
  if (!isOwn) throw new OAuthError('invalid_request', 'The token was issued to another client');
  await ctx.db.transaction(async tx => {
    await endSessions(ctx, tx, { id: session.id });
    await ctx.audit.append(tx, {
      type: AUDIT_EVENTS.tokenRevoked,
      request,
      message: {
        userID: session.subject.id,
        username: session.username,
        sessionID: session.id,
        clientID: client.id,
      },
    });
  });
  ctx.ring();
}
