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
