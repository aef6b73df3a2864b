import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { RequestInfo } from '@strongroom/contracts/caller';
import { OAuthError } from '@strongroom/errors/oauth-error';
import type { AuthContext } from '../context.ts';
import { PRIVX_UI } from '../domain/oauth-client.ts';
import { grantRefused } from '../domain/oauth-errors.ts';
import { verifyExternalToken } from './external-token.ts';
import { openSession, type IssuedTokens } from './issue-tokens.ts';
import { findOAuthClient } from './oauth-clients.ts';

/**
 * A person signs in by the JWT of an identity provider (contract 1.5). Without a client it is `privx-ui`, as which
 * PrivX's clients refresh what they get here. The provider vouches for the person: no second factor of ours.
 */
export async function exchangeExternalToken(
  ctx: AuthContext,
  request: RequestInfo,
  input: { token: string; scope?: string | undefined; client_id?: string | undefined },
): Promise<IssuedTokens> {
  const clientId = input.client_id === undefined || input.client_id === '' ? PRIVX_UI.id : input.client_id;
  try {
    const client = await findOAuthClient(ctx, clientId);
    if (!client?.carriesRights) {
      throw new OAuthError('unauthorized_client', 'The client may not exchange tokens');
    }
    const { user, provider } = await verifyExternalToken(ctx, input.token, request.remoteAddress);
    const issued = await ctx.db.transaction(async tx => {
      const sessionId = ctx.newId();
      await ctx.audit.append(tx, {
        type: AUDIT_EVENTS.userLoggedIn,
        request,
        message: {
          userID: user.id,
          username: user.username,
          sessionID: sessionId,
          clientID: clientId,
          identityProviderID: provider.id,
          identityProvider: provider.name,
        },
      });
      return openSession(
        ctx,
        tx,
        request,
        client,
        {
          id: sessionId,
          subject: { kind: 'user', id: user.id },
          scope: input.scope ?? '',
          authTime: ctx.now(),
          authMethods: ['fed'],
        },
        { type: 'external_jwt', nonce: '' },
      );
    });
    if (issued === undefined) throw grantRefused();
    ctx.ring();
    return issued;
  } catch (error) {
    if (error instanceof OAuthError) {
      await ctx.audit.write({
        type: AUDIT_EVENTS.userLoginFailed,
        request,
        message: { reason: error.oauthCode },
      });
    }
    throw error;
  }
}
