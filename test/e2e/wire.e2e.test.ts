import { randomUUID } from 'node:crypto';
import { request as httpsRequest } from 'node:https';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { listOperations, roleHandle, runPlatform, eventually, type RunningPlatform } from './support.ts';

let running: RunningPlatform;
let admin: { id: string; name: string };

beforeAll(async () => {
  running = await runPlatform();
  admin = await roleHandle(running.client, 'privx-admin');
});

afterAll(() => running.stop());

const secrets = '/vault/api/v1/secrets';
const at = (name: string) => `${secrets}/${encodeURIComponent(name)}`;

const store = (name: string, data: unknown) =>
  running.client.call('POST', secrets, { body: { name, data, read_roles: [admin], write_roles: [admin] } });

/** Sends the target byte for byte: other clients would tidy it up first. */
function rawStatus(target: string, token: string): Promise<number> {
  const { hostname, port } = new URL(running.platform.baseUrl);
  return new Promise((resolve, reject) => {
    const request = httpsRequest(
      {
        hostname,
        port,
        path: target,
        ca: running.platform.ca,
        headers: { authorization: `Bearer ${token}` },
      },
      response => {
        response.resume();
        response.once('end', () => resolve(response.statusCode ?? 0));
      },
    );
    request.once('error', reject);
    request.end();
  });
}

const freshToken = async () => String((await running.client.signIn()).body?.['access_token']);

describe('a secret through the gateway', () => {
  test('is created, read, changed, found and deleted', async () => {
    const { client } = running;
    const created = await store('team/db', {
      user: 'app',
      pass: 'one',
      port: 5432,
      nested: { list: [1, null] },
    });
    expect([created.status, created.body]).toEqual([201, { name: 'team/db' }]);
    expect(created.headers['location']).toBe(at('team/db'));

    const read = await client.call('GET', at('team/db'));
    expect(read.status).toBe(200);
    expect(read.body).toMatchObject({
      name: 'team/db',
      data: { user: 'app', pass: 'one', port: 5432, nested: { list: [1, null] } },
      read_roles: [admin],
      write_roles: [admin],
      author: running.platform.credentials.api_client.id,
    });
    expect((await client.call('GET', `${secrets}/team/db`)).body).toEqual(read.body);

    const put = await client.call('PUT', at('team/db'), { body: { ...read.body, data: { pass: 'two' } } });
    expect([put.status, put.text]).toEqual([200, '']);
    expect((await client.call('GET', at('team/db'))).body?.['data']).toEqual({ pass: 'two' });

    const found = await client.call('POST', '/vault/api/v1/search/secrets', {
      body: { keywords: 'TEAM db' },
    });
    expect(found.body).toMatchObject({ count: 1, items: [{ name: 'team/db' }] });
    expect(found.text).not.toContain('two');

    expect((await client.call('DELETE', at('team/db'))).status).toBe(200);
    const gone = await client.call('GET', at('team/db'));
    expect([gone.status, gone.body?.['error_code'], gone.body?.['error_message']]).toEqual([
      404,
      'OBJECT_NOT_FOUND',
      'Secret not found',
    ]);
  });

  test('is personal under its owner, as SDKs write the path', async () => {
    const { client } = running;
    const owner = randomUUID();
    const mine = `/vault/api/v1/user/${owner}/secrets`;
    const body = { name: 'my notes/one', data: { pin: '1' }, read_roles: [admin], write_roles: null };
    const created = await client.call('POST', mine, { body });
    expect([created.status, created.body]).toEqual([201, { name: body.name }]);
    const path = `${mine}/my%20notes%2Fone`;
    expect(created.headers['location']).toBe(path);
    const read = await client.call('GET', path);
    expect([read.status, read.body?.['data'], read.body?.['owner_id']]).toEqual([200, { pin: '1' }, owner]);
    const metadata = await client.call('GET', path.replace('/secrets/', '/metadata/secrets/'));
    expect([metadata.status, metadata.body?.['data']]).toEqual([200, undefined]);
    expect((await client.call('GET', mine)).body).toMatchObject({ count: 1, items: [{ name: body.name }] });
    expect((await client.call('DELETE', path)).status).toBe(200);
  });

  test('is changed under a condition and repeated under a key, through all that is in between', async () => {
    const { client } = running;
    await store('team/conditions', { v: 1 });
    const path = at('team/conditions');
    const etag = String((await client.call('GET', path)).headers['etag']);
    const unchanged = await client.call('GET', path, { headers: { 'if-none-match': etag } });
    expect([unchanged.status, unchanged.text, unchanged.headers['etag']]).toEqual([304, '', etag]);
    const put = (headers: Record<string, string>) =>
      client.call('PUT', path, { body: { data: { v: 2 } }, headers });
    const keyed = { 'if-match': etag, 'idempotency-key': randomUUID() };
    expect((await put(keyed)).status).toBe(200);
    expect((await put(keyed)).status).toBe(200);
    const late = await put({ 'if-match': etag });
    expect([late.status, late.body?.['error_code']]).toEqual([412, 'PRECONDITION_FAILED']);
    expect((await client.call('GET', path)).body?.['version']).toBe(2);
  });

  test('moves, alone and with its folder', async () => {
    const { client } = running;
    await store('old place/sub/moved', { v: 1 });
    const folders = '/vault/api/v1/folders';
    const listed = await client.call('GET', `${folders}?parent=${encodeURIComponent('old place')}`);
    const [folder] = (listed.body as { items: { id: string; path: string }[] }).items;
    expect(folder?.path).toBe('old place/sub');
    const target = `${folders}/${folder?.id ?? ''}`;
    expect((await client.call('PUT', target, { body: { path: 'new/place' } })).status).toBe(200);
    const move = at('new/place/moved').replace('/secrets/', '/move/secrets/');
    const moved = await client.call('POST', move, { body: { name: 'new/name' } });
    expect([moved.status, moved.body]).toEqual([200, { name: 'new/name' }]);
    expect((await client.call('GET', at('new/name'))).body).toMatchObject({ data: { v: 1 }, version: 1 });
    expect((await client.call('GET', at('old place/sub/moved'))).status).toBe(404);
    expect((await client.call('DELETE', target)).status).toBe(200);
  });

  test('has versions, by a path with its slashes encoded or not', async () => {
    const { client } = running;
    await store('kept versions/deep/one', { v: 1 });
    const versioned = (what: string, path: string) => `/vault/api/v1/secret/${what}/${path}`;
    const paths = ['kept%20versions/deep/one', 'kept%20versions%2Fdeep%2Fone'];
    for (const [index, path] of paths.entries()) {
      const body = { data: { v: index + 2 }, options: { cas: index + 1 } };
      const written = await client.call('POST', versioned('data', path), { body });
      expect([written.status, written.body?.['version']]).toEqual([200, index + 2]);
      const late = await client.call('POST', versioned('data', path), { body });
      expect([late.status, late.body?.['error_code']]).toEqual([409, 'VERSION_CONFLICT']);
      const old = await client.call('GET', `${versioned('data', path)}?version=1`);
      expect([old.status, old.body?.['data']]).toEqual([200, { v: 1 }]);
    }
    const keys = async (path: string) =>
      (await client.call('GET', versioned('keys', path).replace(/\/$/, ''))).body?.['keys'];
    expect(await keys('')).toContain('kept versions/');
    expect(await keys('kept%20versions')).toEqual(['deep/']);
    expect(await keys('kept%20versions%2Fdeep')).toEqual(['one']);
    expect((await client.call('DELETE', versioned('data', paths[1]!))).status).toBe(200);
    const gone = await client.call('GET', versioned('data', paths[1]!));
    expect([gone.status, gone.body?.['metadata']]).toMatchObject([404, { version: 3, destroyed: false }]);
    expect((await client.call('GET', at('kept versions/deep/one'))).status).toBe(404);
  });

  test('keeps any legal name, encoded or raw', async () => {
    const segment = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
      .map(text =>
        text
          .normalize('NFC')
          .replace(/[\p{Cc}\p{Cs}\u2028\u2029/\\]/gu, '')
          .trim(),
      )
      .filter(text => text !== '' && text !== '.' && text !== '..');
    const name = fc
      .array(segment, { minLength: 1, maxLength: 4 })
      .map(parts => `p/${randomUUID()}/${parts.join('/')}`);
    await fc.assert(
      fc.asyncProperty(name, async value => {
        expect((await store(value, { value })).status).toBe(201);
        const encoded = await running.client.call('GET', at(value));
        expect([encoded.status, encoded.body?.['name'], encoded.body?.['data']]).toEqual([
          200,
          value,
          { value },
        ]);
        const raw = await running.client.call(
          'GET',
          `${secrets}/${value.split('/').map(encodeURIComponent).join('/')}`,
        );
        expect(raw.body).toEqual(encoded.body);
      }),
      { numRuns: 60 },
    );
  });

  test('is not reached by a path that a resolver would bend', async () => {
    await store('bend/target', { value: 1 });
    const token = await freshToken();
    for (const target of [
      `${secrets}/bend/../bend/target`,
      `${secrets}/bend/./target`,
      `${secrets}/bend//target`,
      `${secrets}/bend/%2e%2e/bend/target`,
      `${secrets}/bend%2F..%2Fbend%2Ftarget`,
      `${secrets}/bend%2f%2e%2e%2fbend%2ftarget`,
      `${secrets}/bend\\target`,
      `${secrets}/bend%5Ctarget`,
      `${secrets}/bend%00target`,
      `${secrets}/bend%ED%A0%80target`,
      `${secrets}/bend%C0%AFtarget`,
      `${secrets}/bend%2`,
      `${secrets}/bend%zztarget`,
      `/vault/api/v1/%2e%2e/v1/secrets/bend%2Ftarget`,
      `//vault/api/v1/secrets/bend%2Ftarget`,
    ]) {
      expect([target, await rawStatus(target, token)]).toEqual([target, 400]);
    }
    // Decoded once: these are names of their own, which nobody has.
    for (const target of [`${secrets}/bend%252Ftarget`, `${secrets}/bend/%252e%252e/bend/target`]) {
      expect([target, await rawStatus(target, token)]).toEqual([target, 404]);
    }
    expect(await rawStatus(`${secrets}/bend/target?`, token)).toBe(200);
  });
});

describe('bad input', () => {
  const cases: [string, unknown, number, string, string | undefined][] = [
    ['malformed JSON', '{"name": "x", ', 400, 'BAD_REQUEST', undefined],
    ['an array', [], 400, 'VALUE_INCORRECT_TYPE', undefined],
    ['no name', { data: {} }, 400, 'REQUIRED_VALUE_MISSING', 'name'],
    ['a number as name', { name: 5 }, 400, 'VALUE_INCORRECT_TYPE', 'name'],
    ['text as data', { name: 'bad', data: 'text' }, 400, 'VALUE_INCORRECT_TYPE', 'data'],
    ['a name too long', { name: 'n'.repeat(513) }, 400, 'VALUE_OUT_OF_BOUNDS', 'name'],
    ['a name with ..', { name: 'a/../b' }, 400, 'VALUE_INCORRECT_FORMAT', 'name'],
    ['a name with NUL', { name: 'a\u0000b' }, 400, 'VALUE_INCORRECT_FORMAT', 'name'],
    ['a lone surrogate', '{"name":"a\\ud800b"}', 400, 'VALUE_INCORRECT_FORMAT', 'name'],
    [
      'an unknown role',
      { name: 'bad', read_roles: [{ id: randomUUID() }] },
      400,
      'INVALID_REQUEST_DATA',
      'read_roles.0.id',
    ],
    [
      'a role id that is none',
      { name: 'bad', write_roles: [{ id: 'x' }] },
      400,
      'VALUE_INCORRECT_FORMAT',
      'write_roles.0.id',
    ],
    ['10,000 levels', `${'['.repeat(10_000)}${']'.repeat(10_000)}`, 400, 'BAD_REQUEST', undefined],
    [
      'a secret over 1 MiB',
      { name: 'bad', data: { value: 'v'.repeat(1_048_576) } },
      413,
      'OUT_OF_RESOURCES',
      'data',
    ],
    [
      'a body over the limit',
      { name: 'bad', data: { value: 'v'.repeat(4_200_000) } },
      413,
      'OUT_OF_RESOURCES',
      undefined,
    ],
    ['a taken name', { name: 'example' }, 409, 'VALUE_DUPLICATE', 'name'],
  ];

  test.each(cases)('%s', async (_, body, status, code, property) => {
    const answer = await running.client.call('POST', secrets, { body });
    expect([answer.status, answer.body?.['error_code'], answer.body?.['property']]).toEqual([
      status,
      code,
      property,
    ]);
    expect(answer.body?.['request_id']).toBe(answer.headers['x-request-id']);
    expect((await running.client.call('GET', `${secrets}/bad`)).status).toBe(404);
  });
});

describe('the door', () => {
  test('lets nobody in without a token, but to a fixed list', async () => {
    const operations = await listOperations(running.client);
    const open: string[] = [];
    for (const { method, path, operation } of operations) {
      const target = path.replace(/\{\w+\}/g, randomUUID());
      const { status } = await running.client.call(method, target, { token: null });
      if (status !== 401) open.push(`${method} ${path}`);
      expect([path, operation.security.length === 0]).toEqual([path, status !== 401]);
    }
    expect(open.sort()).toEqual([
      'GET /.well-known/oauth-authorization-server',
      'GET /.well-known/openid-configuration',
      'GET /SecretServer/api/v1/healthcheck',
      'GET /SecretServer/platform/health',
      'GET /auth/api/v1/oauth/authorize',
      'GET /auth/api/v1/oauth/jwks',
      'GET /auth/api/v1/oauth/logout',
      'GET /auth/api/v1/status',
      'GET /auth/assets/{version}/login-steps.js',
      'GET /auth/assets/{version}/login.css',
      'GET /auth/assets/{version}/login.js',
      'GET /auth/assets/{version}/page.js',
      'GET /auth/assets/{version}/password-reset.js',
      'GET /auth/login',
      'GET /auth/password-reset',
      'GET /authorizer/api/v1/status',
      'GET /connection-manager/api/v1/status',
      'GET /host-store/api/v1/status',
      'GET /local-user-store/api/v1/status',
      'GET /monitor-service/api/v1/status',
      'GET /role-store/api/v1/status',
      'GET /secrets-manager/api/v1/status',
      'GET /vault/api/v1/status',
      'POST /BeyondTrust/api/public/v3/auth/connect/token',
      'POST /SecretServer/api/v1/sdk-client-accounts',
      'POST /SecretServer/oauth2/refresh',
      'POST /SecretServer/oauth2/token',
      'POST /SecretServer/platform/identity/api/oauth2/token/xpmplatform',
      'POST /auth/api/v1/login',
      'POST /auth/api/v1/login/continue',
      'POST /auth/api/v1/login/mfa',
      'POST /auth/api/v1/login/mfa/totp',
      'POST /auth/api/v1/login/mfa/totp/confirm',
      'POST /auth/api/v1/login/mfa/webauthn',
      'POST /auth/api/v1/login/passkey',
      'POST /auth/api/v1/login/passkey/options',
      'POST /auth/api/v1/login/password',
      'POST /auth/api/v1/oauth/authorize',
      'POST /auth/api/v1/oauth/clientcredentials/{domain}/token',
      'POST /auth/api/v1/oauth/introspect',
      'POST /auth/api/v1/oauth/logout',
      'POST /auth/api/v1/oauth/revoke',
      'POST /auth/api/v1/oauth/token',
      'POST /auth/api/v1/password/reset',
      'POST /auth/api/v1/token/login',
    ]);
  });

  test('refuses tokens that were altered, unsigned or are no tokens', async () => {
    const token = await freshToken();
    const [header = '', payload = '', signature = ''] = token.split('.');
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
    const forged = encode({ ...claims, permissions: ['vault-manage'] });
    const bad = [
      `${header}.${forged}.${signature}`,
      `${encode({ alg: 'none', typ: 'at+jwt' })}.${payload}.`,
      `${encode({ alg: 'none', typ: 'at+jwt' })}.${payload}.${signature}`,
      `${header}.${payload}.${signature.slice(0, -4)}AAAA`,
      `${header}.${payload}`,
      'nonsense',
      '',
    ];
    for (const wrong of bad) {
      const answer = await running.client.call('GET', secrets, { token: wrong });
      expect([wrong.slice(-30), answer.status, answer.body?.['error_code']]).toEqual([
        wrong.slice(-30),
        401,
        'UNAUTHENTICATED',
      ]);
    }
    expect((await running.client.call('GET', secrets, { token })).status).toBe(200);
  });

  test('answers health, documents and unserved paths', async () => {
    const { client } = running;
    const get = (path: string) => client.call('GET', path, { token: null });
    expect((await get('/healthz')).status).toBe(200);
    const ready = await get('/readyz');
    expect(ready.body).toEqual({
      status: 'ready',
      services: { auth: 'ready', vault: 'ready', 'secrets-manager': 'ready', monitor: 'ready' },
    });
    expect((await get('/docs')).status).toBeLessThan(400);
    const unserved = await get('/workflow-engine/api/v1/requests');
    expect([unserved.status, unserved.body?.['error_code']]).toEqual([404, 'OBJECT_NOT_FOUND']);
    for (const internal of ['/vault/readyz', '/vault/openapi.json', '/metrics']) {
      expect((await get(internal)).status).toBe(404);
    }
    const statuses = [
      'auth',
      'role-store',
      'local-user-store',
      'vault',
      'secrets-manager',
      'host-store',
      'monitor-service',
    ];
    for (const service of statuses) {
      expect((await get(`/${service}/api/v1/status`)).body).toMatchObject({
        status: 'RUNNING',
        status_message: 'OK',
      });
    }
  });
});

test('every answered act on a secret is on the trail, with its request id', async () => {
  const { client } = running;
  const acts = [
    await store('audited', { value: 1 }),
    await client.call('GET', at('audited')),
    await client.call('GET', '/vault/api/v1/metadata/secrets/audited'),
    await client.call('PUT', at('audited'), { body: { data: { value: 2 } } }),
    await client.call('GET', at('never was')),
    await client.call('DELETE', at('audited')),
  ];
  const wanted = acts.map(answer => String(answer.headers['x-request-id']));
  const records = await eventually(
    async () => {
      const path = '/monitor-service/api/v1/auditevents?limit=100';
      const { body } = await client.call('GET', path);
      const { items } = body as { items: { event_name: string; message: Record<string, string> }[] };
      return wanted.map(id => items.find(item => item.message['requestID'] === id)?.event_name);
    },
    names => !names.includes(undefined),
  );
  expect(records).toEqual([
    'Secret-created',
    'Secret-read',
    'Secret-metadata-read',
    'Secret-updated',
    'Secret-access-denied',
    'Secret-deleted',
  ]);
});

test('a renamed role shows its new name on secrets soon', async () => {
  const { client } = running;
  const made = await client.call('POST', '/role-store/api/v1/roles', { body: { name: 'before the rename' } });
  const id = String(made.body?.['id']);
  await client.call('POST', secrets, { body: { name: 'roles', read_roles: [{ id, name: '' }, admin] } });
  const named = async () => {
    const { body } = await client.call('GET', '/vault/api/v1/metadata/secrets/roles');
    return (body as { read_roles: { name: string; deleted?: boolean }[] }).read_roles[0];
  };
  expect(await named()).toEqual({ id, name: 'before the rename' });
  await client.call('PUT', `/role-store/api/v1/roles/${id}`, { body: { name: 'after the rename' } });
  await eventually(named, handle => handle?.name === 'after the rename');
  await client.call('DELETE', `/role-store/api/v1/roles/${id}`);
  expect(await eventually(named, handle => handle?.deleted === true)).toEqual({
    id,
    name: '',
    deleted: true,
  });
});
