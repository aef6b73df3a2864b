import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { untilBlocked } from '@strongroom/testing/superuser';
import { API_CLIENTS, randomSecret, ROLES, startTestAuth, uniqueName, type TestAuth } from './support.ts';

let now = new Date('2026-06-01T08:00:00.500Z');
let auth: TestAuth;
let roles: { id: string; name: string }[];

beforeAll(async () => {
  auth = await startTestAuth({ now: () => now });
  const { body } = await auth.call('GET', ROLES);
  roles = (body['items'] as { id: string; name: string }[]).map(({ id, name }) => ({ id, name }));
});
afterAll(() => auth.stop());

const pathOf = (id: unknown) => `${API_CLIENTS}/${String(id)}`;

async function create(body: Record<string, unknown> = {}): Promise<string> {
  const answer = await auth.call('POST', API_CLIENTS, { body: { name: uniqueName('client'), ...body } });
  expect(answer.status).toBe(201);
  return String(answer.body['id']);
}

describe('an API client (contract 5.4)', () => {
  test('is created, read, changed and deleted', async () => {
    const name = uniqueName('life');
    const sent = [
      { id: roles[2]!.id, name: '' },
      { id: roles[0]!.id.toUpperCase(), name: 'wrong' },
    ];
    const created = await auth.call('POST', API_CLIENTS, { body: { name, roles: sent } });
    expect(created.status).toBe(201);
    expect(created.body).toEqual({ id: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    const path = pathOf(created.body['id']);
    expect(created.headers.get('location')).toBe(path);

    const first = (await auth.call('GET', path)).body;
    const author = auth.secrets.bootstrap.api_client.id;
    expect(first).toEqual({
      id: created.body['id'],
      secret: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
      name,
      roles: [roles[2], roles[0]],
      oauth_client_id: 'privx-external',
      oauth_client_secret: auth.secrets.bootstrap.oauth_client.secret,
      created: now.toISOString(),
      author,
      updated: now.toISOString(),
      updated_by: author,
    });
    // Terraform compares the secrets of each reading.
    expect((await auth.call('GET', path)).body).toEqual(first);

    now = new Date(now.getTime() + 1_000);
    const changed = await auth.call('PUT', path, {
      body: {
        ...first,
        name: `${name}!`,
        secret: randomSecret(),
        oauth_client_secret: 'x',
        roles: [{ id: roles[1]!.id, name: '' }],
      },
    });
    expect([changed.status, changed.text]).toEqual([200, '']);
    expect((await auth.call('GET', path)).body).toEqual({
      ...first,
      name: `${name}!`,
      roles: [roles[1]],
      updated: now.toISOString(),
    });

    const deleted = await auth.call('DELETE', path);
    expect([deleted.status, deleted.text]).toEqual([200, '']);
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const answer = await auth.call(method, path, method === 'PUT' ? { body: { name } } : {});
      expect([answer.status, answer.body['error_code']]).toEqual([404, 'OBJECT_NOT_FOUND']);
    }
  });

  test('signs in with its secret, as long as it is there', async () => {
    const id = await create({ roles: [{ id: roles[0]!.id }] });
    const secret = String((await auth.call('GET', pathOf(id))).body['secret']);
    expect((await auth.signIn({ id, secret })).status).toBe(200);
    await auth.call('PUT', pathOf(id), { body: { name: uniqueName('renamed') } });
    expect((await auth.signIn({ id, secret })).status).toBe(200);
    await auth.call('DELETE', pathOf(id));
    const refused = await auth.signIn({ id, secret });
    expect([refused.status, refused.body['error']]).toEqual([400, 'invalid_grant']);
  });

  test('without roles, or with null, has none', async () => {
    for (const body of [{}, { roles: null }, { roles: [] }]) {
      expect((await auth.call('GET', pathOf(await create(body)))).body['roles']).toEqual([]);
    }
  });

  test('list: sorted by name, paged, each with its secret', async () => {
    const all = (await auth.call('GET', `${API_CLIENTS}?limit=1000`)).body as {
      count: number;
      items: { id: string; name: string; secret: string }[];
    };
    expect(all.count).toBe(all.items.length);
    const names = all.items.map(item => item.name);
    expect(names).toEqual([...names].sort());
    const page = await auth.call('GET', `${API_CLIENTS}?offset=1&limit=2`);
    expect(page.body).toEqual({ count: all.count, items: all.items.slice(1, 3) });
    expect((await auth.call('GET', pathOf(all.items[0]!.id))).body).toEqual(all.items[0]);
    expect((await auth.call('GET', `${API_CLIENTS}?offset=1000`)).body).toEqual({
      count: all.count,
      items: [],
    });
    for (const query of ['limit=1001', 'limit=0', 'offset=-1']) {
      expect((await auth.call('GET', `${API_CLIENTS}?${query}`)).status).toBe(400);
    }
  });
});

describe('a wrong body', () => {
  test.each<[string, string, (name: string) => unknown]>([
    ['name', 'REQUIRED_VALUE_MISSING', () => ({})],
    ['name', 'VALUE_INCORRECT_TYPE', () => ({ name: null })],
    ['name', 'VALUE_INCORRECT_FORMAT', () => ({ name: '  ' })],
    ['name', 'VALUE_OUT_OF_BOUNDS', () => ({ name: 'x'.repeat(257) })],
    ['roles', 'VALUE_INCORRECT_TYPE', name => ({ name, roles: 'admin' })],
    ['roles.0', 'VALUE_INCORRECT_TYPE', name => ({ name, roles: ['admin'] })],
    ['roles.0.id', 'REQUIRED_VALUE_MISSING', name => ({ name, roles: [{ name: 'privx-admin' }] })],
    ['roles.0.id', 'VALUE_INCORRECT_FORMAT', name => ({ name, roles: [{ id: 'x'.repeat(36) }] })],
    ['roles.0.id', 'INVALID_REQUEST_DATA', name => ({ name, roles: [{ id: randomUUID() }] })],
    ['roles.1.id', 'INVALID_REQUEST_DATA', name => ({ name, roles: [roles[0], { id: randomUUID() }] })],
    ['roles.1.id', 'VALUE_DUPLICATE', name => ({ name, roles: [roles[0], roles[0]] })],
    ['roles', 'VALUE_OUT_OF_BOUNDS', name => ({ name, roles: Array(101).fill(roles[0]) })],
  ])('%s: %s (%#)', async (property, code, bodyOf) => {
    const id = await create();
    const body = bodyOf(uniqueName('wrong'));
    for (const answer of [
      await auth.call('POST', API_CLIENTS, { body }),
      await auth.call('PUT', pathOf(id), { body }),
    ]) {
      expect([answer.status, answer.body['error_code'], answer.body['property']]).toEqual([
        400,
        code,
        property,
      ]);
    }
  });

  test('a name that is taken, in any spelling', async () => {
    const name = uniqueName('Taken');
    await create({ name });
    const other = await create();
    for (const [method, path] of [
      ['POST', API_CLIENTS],
      ['PUT', pathOf(other)],
    ] as const) {
      const { status, body } = await auth.call(method, path, { body: { name: ` ${name.toUpperCase()} ` } });
      expect([status, body['error_code'], body['property']]).toEqual([409, 'VALUE_DUPLICATE', 'name']);
    }
  });

  test('a role that is deleted in the meantime is unknown too', async () => {
    const id = await create();
    for (const [method, path] of [
      ['POST', API_CLIENTS],
      ['PUT', pathOf(id)],
    ] as const) {
      const role = await auth.call('POST', ROLES, { body: { name: uniqueName('fleeting') } });
      const roleId = String(role.body['id']);
      let answer: ReturnType<TestAuth['call']> | undefined;
      await auth.superuser.transaction(async tx => {
        await tx.query('DELETE FROM roles WHERE id = $1', [roleId]);
        answer = auth.call(method, path, { body: { name: uniqueName('late'), roles: [{ id: roleId }] } });
        await untilBlocked(auth.superuser);
      });
      expect((await answer)?.body).toMatchObject({
        error_code: 'INVALID_REQUEST_DATA',
        property: 'roles.0.id',
      });
    }
  });
});

test('without api-clients-manage nothing is shown or changed', async () => {
  const id = await create();
  const { secret } = (await auth.call('GET', pathOf(id))).body;
  const others = await auth.clientWith('users-manage', 'roles-manage', 'vault-manage', 'roles-view');
  for (const [method, path, body] of [
    ['GET', API_CLIENTS],
    ['GET', pathOf(id)],
    ['POST', API_CLIENTS, { name: uniqueName('x') }],
    ['PUT', pathOf(id), { name: uniqueName('x') }],
    ['DELETE', pathOf(id)],
  ] as const) {
    const answer = await auth.call(method, path, { as: others.bearer, body });
    expect([method, answer.status, answer.body['error_code']]).toEqual([method, 403, 'PERMISSION_DENIED']);
    expect(answer.text).not.toContain(secret);
  }
  const { bearer } = await auth.clientWith('api-clients-manage');
  expect((await auth.call('GET', pathOf(id), { as: bearer })).body['secret']).toBe(secret);
});

describe('the trail', () => {
  test('tells of each change and each reading of secrets, without them', async () => {
    const id = await create();
    const { secret } = (await auth.call('GET', pathOf(id))).body;
    await auth.call('PUT', pathOf(id), { body: { name: uniqueName('named anew') } });
    await auth.call('DELETE', pathOf(id));
    const records = await auth.trail();
    const mine = records.filter(record => record.message['apiClientID'] === id);
    expect(mine.map(record => record.name)).toEqual([
      'API-client-added',
      'API-client-secrets-read',
      'API-client-modified',
      'API-client-removed',
    ]);
    const requestId = randomUUID();
    const list = await auth.call('GET', `${API_CLIENTS}?limit=2`, { headers: { 'x-request-id': requestId } });
    const ids = (list.body['items'] as { id: string }[]).map(item => item.id).join(' ');
    const listed = (await auth.trail()).filter(record => record.message['requestID'] === requestId);
    expect(listed).toMatchObject([{ name: 'API-client-secrets-read', message: { apiClientIDs: ids } }]);
    expect(JSON.stringify(auth.events)).not.toContain(secret);
  });

  test('comes before the secret: without a record it is not shown', async () => {
    const id = await create();
    const { secret } = (await auth.call('GET', pathOf(id))).body;
    await auth.superuser.query('ALTER TABLE outbox RENAME TO gone');
    const answers = [await auth.call('GET', pathOf(id)), await auth.call('GET', API_CLIENTS)];
    await auth.superuser.query('ALTER TABLE gone RENAME TO outbox');
    for (const { status, body, text } of answers) {
      expect([status, body['error_code']]).toEqual([503, 'AUDIT_UNAVAILABLE']);
      expect(text).not.toContain(secret);
    }
    expect((await auth.call('GET', pathOf(id))).body['secret']).toBe(secret);
  });
});
