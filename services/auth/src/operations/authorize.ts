import type { AuthContext } from '../context.ts';
import {
  authorizationFault,
  callbackUrl,
  redirectRefused,
  type AuthorizationParameters,
} from '../domain/authorization.ts';
import { digestOf, newOpaqueToken } from '../domain/opaque-token.ts';
import { insertAuthorizationRequest } from '../store/authorization-requests.ts';
import { REQUEST_LIFETIME_MS } from './login.ts';
import { findOAuthClient } from './oauth-clients.ts';

export interface AuthorizeInput extends AuthorizationParameters {
  readonly client_id?: string | undefined;
  readonly redirect_uri?: string | undefined;
}

/**
 * The authorization endpoint. Answers where to send the person: to the sign-in page with the token of this
 * request, or back to the client with an error. An unknown client or a redirect URI that is not exactly one of its
 * own is never redirected to: anybody could have written that link.
 */
export async function authorize(ctx: AuthContext, input: AuthorizeInput): Promise<string> {
  const client = await findOAuthClient(ctx, input.client_id ?? '');
  const redirectUri = input.redirect_uri ?? '';
  if (!client?.redirectUris.includes(redirectUri)) throw redirectRefused();
  const { issuer } = ctx.config;
  const state = input.state ?? '';
  const fault = authorizationFault(client, input);
  if (fault !== undefined) {
    return callbackUrl(redirectUri, issuer, {
      error: fault.error,
      error_description: fault.description,
      state,
    });
  }
  const token = newOpaqueToken();
  const now = ctx.now();
  await insertAuthorizationRequest(
    ctx.db,
    {
      tokenHash: digestOf(token),
      clientId: client.id,
      redirectUri,
      state,
      scope: input.scope ?? '',
      nonce: input.nonce ?? '',
      codeChallenge: input.code_challenge ?? '',
      expiresAt: new Date(now.getTime() + REQUEST_LIFETIME_MS),
      userId: null,
      authMethods: [],
    },
    now,
  );
  const page = new URL('/auth/login', issuer);
  page.searchParams.set('token', token);
  return page.href;
}
