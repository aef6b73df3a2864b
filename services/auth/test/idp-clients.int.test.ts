import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { findIdpClientByClientId } from '../src/store/idp-clients.ts';
import { startTestAuth, uniqueName, type TestAuth } from './support.ts';

const CLIENTS = '/auth/api/v1/idp/clients';
let now = new Date('2026-06-01T08:00:00.500Z');
let auth: TestAuth;

beforeAll(async () => {
  auth = await startTestAuth({ now: () => now });
});
afterAll(() => auth.stop());

const pathOf = (id: unknown) => `${CLIENTS}/${String(id)}`;

async function create(body: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
  const answer = await auth.call('POST', CLIENTS, { body: { name: uniqueName('app'), ...body } });
  expect(answer.status).toBe(201);
  return (await auth.call('GET', pathOf(answer.body['id']))).body;
}

const SENT = {
  oidc_audience: ['testdomain.local'],
  oidc_scopes_enabled: ['profile', 'privx_roles'],
  oidc_code_challenge_method_enabled: true,
  oidc_auth_method_enabled: 'client_secret_post',
  oidc_auth_method_post: true,
  oidc_grant_type_refresh_token: true,
  oidc_allowed_redirect_uris: [
    'https://app.example/callback',
    'http://127.0.0.1:3000/cb',
    'com.example.app:/cb',
  ],
  oidc_default_logout_redirect_uri: 'https://app.example/bye',
  oidc_allowed_logout_redirect_uris: ['https://app.example/out'],
  oidc_attribute_mapping: { mail: 'email', uid: 'preferred_username' },
  oidc_signature_algorithm: 'EdDSA',
  oidc_access_token_valid_in_minutes: 15,
  oidc_refresh_token_valid_in_minutes: 60,
  user_filter: '(mail=*@example.com)',
  enabled: true,
  container_required: true,
};

/** A session that was begun through the application. */
async function session(clientId: unknown): Promise<string> {
  const id = randomUUID();
  await auth.superuser.query(
    `INSERT INTO sessions (id, kind, subject_id, client_id, username, remote_address, user_agent, scope,
       auth_time, auth_methods, role_ids, created_at, updated_at, expires_at, token_expires_at)
     VALUES ($1, 'user', gen_random_uuid(), $2, '', '', '', '', $3::timestamptz, '{}', '{}', $3, $3,
       $3 + interval '1 hour', $3)`,
    [id, clientId, now],
  );
  return id;
}

async function isEnded(sessionId: string): Promise<boolean> {
  const [row] = await auth.superuser.query<{ ended_at: Date | null }>(
    'SELECT ended_at FROM sessions WHERE id = $1',
    [sessionId],
  );
  return row?.ended_at instanceof Date;
}

describe('an application (contract 1.7)', () => {
  test('comes back as it was sent, with what the server adds', async () => {
    const name = uniqueName('app');
    // As Go sends it: times are zero, ids and secrets empty or invented.
    const zero = '0001-01-01T00:00:00Z';
    const body = {
      ...SENT,
      id: '',
      name,
      created: zero,
      updated: zero,
      idp_type: 'oidc',
      oidc_client_id: 'mine',
      oidc_client_secret: 'weak',
      oidc_issuer: 'https://evil.example',
    };
    const made = await auth.call('POST', CLIENTS, { body });
    const path = pathOf(made.body['id']);
    expect([made.status, made.headers.get('location')]).toEqual([201, path]);
    const author = auth.secrets.bootstrap.api_client.id;
    const first = (await auth.call('GET', path)).body;
    expect(first).toEqual({
      ...SENT,
      id: made.body['id'],
      name,
      idp_type: 'oidc',
      oidc_issuer: auth.config.issuer,
      oidc_client_id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f-]{21}$/),
      oidc_client_secret: expect.stringMatching(/^[\w-]{43}$/),
      oidc_response_types_supported: ['code'],
      oidc_grant_types_supported: ['authorization_code', 'refresh_token'],
      created: now.toISOString(),
      author,
      updated: now.toISOString(),
      updated_by: author,
    });
    now = new Date(now.getTime() + 1_000);
    expect((await auth.call('PUT', path, { body: { ...first, user_filter: '' } })).status).toBe(200);
    expect((await auth.call('GET', path)).body).toEqual({
      ...first,
      user_filter: '',
      updated: now.toISOString(),
    });
    expect((await auth.call('DELETE', path)).status).toBe(200);
    for (const [method, at] of [
      ['GET', path],
      ['PUT', path],
      ['DELETE', path],
      ['POST', `${path}/regenerate`],
    ] as const) {
      const answer = await auth.call(method, at, method === 'PUT' ? { body: { name } } : {});
      expect([answer.status, answer.body['error_code']]).toEqual([404, 'OBJECT_NOT_FOUND']);
    }
  });

  test('is found by its client id, in our own words', async () => {
    const made = await create(SENT);
    expect(await findIdpClientByClientId(auth.superuser, String(made['oidc_client_id']))).toMatchObject({
      id: made['id'],
      isEnabled: true,
      redirectUris: SENT.oidc_allowed_redirect_uris,
      logoutRedirectUris: ['https://app.example/out', 'https://app.example/bye'],
      defaultLogoutRedirectUri: 'https://app.example/bye',
      scopes: ['openid', 'profile', 'privx_roles'],
      audiences: ['testdomain.local'],
      allowsRefresh: true,
      isPublic: false,
      accessTokenSeconds: 900,
      refreshTokenSeconds: 3_600,
      signatureAlgorithm: 'EdDSA',
      attributeMapping: SENT.oidc_attribute_mapping,
      userFilter: '(mail=*@example.com)',
    });
    expect(await findIdpClientByClientId(auth.superuser, 'privx-ui')).toBeUndefined();
  });

  test('left bare has safe defaults', async () => {
    const made = await create();
    expect(made).toMatchObject({
      enabled: true,
      oidc_scopes_enabled: ['openid', 'profile', 'email'],
      oidc_grant_types_supported: ['authorization_code'],
      oidc_code_challenge_method_enabled: true,
      oidc_signature_algorithm: 'RS256',
      oidc_access_token_valid_in_minutes: 5,
      oidc_refresh_token_valid_in_minutes: 480,
    });
    expect(await findIdpClientByClientId(auth.superuser, String(made['oidc_client_id']))).toMatchObject({
      redirectUris: [],
      logoutRedirectUris: [],
      defaultLogoutRedirectUri: undefined,
      allowsRefresh: false,
      isPublic: false,
      accessTokenSeconds: 300,
      refreshTokenSeconds: 28_800,
      userFilter: '',
    });
  });

  test('cannot do without PKCE, with a secret or none', async () => {
    const made = await create({
      oidc_auth_method_enabled: 'none',
      oidc_auth_method_post: true,
      oidc_code_challenge_method_enabled: false,
    });
    expect(await findIdpClientByClientId(auth.superuser, String(made['oidc_client_id']))).toMatchObject({
      isPublic: true,
    });
    expect(made['oidc_code_challenge_method_enabled']).toBe(true);
  });

  test('is listed without its secret', async () => {
    const made = await create();
    const { body, text } = await auth.call('GET', `${CLIENTS}?limit=1000&sortkey=created&sortdir=desc`);
    const items = body['items'] as Record<string, unknown>[];
    expect(body['count']).toBe(items.length);
    expect(items.some(({ id }) => id === made['id'])).toBe(true);
    expect(text).not.toContain(made['oidc_client_secret']);
    expect((await auth.call('GET', `${CLIENTS}?sortkey=secret`)).status).toBe(400);
  });
});

test.each<[string, Record<string, unknown>]>([
  ['name', { name: ' ' }],
  ['idp_type', { idp_type: 'saml' }],
  ['oidc_auth_method_enabled', { oidc_auth_method_enabled: 'private_key_jwt' }],
  ['oidc_auth_method_enabled', { oidc_auth_method_enabled: true }],
  ['oidc_signature_algorithm', { oidc_signature_algorithm: 'none' }],
  ['oidc_signature_algorithm', { oidc_signature_algorithm: 'HS256' }],
  ['oidc_access_token_valid_in_minutes', { oidc_access_token_valid_in_minutes: 61 }],
  ['oidc_access_token_valid_in_minutes', { oidc_access_token_valid_in_minutes: 0 }],
  ['oidc_refresh_token_valid_in_minutes', { oidc_refresh_token_valid_in_minutes: 43_201 }],
  ['oidc_scopes_enabled.0', { oidc_scopes_enabled: ['profile email'] }],
  [
    'oidc_allowed_redirect_uris.1',
    { oidc_allowed_redirect_uris: ['https://a.example/', 'https://*.example/'] },
  ],
  ['oidc_allowed_redirect_uris.0', { oidc_allowed_redirect_uris: ['http://app.example/'] }],
  ['oidc_allowed_redirect_uris.0', { oidc_allowed_redirect_uris: ['javascript:alert(1)'] }],
  ['oidc_allowed_redirect_uris', { oidc_allowed_redirect_uris: Array(51).fill('https://a.example/') }],
  ['oidc_allowed_logout_redirect_uris.0', { oidc_allowed_logout_redirect_uris: ['//evil.example'] }],
  ['oidc_default_logout_redirect_uri', { oidc_default_logout_redirect_uri: 'https://a.example/#x' }],
  ['oidc_attribute_mapping', { oidc_attribute_mapping: { mail: 'iss' } }],
  ['oidc_attribute_mapping.mail', { oidc_attribute_mapping: { mail: 7 } }],
  ['user_filter', { user_filter: 'x'.repeat(4_097) }],
])('a wrong %s: %#', async (property, body) => {
  const { id } = await create();
  for (const answer of [
    await auth.call('POST', CLIENTS, { body: { name: uniqueName('wrong'), ...body } }),
    await auth.call('PUT', pathOf(id), { body: { name: uniqueName('wrong'), ...body } }),
  ]) {
    expect([answer.status, answer.body['property']]).toEqual([400, property]);
  }
});

test('names are taken, in any spelling', async () => {
  const { name } = await create();
  const twin = await auth.call('POST', CLIENTS, { body: { name: ` ${String(name).toUpperCase()} ` } });
  expect([twin.status, twin.body['error_code'], twin.body['property']]).toEqual([
    409,
    'VALUE_DUPLICATE',
    'name',
  ]);
});

describe('what ends the sessions of an application', () => {
  test.each<[string, (path: string, name: unknown) => [string, string, unknown?]]>([
    ['disabling', (path, name) => ['PUT', path, { name, enabled: false }]],
    ['deleting', path => ['DELETE', path]],
    ['new credentials', path => ['POST', `${path}/regenerate`]],
  ])('%s', async (_, act) => {
    const [made, other] = [await create(), await create()];
    const [own, spared] = [await session(made['oidc_client_id']), await session(other['oidc_client_id'])];
    const [method, path, body] = act(pathOf(made['id']), made['name']);
    expect((await auth.call(method, path, { body })).status).toBe(200);
    expect([await isEnded(own), await isEnded(spared)]).toEqual([true, false]);
  });

  test('not a change of other things', async () => {
    const made = await create();
    const own = await session(made['oidc_client_id']);
    await auth.call('PUT', pathOf(made['id']), { body: { name: made['name'], user_filter: '(a=b)' } });
    expect(await isEnded(own)).toBe(false);
  });
});

test('new credentials replace the old ones; of several at once, one stands', async () => {
  const made = await create();
  const path = `${pathOf(made['id'])}/regenerate`;
  const answers = await Promise.all([1, 2, 3, 4].map(() => auth.call('POST', path)));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  const given = answers.map(({ body }) => ({
    client_id: body['client_id'],
    client_secret: body['client_secret'],
  }));
  const read = (await auth.call('GET', pathOf(made['id']))).body;
  expect(given).toContainEqual({
    client_id: read['oidc_client_id'],
    client_secret: read['oidc_client_secret'],
  });
  expect(read['oidc_client_id']).not.toBe(made['oidc_client_id']);
  expect(await findIdpClientByClientId(auth.superuser, String(made['oidc_client_id']))).toBeUndefined();
});

describe('secrets and permissions', () => {
  test('a secret is for those who may change the application, is recorded, and rests sealed', async () => {
    const made = await create();
    const secret = String(made['oidc_client_secret']);
    const { bearer } = await auth.clientWith('idp-clients-view');
    const seen = await auth.call('GET', pathOf(made['id']), { as: bearer });
    expect(seen.status).toBe(200);
    expect(seen.text).not.toContain(secret);
    const again = (await auth.call('POST', `${pathOf(made['id'])}/regenerate`)).body;
    await auth.call('PUT', pathOf(made['id']), { body: { name: made['name'] } });
    await auth.call('DELETE', pathOf(made['id']));
    const records = (await auth.trail()).filter(({ message }) => message['idpClientID'] === made['id']);
    expect(records.map(({ name, message }) => [name, message['act']])).toEqual([
      ['IdP-client-added', undefined],
      ['IdP-client-secret-read', 'read'],
      ['IdP-client-secret-read', 'regenerated'],
      ['IdP-client-modified', undefined],
      ['IdP-client-removed', undefined],
    ]);
    const rows = await auth.superuser.query('SELECT i::text, encode(sealed_secret, $1) FROM idp_clients i', [
      'escape',
    ]);
    for (const canary of [secret, String(again['client_secret'])]) {
      expect(JSON.stringify([rows, auth.events])).not.toContain(canary);
    }
  });

  test('without a record none is shown', async () => {
    const made = await create();
    await auth.superuser.query('ALTER TABLE outbox RENAME TO gone');
    const answers = [
      await auth.call('GET', pathOf(made['id'])),
      await auth.call('POST', `${pathOf(made['id'])}/regenerate`),
    ];
    await auth.superuser.query('ALTER TABLE gone RENAME TO outbox');
    for (const { status, text } of answers) {
      expect(status).toBe(503);
      expect(text).not.toContain(made['oidc_client_secret']);
    }
    // Nothing was made anew either.
    expect((await auth.call('GET', pathOf(made['id']))).body).toEqual(made);
  });

  test('without a permission nothing is shown or changed', async () => {
    const { id } = await create();
    const { bearer } = await auth.clientWith('idp-clients-view');
    const { bearer: other } = await auth.clientWith('api-clients-manage', 'settings-manage');
    for (const [method, path, body, as] of [
      ['GET', CLIENTS, undefined, other],
      ['GET', pathOf(id), undefined, other],
      ['POST', CLIENTS, { name: 'x' }, bearer],
      ['PUT', pathOf(id), { name: 'x' }, bearer],
      ['DELETE', pathOf(id), undefined, bearer],
      ['POST', `${pathOf(id)}/regenerate`, undefined, bearer],
    ] as const) {
      expect([method, (await auth.call(method, path, { as, body })).status]).toEqual([method, 403]);
    }
  });
});
