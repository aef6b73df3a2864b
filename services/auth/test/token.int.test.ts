import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import {
  API_CLIENTS,
  basic,
  ISSUER,
  passwordGrant as grant,
  randomSecret,
  ROLES,
  startTestAuth,
  uniqueName,
  type CallOptions,
  type TestAuth,
} from './support.ts';

let now = new Date('2026-04-01T12:00:00Z');
let auth: TestAuth;
let oauth: string;

beforeAll(async () => {
  auth = await startTestAuth({ now: () => now });
  const { id, secret } = auth.secrets.bootstrap.oauth_client;
  oauth = basic(id, secret);
});
afterAll(() => auth.stop());

const post = (form: string, as: string | null = oauth, headers?: CallOptions['headers']) =>
  auth.postToken(form, as, headers);

async function verified(token: unknown) {
  const keys = createRemoteJWKSet(new URL(`${auth.url}/auth/api/v1/oauth/jwks`));
  return jwtVerify(String(token), keys, {
    currentDate: now,
    issuer: ISSUER,
    audience: 'strongroom',
    typ: 'at+jwt',
  });
}

describe('the password grant (contract 1.2)', () => {
  test.each([
    ['Go', (id: string, secret: string) => `grant_type=password&password=${secret}&username=${id}`, {}],
    ['Python', (id: string, secret: string) => `grant_type=password&username=${id}&password=${secret}`, {}],
    ['Ansible', grant, { accept: 'application/json', 'user-agent': 'ansible-httpget' }],
    [
      'a client that adds fields',
      (id: string, secret: string) => `${grant(id, secret)}&scope=a+b&client_id=privx-external`,
      {},
    ],
    ['an id in capitals', (id: string, secret: string) => grant(id.toUpperCase(), secret), {}],
    [
      'a content type with a parameter',
      grant,
      { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
    ],
    [
      'blanks and signs encoded',
      (id: string, secret: string) => grant(id, secret).replaceAll('-', '%2D').replaceAll('_', '%5F'),
      {},
    ],
  ])('as %s sends it', async (_who, form, headers) => {
    const { id, secret } = auth.secrets.bootstrap.api_client;
    const { status, body, headers: answered } = await post(form(id, secret), oauth, headers);
    expect(status).toBe(200);
    expect(body).toEqual({
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: 1_800,
      ...(form(id, secret).includes('scope=') ? { scope: 'a b' } : {}),
    });
    expect(answered.get('content-type')).toMatch(/^application\/json/);
    expect(answered.get('cache-control')).toBe('no-store');
  });

  test('is refused when the form names another client than the header', async () => {
    const { id, secret } = auth.secrets.bootstrap.api_client;
    const { status, body } = await post(`${grant(id, secret)}&client_id=x`, oauth);
    expect([status, body['error'], body['access_token']]).toEqual([400, 'invalid_request', undefined]);
  });

  test('gives a token that verifies against the served keys and says who may do what', async () => {
    const [plain, both] = [
      await auth.clientWith('vault-add', 'roles-view'),
      await auth.clientWith('vault-manage', 'vault-add'),
    ];
    const roles = [{ id: both.roleId }, { id: plain.roleId }];
    const name = uniqueName('union');
    await auth.call('PUT', `${API_CLIENTS}/${plain.id}`, { body: { name, roles } });
    const { body } = await auth.signIn(plain);
    const { payload, protectedHeader } = await verified(body['access_token']);
    const seconds = now.getTime() / 1_000;
    expect(payload).toEqual({
      iss: ISSUER,
      aud: 'strongroom',
      sub: plain.id,
      client_id: 'privx-external',
      kind: 'api-client',
      name,
      roles: [both.roleId, plain.roleId],
      permissions: ['roles-view', 'vault-add', 'vault-manage'],
      scope: '',
      auth_time: seconds,
      amr: [],
      address: '',
      iat: seconds,
      nbf: seconds,
      exp: seconds + 1_800,
      jti: expect.any(String),
      sid: expect.any(String),
    });
    expect(protectedHeader).toEqual({ alg: 'EdDSA', typ: 'at+jwt', kid: expect.any(String) });
    const again = await verified((await auth.signIn(plain)).body['access_token']);
    expect(again.payload.jti).not.toBe(payload.jti);
    expect(again.payload['sid']).not.toBe(payload['sid']);
  });

  test('a token ends with its lifetime', async () => {
    const issued = now;
    const as = `Bearer ${String((await auth.signIn()).body['access_token'])}`;
    now = new Date(issued.getTime() + 1_799_000);
    expect((await auth.call('GET', ROLES, { as })).status).toBe(200);
    now = new Date(issued.getTime() + 1_800_000);
    expect((await auth.call('GET', ROLES, { as })).status).toBe(401);
    now = issued;
  });
});

describe("the platform's own services", () => {
  const CLIENT_CREDENTIALS = 'grant_type=client_credentials';

  test('sign in with client_credentials and get no more than they need', async () => {
    const secret = auth.secrets.machineSecrets['strongroom-vault'];
    const { status, body } = await post(CLIENT_CREDENTIALS, basic('strongroom-vault', secret));
    expect([status, body['expires_in']]).toEqual([200, 600]);
    const { payload } = await verified(body['access_token']);
    expect(payload).toMatchObject({
      sub: 'strongroom-vault',
      client_id: 'strongroom-vault',
      kind: 'service',
      roles: [],
      permissions: ['roles-view'],
    });
    const as = `Bearer ${String(body['access_token'])}`;
    expect((await auth.call('GET', ROLES, { as })).status).toBe(200);
    expect((await auth.call('POST', ROLES, { as, body: { name: 'x' } })).status).toBe(403);
    expect((await auth.call('GET', API_CLIENTS, { as })).status).toBe(403);
  });

  test('are refused otherwise, and so is everyone else', async () => {
    const secret = auth.secrets.machineSecrets['strongroom-vault'];
    const { oauth_client, api_client } = auth.secrets.bootstrap;
    const credentials = [
      basic('strongroom-vault', randomSecret()),
      basic('strongroom-vault', ''),
      basic('strongroom-other', secret),
      basic('constructor', secret),
      basic(oauth_client.id, randomSecret()),
      basic(api_client.id, randomSecret()),
      basic('privx-ui-other', ''),
    ];
    for (const as of credentials) {
      const { status, body } = await post(CLIENT_CREDENTIALS, as);
      expect([status, body['error']]).toEqual([401, 'invalid_client']);
    }
    const applications = [basic(oauth_client.id, oauth_client.secret), basic('privx-ui', '')];
    for (const as of applications) {
      const { status, body } = await post(CLIENT_CREDENTIALS, as);
      expect([status, body['error'], body['access_token']]).toEqual([400, 'unauthorized_client', undefined]);
    }
    // Nor do they stand in for the OAuth client of the password grant.
    const { status } = await post(grant(api_client.id, api_client.secret), basic('strongroom-vault', secret));
    expect(status).toBe(401);
  });
});

describe('the trail', () => {
  test('holds each success and each failure once, without what was typed', async () => {
    const { id, secret } = auth.secrets.bootstrap.api_client;
    const typed = `plum-${randomSecret()}`;
    const attempts: [form: string, as: string | null, name: string, message: Record<string, string>][] = [
      [
        grant(id, secret),
        oauth,
        'Access-token-granted',
        { userID: id, username: 'bootstrap', clientID: 'privx-external', grantType: 'password' },
      ],
      [grant(id, typed), oauth, 'OAuth-client-authentication-failed', { reason: 'invalid_grant' }],
      [grant(typed, typed), oauth, 'OAuth-client-authentication-failed', { reason: 'invalid_grant' }],
      [
        grant(id, secret),
        basic(typed, typed),
        'OAuth-client-authentication-failed',
        { reason: 'invalid_client' },
      ],
      [grant(id, secret), null, 'OAuth-client-authentication-failed', { reason: 'invalid_client' }],
      [
        `grant_type=${typed}`,
        oauth,
        'OAuth-client-authentication-failed',
        { reason: 'unsupported_grant_type' },
      ],
    ];
    const ids: string[] = [];
    for (const [form, as] of attempts) {
      ids.push(randomUUID());
      await post(form, as, { 'x-request-id': ids.at(-1)! });
    }
    const records = await auth.trail();
    for (const [index, [, , name, message]] of attempts.entries()) {
      const mine = records.filter(record => record.message['requestID'] === ids[index]);
      expect(mine).toMatchObject([{ name, message }]);
    }
    for (const secretText of [typed, secret, auth.secrets.bootstrap.oauth_client.secret]) {
      expect(JSON.stringify(auth.events)).not.toContain(secretText);
    }
  });

  test('comes before the token: without a record there is none', async () => {
    await auth.superuser.query('ALTER TABLE outbox RENAME TO gone');
    const { status, body } = await auth.signIn();
    await auth.superuser.query('ALTER TABLE gone RENAME TO outbox');
    expect([status, body['error_code']]).toEqual([503, 'AUDIT_UNAVAILABLE']);
    expect(body).not.toHaveProperty('access_token');
    expect((await auth.signIn()).status).toBe(200);
  });
});

test('the key set shows public halves only', async () => {
  const { status, body, headers } = await auth.call('GET', '/auth/api/v1/oauth/jwks', { as: null });
  expect([status, headers.get('cache-control')]).toEqual([200, 'public, max-age=240']);
  const keys = body['keys'] as object[];
  const common = { use: 'sig', kid: expect.any(String) };
  expect(keys).toHaveLength(2);
  expect(keys).toContainEqual({ ...common, kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', x: expect.any(String) });
  expect(keys).toContainEqual({
    ...common,
    kty: 'RSA',
    alg: 'RS256',
    n: expect.stringMatching(/^.{342}$/),
    e: 'AQAB',
  });
});
