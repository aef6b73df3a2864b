import type { RequestInfo } from '@strongroom/contracts/caller';
import type { AuthContext } from '../context.ts';
import type { OAuthClient } from '../domain/oauth-client.ts';
import { grantRefused, missingParameter } from '../domain/oauth-errors.ts';
import { digestOf } from '../domain/opaque-token.ts';
import { findRefreshToken, takeRefreshToken } from '../store/refresh-tokens.ts';
import { findSession } from '../store/sessions.ts';
import { endSessions } from './effects-at-once.ts';
import { continueSession, type IssuedTokens } from './issue-tokens.ts';

/**
 * RFC 6749, 6 with rotation (RFC 9700, 4.14.2): each refresh token works once and brings the next. One that comes
 * a second time was stolen, from the client or by it; nobody can tell, so the whole session ends.
 */
export async function grantByRefreshToken(
  ctx: AuthContext,
  request: RequestInfo,
  client: OAuthClient,
  refreshToken: string | undefined,
): Promise<IssuedTokens> {
  if (refreshToken === undefined) throw missingParameter('refresh_token');
  const tokenHash = digestOf(refreshToken);
  const known = await findRefreshToken(ctx.db, tokenHash);
  const session = known && (await findSession(ctx.db, known.sessionId));
  if (
    known === undefined ||
    session?.clientId !== client.id ||
    session.endedAt !== null ||
    known.expiresAt <= ctx.now()
  ) {
    throw grantRefused();
  }
  const issued = await ctx.db.transaction(async tx => {
    if (!(await takeRefreshToken(tx, tokenHash, ctx.now()))) return 'used';
    return continueSession(ctx, tx, request, client, session);
  });
  if (issued === 'used') {
    await ctx.db.transaction(tx => endSessions(ctx, tx, { id: session.id }));
    ctx.ring();
    throw grantRefused();
  }
  if (issued === undefined) throw grantRefused();
  ctx.ring();
  return issued;
}
