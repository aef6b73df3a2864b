import type { RequestInfo } from '@strongroom/contracts/caller';
import type { AuthContext } from '../context.ts';
import type { OAuthClient } from '../domain/oauth-client.ts';
import { grantRefused, missingParameter } from '../domain/oauth-errors.ts';
import { digestOf } from '../domain/opaque-token.ts';
import { matchesChallenge } from '../domain/pkce.ts';
import { findAuthorizationCode, takeAuthorizationCode } from '../store/authorization-codes.ts';
import { endSessions } from './effects-at-once.ts';
import { openSession, type IssuedTokens } from './issue-tokens.ts';

interface CodeGrant {
  readonly code?: string | undefined;
  readonly redirectUri?: string | undefined;
  readonly codeVerifier?: string | undefined;
}

/**
 * RFC 6749, 4.1.3 with RFC 7636. A code is bound to client, redirect URI and verifier and works once. A second
 * use by whoever holds all three means that it leaked: the session that it opened ends.
 */
export async function grantByCode(
  ctx: AuthContext,
  request: RequestInfo,
  client: OAuthClient,
  grant: CodeGrant,
): Promise<IssuedTokens> {
  if (grant.code === undefined) throw missingParameter('code');
  if (grant.redirectUri === undefined) throw missingParameter('redirect_uri');
  if (grant.codeVerifier === undefined) throw missingParameter('code_verifier');
  const codeHash = digestOf(grant.code);
  const code = await findAuthorizationCode(ctx.db, codeHash);
  if (
    code?.clientId !== client.id ||
    code.redirectUri !== grant.redirectUri ||
    code.expiresAt <= ctx.now() ||
    !matchesChallenge(grant.codeVerifier, code.codeChallenge)
  ) {
    throw grantRefused();
  }
  const issued = await ctx.db.transaction(async tx => {
    if (!(await takeAuthorizationCode(tx, codeHash, ctx.now()))) return undefined;
    const { subject, scope, authTime, authMethods, nonce } = code;
    const signIn = { id: code.sessionId, subject, scope, authTime, authMethods };
    const tokens = await openSession(ctx, tx, request, client, signIn, {
      type: 'authorization_code',
      nonce,
    });
    if (tokens === undefined) throw grantRefused();
    return tokens;
  });
  if (issued === undefined) {
    await ctx.db.transaction(tx => endSessions(ctx, tx, { id: code.sessionId }));
    ctx.ring();
    throw grantRefused();
  }
  ctx.ring();
  return issued;
}
