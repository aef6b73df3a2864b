import { createHash, randomBytes } from 'node:crypto';
import type { ApiClient } from '@strongroom/testing/api-client';

/** Walks a person through the JSON steps of the sign-in page; answers the callback URL of the application. */
export async function signInAt(
  client: ApiClient,
  authorizationUrl: URL,
  username: string,
  password: string,
): Promise<URL> {
  const asked = await client.call('GET', `${authorizationUrl.pathname}${authorizationUrl.search}`, {
    token: null,
  });
  if (asked.status !== 307) throw new Error(`the authorization endpoint answers ${asked.status}`);
  const token = new URL(String(asked.headers['location'])).searchParams.get('token');
  const done = await client.call('POST', '/auth/api/v1/login', {
    token: null,
    body: { username, password, token },
  });
  if (done.status !== 200) throw new Error(`the sign-in answers ${done.status}: ${done.text}`);
  return new URL(String(done.body?.['redirect_to']));
}

/** Registers an application that signs people in (contract 1.7); answers its id and secret. */
export async function registerApplication(
  client: ApiClient,
  members: Record<string, unknown>,
): Promise<{ id: string; clientId: string; clientSecret: string }> {
  const path = '/auth/api/v1/idp/clients';
  const made = await client.call('POST', path, {
    body: {
      idp_type: 'oidc',
      enabled: true,
      oidc_scopes_enabled: ['openid', 'profile', 'email'],
      ...members,
    },
  });
  if (made.status !== 201) throw new Error(`registering answers ${made.status}: ${made.text}`);
  const id = String(made.body?.['id']);
  const read = await client.call('GET', `${path}/${id}`);
  return {
    id,
    clientId: String(read.body?.['oidc_client_id']),
    clientSecret: String(read.body?.['oidc_client_secret']),
  };
}

export interface Tokens {
  accessToken: string;
  refreshToken: string;
}

/** As PrivX's own clients do it. */
export const signInToUi = (client: ApiClient, username: string, password: string): Promise<Tokens> =>
  walkCode(client, { id: 'privx-ui', redirectUri: '/privx/oauth-callback' }, username, password);

export const signInToApplication = (
  client: ApiClient,
  application: { clientId: string; clientSecret: string },
  username: string,
  password: string,
): Promise<Tokens> =>
  walkCode(
    client,
    { id: application.clientId, secret: application.clientSecret, redirectUri: 'https://app.example/cb' },
    username,
    password,
  );

async function walkCode(
  client: ApiClient,
  application: { id: string; secret?: string; redirectUri: string },
  username: string,
  password: string,
): Promise<Tokens> {
  const verifier = randomBytes(32).toString('base64url');
  const url = new URL('https://any.host/auth/api/v1/oauth/authorize');
  url.search = new URLSearchParams({
    client_id: application.id,
    redirect_uri: application.redirectUri,
    response_type: 'code',
    scope: 'openid',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  }).toString();
  const callback = await signInAt(client, url, username, password);
  const granted = await client.call('POST', '/auth/api/v1/oauth/token', {
    token: null,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      client_id: application.id,
      ...(application.secret === undefined ? {} : { client_secret: application.secret }),
      redirect_uri: application.redirectUri,
      grant_type: 'authorization_code',
      code: callback.searchParams.get('code') ?? '',
      code_verifier: verifier,
    }).toString(),
  });
  if (granted.status !== 200) throw new Error(`no tokens: ${granted.status}`);
  return {
    accessToken: String(granted.body?.['access_token']),
    refreshToken: String(granted.body?.['refresh_token']),
  };
}
