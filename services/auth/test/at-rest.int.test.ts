import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { API_CLIENTS, ROLES, startTestAuth, uniqueName, type TestAuth } from './support.ts';

let auth: TestAuth;

beforeAll(async () => {
  auth = await startTestAuth();
});
afterAll(() => auth.stop());

/** Every row of every table as text; bytes appear as hexadecimal digits. */
async function dump(): Promise<string> {
  const tables = await auth.superuser.query<{ name: string }>(
    `SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
     WHERE table_schema NOT IN ('pg_catalog', 'information_schema')`,
  );
  const rows = await Promise.all(
    tables.map(({ name }) => auth.superuser.query<{ row: string }>(`SELECT t::text AS row FROM ${name} t`)),
  );
  return rows
    .flat()
    .map(({ row }) => row)
    .join('\n');
}

/** As text, as the bytes that a base64url secret stands for, and in base64. */
function formsOf(secret: string): string[] {
  const text = Buffer.from(secret);
  const bytes = Buffer.from(secret, 'base64url');
  return [
    secret,
    text.toString('hex'),
    text.toString('base64'),
    bytes.toString('hex'),
    bytes.toString('base64'),
  ];
}

test('no secret, password, token or private key is in any table or event', async () => {
  const { bootstrap, machineSecrets } = auth.secrets;
  const client = await auth.clientWith('roles-view');
  const token = String((await auth.signIn(client)).body['access_token']);
  await auth.signIn({ id: client.id, secret: bootstrap.admin.password });
  await auth.trail();
  const places = { tables: await dump(), bus: JSON.stringify(auth.events) };
  const secrets = {
    admin: bootstrap.admin.password,
    oauth: bootstrap.oauth_client.secret,
    bootstrap: bootstrap.api_client.secret,
    client: client.secret,
    machine: machineSecrets['strongroom-vault'],
    token,
    signature: token.split('.')[2]!,
    rootKey: Buffer.from(auth.secrets.rootKey.reveal()).toString('base64url'),
  };
  for (const [place, text] of Object.entries(places)) {
    for (const [name, secret] of Object.entries(secrets)) {
      expect([place, name, formsOf(secret).filter(form => text.includes(form))]).toEqual([place, name, []]);
    }
    expect(text).not.toMatch(/"d":/);
  }
  // The dump does hold what is no secret.
  expect(places.tables).toContain(client.id);
});

describe('a sealed value that was moved or altered', () => {
  const failed = { error_code: 'DECRYPTION_FAILED', error_message: 'A stored value could not be opened' };

  test('does not open as the secret of another API client, and lets nobody in', async () => {
    const [one, two] = [await auth.clientWith(), await auth.clientWith()];
    await auth.superuser.query(
      'UPDATE api_clients SET sealed_secret = (SELECT sealed_secret FROM api_clients WHERE id = $1) WHERE id = $2',
      [one.id, two.id],
    );
    const signedIn = await auth.signIn({ id: two.id, secret: one.secret });
    expect([signedIn.status, signedIn.body]).toEqual([500, { ...failed, request_id: expect.any(String) }]);
    const read = await auth.call('GET', `${API_CLIENTS}/${two.id}`);
    expect([read.status, read.body]).toEqual([500, { ...failed, request_id: expect.any(String) }]);
    expect((await auth.signIn(one)).status).toBe(200);
    await auth.call('DELETE', `${API_CLIENTS}/${two.id}`);
  });

  test.each([
    `''`,
    'set_byte(sealed_secret, 80, get_byte(sealed_secret, 80) # 1)',
    'substr(sealed_secret, 2)',
  ])('does not open as %s', async value => {
    const client = await auth.clientWith();
    await auth.superuser.transaction(async tx => {
      // Past the trigger that refuses other keys than the active one.
      await tx.query(`SELECT set_config('session_replication_role', 'replica', true)`);
      await tx.query(`UPDATE api_clients SET sealed_secret = ${value} WHERE id = $1`, [client.id]);
    });
    expect((await auth.signIn(client)).body).toMatchObject(failed);
    await auth.call('DELETE', `${API_CLIENTS}/${client.id}`);
  });
});

describe('routes', () => {
  test('without a token, only those of the fixed list answer', async () => {
    const { body } = await auth.call('GET', '/openapi.json', { as: null });
    const paths = body['paths'] as Record<string, Record<string, { security: unknown[] }>>;
    const open: string[] = [];
    for (const [template, methods] of Object.entries(paths)) {
      for (const [method, { security }] of Object.entries(methods)) {
        if (security.length === 0) {
          open.push(`${method} ${template}`);
          continue;
        }
        const path = template.replaceAll(/\{\w+\}/g, 'x');
        const answer = await auth.call(method.toUpperCase(), path, { as: null });
        const code = /^\/(?:SecretServer|BeyondTrust)\//.test(path) ? undefined : 'UNAUTHENTICATED';
        expect([path, answer.status, answer.body['error_code']]).toEqual([path, 401, code]);
        expect(answer.headers.get('www-authenticate')).toBe('Bearer');
      }
    }
    expect(open.sort()).toEqual([
      'get /.well-known/oauth-authorization-server',
      'get /.well-known/openid-configuration',
      'get /SecretServer/platform/health',
      'get /auth/api/v1/oauth/authorize',
      'get /auth/api/v1/oauth/jwks',
      'get /auth/api/v1/oauth/logout',
      'get /auth/api/v1/status',
      'get /auth/assets/{version}/login-steps.js',
      'get /auth/assets/{version}/login.css',
      'get /auth/assets/{version}/login.js',
      'get /auth/assets/{version}/page.js',
      'get /auth/assets/{version}/password-reset.js',
      'get /auth/login',
      'get /auth/password-reset',
      'get /local-user-store/api/v1/status',
      'get /role-store/api/v1/status',
      'post /BeyondTrust/api/public/v3/auth/connect/token',
      'post /SecretServer/api/v1/sdk-client-accounts',
      'post /SecretServer/oauth2/refresh',
      'post /SecretServer/oauth2/token',
      'post /SecretServer/platform/identity/api/oauth2/token/xpmplatform',
      'post /auth/api/v1/login',
      'post /auth/api/v1/login/continue',
      'post /auth/api/v1/login/mfa',
      'post /auth/api/v1/login/mfa/totp',
      'post /auth/api/v1/login/mfa/totp/confirm',
      'post /auth/api/v1/login/mfa/webauthn',
      'post /auth/api/v1/login/passkey',
      'post /auth/api/v1/login/passkey/options',
      'post /auth/api/v1/login/password',
      'post /auth/api/v1/oauth/authorize',
      'post /auth/api/v1/oauth/clientcredentials/{domain}/token',
      'post /auth/api/v1/oauth/introspect',
      'post /auth/api/v1/oauth/logout',
      'post /auth/api/v1/oauth/revoke',
      'post /auth/api/v1/oauth/token',
      'post /auth/api/v1/password/reset',
      'post /auth/api/v1/token/login',
    ]);
    for (const path of [
      '/healthz',
      '/readyz',
      '/openapi.json',
      ...open.filter(line => /^get .*(status|jwks|\.well-known)/.test(line)).map(line => line.slice(4)),
    ]) {
      expect([path, (await auth.call('GET', path, { as: null })).status]).toEqual([path, 200]);
    }
  });

  test('a stranger makes nothing be parsed', async () => {
    expect((await auth.call('POST', ROLES, { as: null, body: '{' })).status).toBe(401);
    const { bearer } = await auth.clientWith('roles-view');
    expect((await auth.call('POST', ROLES, { as: bearer, body: '{' })).status).toBe(403);
    expect((await auth.call('POST', ROLES, { body: '{' })).status).toBe(400);
  });

  test('a role may not be larger than a body', async () => {
    const body = { name: uniqueName('large'), comment: 'x'.repeat(1_100_000) };
    expect((await auth.call('POST', ROLES, { body })).status).toBe(413);
  });
});
