import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestAuth, uniqueName, type TestAuth } from './support.ts';

const SOURCES = '/role-store/api/v1/sources';
let now = new Date('2026-06-01T08:00:00.500Z');
let auth: TestAuth;

beforeAll(async () => {
  auth = await startTestAuth({ now: () => now });
});
afterAll(() => auth.stop());

const pathOf = (id: unknown) => `${SOURCES}/${String(id)}`;

const CONNECTION = {
  type: 'OIDC',
  address: 'https://idp.example',
  port: 8443,
  oidc_enabled: true,
  oidc_client_secret: 'canary-connection-secret',
  oidc_additional_scopes: ['groups'],
  attribute_mapping: { mail: 'email' },
  iam_external_id: null,
  unheard_of: { deep: [1.5, { er: [] }] },
};
const SOURCE = {
  comment: 'a\nb',
  tags: ['x'],
  ttl: 900,
  region_filter: ['eu'],
  username_pattern: ['^.*@a$'],
  external_user_mapping: [{ source_id: 'x', source_search_field: 'email' }],
  enabled: true,
  connection: CONNECTION,
  session_password_enabled: true,
  session_password_policy: { password_min_length: 8, use_numbers: true, password_strength: 'good' },
  child_session_auto_logout_delay: 30,
};

async function create(body: Record<string, unknown> = {}): Promise<string> {
  const answer = await auth.call('POST', SOURCES, { body: { name: uniqueName('source'), ...body } });
  expect(answer.status).toBe(201);
  return String(answer.body['id']);
}

async function local(): Promise<Record<string, unknown>> {
  const { body } = await auth.call('GET', SOURCES);
  return (body['items'] as Record<string, unknown>[])[0]!;
}

describe('a source (contract 4.3)', () => {
  test('comes back as it was sent, is changed and deleted', async () => {
    const name = uniqueName('life');
    const made = await auth.call('POST', SOURCES, { body: { name, ...SOURCE, nonsense: 1, id: 'x' } });
    const path = pathOf(made.body['id']);
    expect([made.status, made.headers.get('location')]).toEqual([201, path]);
    const author = auth.secrets.bootstrap.api_client.id;
    const first = (await auth.call('GET', path)).body;
    expect(first).toEqual({
      ...SOURCE,
      id: made.body['id'],
      name,
      status_code: 'NOT_ACTIVE',
      status_text: expect.stringMatching(/not contacted/),
      created: now.toISOString(),
      author,
      updated: now.toISOString(),
      updatedby: author,
      updated_by: author,
    });
    now = new Date(now.getTime() + 1_000);
    const changed = await auth.call('PUT', path, {
      body: { ...first, tags: [], connection: { type: 'LDAP' } },
    });
    expect([changed.status, changed.text]).toEqual([200, '']);
    expect((await auth.call('GET', path)).body).toEqual({
      ...first,
      tags: [],
      connection: { type: 'LDAP' },
      updated: now.toISOString(),
    });
    expect((await auth.call('DELETE', path)).status).toBe(200);
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const answer = await auth.call(method, path, method === 'PUT' ? { body: { name } } : {});
      expect([answer.status, answer.body['error_code']]).toEqual([404, 'OBJECT_NOT_FOUND']);
    }
  });

  test('a change that leaves the connection out keeps it', async () => {
    const id = await create({ connection: CONNECTION });
    await auth.call('PUT', pathOf(id), { body: { name: uniqueName('kept'), connection: null } });
    expect((await auth.call('GET', pathOf(id))).body['connection']).toEqual(CONNECTION);
  });

  test('what is left out stays out, and enabled stays as it is', async () => {
    const id = await create();
    const bare = (await auth.call('GET', pathOf(id))).body;
    expect(bare).not.toHaveProperty('tags');
    expect([bare['enabled'], bare['connection']]).toEqual([true, {}]);
    await auth.call('PUT', pathOf(id), { body: { name: bare['name'], enabled: false } });
    await auth.call('PUT', pathOf(id), { body: { name: bare['name'] } });
    expect((await auth.call('GET', pathOf(id))).body).toMatchObject({
      enabled: false,
      status_code: 'DISABLED',
    });
  });

  test('disabling one ends the sessions of its people, and of no one else', async () => {
    const [id, other] = [await create(), await create()];
    const session = (sourceId: string) =>
      auth.superuser.query<{ id: string }>(
        `INSERT INTO sessions (id, kind, subject_id, source_id, client_id, username, remote_address, user_agent, scope,
           auth_time, auth_methods, role_ids, created_at, updated_at, expires_at, token_expires_at)
         VALUES (gen_random_uuid(), 'user', gen_random_uuid(), $1, 'privx-ui', '', '', '', '', $2::timestamptz, '{}', '{}', $2, $2,
           $2 + interval '1 hour', $2) RETURNING id`,
        [sourceId, now],
      );
    const [[ended], [spared]] = [await session(id), await session(other)];
    const { name } = (await auth.call('GET', pathOf(id))).body;
    expect((await auth.call('PUT', pathOf(id), { body: { name, enabled: false } })).status).toBe(200);
    const rows = await auth.superuser.query<{ id: string }>(
      'SELECT id FROM sessions WHERE ended_at IS NOT NULL AND source_id IN ($1, $2)',
      [id, other],
    );
    expect(rows).toEqual([ended]);
    expect(spared).toBeDefined();
  });

  test('refresh checks ids', async () => {
    const id = await create();
    const refresh = (body: unknown) => auth.call('POST', `${SOURCES}/refresh`, { body });
    const good = await refresh([id.toUpperCase(), (await local())['id']]);
    expect([good.status, good.text]).toEqual([200, '']);
    expect((await refresh([])).status).toBe(200);
    const wrong = await refresh([id, randomUUID()]);
    expect([wrong.status, wrong.body['property']]).toEqual([400, '1']);
    expect((await refresh(['x'])).status).toBe(400);
  });
});

describe('local users', () => {
  test('are a source from the start', async () => {
    expect(await local()).toMatchObject({
      name: 'Local users',
      enabled: true,
      status_code: 'OK',
      connection: { type: 'LOCAL' },
    });
  });

  test('comment and the like can be changed', async () => {
    const before = await local();
    const path = pathOf(before['id']);
    const body = { ...before, comment: 'ours', tags: ['a'], ttl: 60, username_pattern: ['x'] };
    expect((await auth.call('PUT', path, { body })).status).toBe(200);
    expect((await auth.call('GET', path)).body).toMatchObject({
      ...before,
      ...body,
      updated: now.toISOString(),
      updatedby: expect.any(String),
      updated_by: expect.any(String),
    });
  });

  test.each([
    { name: 'Others' },
    { name: 'local users' },
    { name: 'Local users', enabled: false },
    { name: 'Local users', connection: { type: 'LDAP' } },
  ])('never become %j', async body => {
    const path = pathOf((await local())['id']);
    const answer = await auth.call('PUT', path, { body });
    expect([answer.status, answer.body['error_code']]).toEqual([403, 'PERMISSION_DENIED']);
    expect(await local()).toMatchObject({
      name: 'Local users',
      enabled: true,
      connection: { type: 'LOCAL' },
    });
  });

  test('are never deleted, and their name is taken', async () => {
    const { id } = await local();
    expect((await auth.call('DELETE', pathOf(id))).status).toBe(403);
    const twin = await auth.call('POST', SOURCES, { body: { name: ' LOCAL  users' } });
    expect([twin.status, twin.body['error_code']]).toEqual([409, 'VALUE_DUPLICATE']);
    expect((await local())['id']).toBe(id);
  });
});

test.each<[string, Record<string, unknown>]>([
  ['name', { name: '' }],
  ['name', { name: 7 }],
  ['ttl', { ttl: -1 }],
  ['ttl', { ttl: '900' }],
  ['tags.0', { tags: [1] }],
  ['enabled', { enabled: 'true' }],
  ['connection', { connection: [] }],
  ['connection', { connection: { a: 'x'.repeat(65_537) } }],
  ['connection', { connection: JSON.parse('{"a":'.repeat(9) + '1' + '}'.repeat(9)) as unknown }],
])('a wrong %s: %#', async (property, body) => {
  for (const answer of [
    await auth.call('POST', SOURCES, { body: { name: uniqueName('wrong'), ...body } }),
    await auth.call('PUT', pathOf(await create()), { body: { name: uniqueName('wrong'), ...body } }),
  ]) {
    expect([answer.status, answer.body['property']]).toEqual([400, property]);
  }
});

describe('secrets of a connection', () => {
  const canary = 'canary-connection-secret';

  test('are for those who may change it, and rest nowhere in clear', async () => {
    const id = await create({ connection: CONNECTION });
    const viewer = (await auth.clientWith('sources-view')).bearer;
    for (const path of [pathOf(id), SOURCES]) {
      const seen = await auth.call('GET', path, { as: viewer });
      expect(seen.status).toBe(200);
      expect(seen.text).not.toContain(canary);
      expect((await auth.call('GET', path)).text).toContain(canary);
    }
    expect((await auth.call('GET', pathOf(id), { as: viewer })).body['connection']).toEqual({ type: 'OIDC' });
    const rows = await auth.superuser.query('SELECT s::text, encode(sealed_connection, $1) FROM sources s', [
      'escape',
    ]);
    expect(JSON.stringify(rows)).not.toContain(canary);
    const records = await auth.trail();
    expect(JSON.stringify(auth.events)).not.toContain(canary);
    expect(records.filter(({ message }) => message['sourceID'] === id).map(({ name }) => name)).toEqual([
      'Directory-added',
    ]);
    expect(
      records.some(({ name, message }) => name === 'Directory-read' && message['sourceIDs'] === id),
    ).toBe(true);
  });

  test('need a record: without one they are not shown', async () => {
    const id = await create({ connection: CONNECTION });
    await auth.superuser.query('ALTER TABLE outbox RENAME TO gone');
    const answers = [await auth.call('GET', pathOf(id)), await auth.call('GET', SOURCES)];
    await auth.superuser.query('ALTER TABLE gone RENAME TO outbox');
    for (const { status, text } of answers) {
      expect(status).toBe(503);
      expect(text).not.toContain(canary);
    }
  });

  test('without a permission nothing is shown or changed', async () => {
    const id = await create();
    const { bearer } = await auth.clientWith('sources-view');
    const { bearer: other } = await auth.clientWith('users-manage', 'settings-manage');
    for (const [method, path, body, as] of [
      ['GET', SOURCES, undefined, other],
      ['GET', pathOf(id), undefined, other],
      ['POST', SOURCES, { name: 'x' }, bearer],
      ['PUT', pathOf(id), { name: 'x' }, bearer],
      ['DELETE', pathOf(id), undefined, bearer],
      ['POST', `${SOURCES}/refresh`, [], bearer],
    ] as const) {
      expect([method, (await auth.call(method, path, { as, body })).status]).toEqual([method, 403]);
    }
  });
});
