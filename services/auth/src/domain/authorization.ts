import { OAuthError, type OAuthErrorCode } from '@strongroom/errors/oauth-error';
import type { OAuthClient } from './oauth-client.ts';
import { CHALLENGE_METHOD, isChallenge } from './pkce.ts';

/** What the authorization endpoint gets (RFC 6749, 4.1.1; OpenID Connect Core, 3.1.2.1; contract 1.3). */
export interface AuthorizationParameters {
  readonly response_type?: string | undefined;
  readonly response_mode?: string | undefined;
  readonly state?: string | undefined;
  readonly scope?: string | undefined;
  readonly nonce?: string | undefined;
  readonly code_challenge?: string | undefined;
  readonly code_challenge_method?: string | undefined;
  readonly prompt?: string | undefined;
  readonly request?: string | undefined;
  readonly request_uri?: string | undefined;
}

/**
 * What is wrong with a request of a client whose redirect URI is known to be its own, and is therefore told there.
 * PKCE is required of every client: without it a stolen code is enough (RFC 9700, 2.1.1).
 */
export function authorizationFault(
  client: OAuthClient,
  parameters: AuthorizationParameters,
): { error: OAuthErrorCode; description: string } | undefined {
  const fault = (error: OAuthErrorCode, description: string) => ({ error, description });
  if (parameters.request !== undefined || parameters.request_uri !== undefined) {
    return fault('invalid_request', 'Request objects are not supported');
  }
  if (parameters.response_type !== 'code') {
    return fault('unsupported_response_type', 'The only response_type is code');
  }
  if (parameters.response_mode !== undefined && parameters.response_mode !== 'query') {
    return fault('invalid_request', 'The only response_mode is query');
  }
  if (!client.grants.includes('authorization_code')) {
    return fault('unauthorized_client', 'The client may not use the authorization code grant');
  }
  if (
    parameters.code_challenge_method !== CHALLENGE_METHOD ||
    !isChallenge(parameters.code_challenge ?? '')
  ) {
    return fault('invalid_request', 'A code_challenge by S256 is required');
  }
  // Nobody is signed in without typing anything: there is no cookie.
  if (parameters.prompt?.split(' ').includes('none')) {
    return fault('login_required', 'The person must sign in');
  }
  const scopes = (parameters.scope ?? '').split(' ').filter(word => word !== '');
  if (client.scopes !== null && scopes.some(word => !client.scopes?.includes(word))) {
    return fault('invalid_scope', 'The client may not ask for one of these scopes');
  }
  return undefined;
}

/** Where the person goes back to. Relative URIs are those of clients that came to this very host. */
export function callbackUrl(
  redirectUri: string,
  issuer: string,
  parameters: Readonly<Record<string, string>>,
): string {
  const url = new URL(redirectUri, issuer);
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== '') url.searchParams.set(name, value);
  }
  // RFC 9207: tells the client which server answers, against mix-up.
  url.searchParams.set('iss', issuer);
  return url.href;
}

export const redirectRefused = () =>
  new OAuthError('invalid_request', 'The client is unknown, or the redirect URI is not one of its own');
