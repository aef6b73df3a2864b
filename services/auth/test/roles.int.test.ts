import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ROLE_CHANGED } from '@strongroom/contracts/role-events';
import { API_CLIENTS, ROLES, startTestAuth, uniqueName, type Answer, type TestAuth } from './support.ts';

let now = new Date('2026-05-01T08:00:00.123Z');
let auth: TestAuth;

beforeAll(async () => {
  auth = await startTestAuth({ now: () => now });
});
afterAll(() => auth.stop());

const itemsOf = ({ body }: Answer) => body['items'] as { id: string; name: string }[];

async function create(body: { name: string } & Record<string, unknown>): Promise<string> {
  const answer = await auth.call('POST', ROLES, { body });
  expect(answer.status).toBe(201);
  return String(answer.body['id']);
}

describe('a role (contract 4.1)', () => {
  test('is created, read, replaced and deleted', async () => {
    const name = uniqueName('life');
    const created = await auth.call('POST', ROLES, {
      body: { name, comment: 'first', permissions: ['roles-view'] },
    });
    expect(created.status).toBe(201);
    expect(created.body).toEqual({ id: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    const path = `${ROLES}/${String(created.body['id'])}`;
    expect(created.headers.get('location')).toBe(path);

    const first = await auth.call('GET', path);
    const author = auth.secrets.bootstrap.api_client.id;
    expect(first.body).toMatchObject({
      id: created.body['id'],
      name,
      comment: 'first',
      permissions: ['roles-view'],
      system: false,
      created: now.toISOString(),
      updated: now.toISOString(),
      author,
      updatedby: author,
      updated_by: author,
    });

    const made = now;
    now = new Date(now.getTime() + 5_000);
    const replaced = await auth.call('PUT', path, { body: { name: `${name}!`, tags: ['t'] } });
    expect([replaced.status, replaced.text]).toEqual([200, '']);
    const second = (await auth.call('GET', path)).body;
    expect(second).toMatchObject({ name: `${name}!`, tags: ['t'], permissions: null });
    expect(second).toMatchObject({ created: made.toISOString(), updated: now.toISOString() });
    // PUT replaces: what the body leaves out is gone.
    expect(second).not.toHaveProperty('comment');

    const deleted = await auth.call('DELETE', path);
    expect([deleted.status, deleted.text]).toEqual([200, '']);
    for (const method of ['GET', 'DELETE', 'PUT']) {
      const answer = await auth.call(method, path, method === 'PUT' ? { body: { name } } : {});
      expect([answer.status, answer.body['error_code']]).toEqual([404, 'OBJECT_NOT_FOUND']);
    }
  });

  test('that is deleted is lost to API clients, for the token after', async () => {
    const client = await auth.clientWith('roles-view');
    await auth.call('DELETE', `${ROLES}/${client.roleId}`);
    expect((await auth.call('GET', `${API_CLIENTS}/${client.id}`)).body['roles']).toEqual([]);
    const as = `Bearer ${String((await auth.signIn(client)).body['access_token'])}`;
    expect((await auth.call('GET', ROLES, { as })).status).toBe(403);
  });

  test('an id that is none', async () => {
    for (const id of ['x', '1', `${randomUUID()}0`, 'resolve']) {
      expect((await auth.call('GET', `${ROLES}/${id}`)).status).toBe(400);
    }
    expect((await auth.call('GET', `${ROLES}/${randomUUID()}`)).status).toBe(404);
  });
});

describe('names', () => {
  test('that look the same are the same', async () => {
    const unique = randomUUID();
    await create({ name: `Straße ﬁnal ${unique}` });
    const id = await create({ name: uniqueName('another') });
    for (const name of [`STRASSE FINAL ${unique}`, `  straße   final ${unique} `, `Ｓtraße ﬁnal ${unique}`]) {
      for (const [method, path] of [
        ['POST', ROLES],
        ['PUT', `${ROLES}/${id}`],
      ] as const) {
        const { status, body } = await auth.call(method, path, { body: { name } });
        expect([name, status, body['error_code'], body['property']]).toEqual([
          name,
          409,
          'VALUE_DUPLICATE',
          'name',
        ]);
      }
    }
  });

  test.each(['', ' ', '\u3000\u00a0', 'a\nb', 'a\0', 'x'.repeat(257), null, 5])('%j is none', async name => {
    const { status, body } = await auth.call('POST', ROLES, { body: { name } });
    expect([status, body['property']]).toEqual([400, 'name']);
  });

  test('of system roles stay, and so do these roles', async () => {
    for (const system of itemsOf(
      await auth.call('POST', `${ROLES}/resolve`, { body: ['privx-admin', 'privx-user'] }),
    )) {
      const path = `${ROLES}/${system.id}`;
      const whole = (await auth.call('GET', path)).body;
      for (const answer of [
        await auth.call('DELETE', path),
        await auth.call('PUT', path, { body: { ...whole, name: 'renamed' } }),
      ]) {
        expect([answer.status, answer.body['error_code']]).toEqual([403, 'PERMISSION_DENIED']);
      }
      expect((await auth.call('PUT', path, { body: { ...whole, comment: 'mine' } })).status).toBe(200);
      expect((await auth.call('GET', path)).body).toMatchObject({
        name: system.name,
        system: true,
        comment: 'mine',
      });
    }
    // Nor can one be made.
    const id = await create({ name: uniqueName('usurper'), system: true });
    expect((await auth.call('GET', `${ROLES}/${id}`)).body['system']).toBe(false);
  });
});

test('every change is told to those who keep role names, and recorded', async () => {
  const id = await create({ name: uniqueName('told') });
  await auth.call('PUT', `${ROLES}/${id}`, { body: { name: uniqueName('told anew') } });
  await auth.call('DELETE', `${ROLES}/${id}`);
  const records = (await auth.trail()).filter(record => record.message['roleID'] === id);
  expect(records.map(record => record.name)).toEqual(['Role-added', 'Role-modified', 'Role-removed']);
  expect(records[0]?.message['userID']).toBe(auth.secrets.bootstrap.api_client.id);
  const told = auth.events.filter(event => event.type === `strongroom.auth.${ROLE_CHANGED}`);
  expect(
    told.map(event => event.data).filter(data => (data as { roleId: string }).roleId === id),
  ).toHaveLength(3);
});

test('nothing is changed while no record can be written', async () => {
  const path = `${ROLES}/${await create({ name: uniqueName('unrecorded') })}`;
  const before = (await auth.call('GET', path)).body;
  await auth.superuser.query('ALTER TABLE outbox RENAME TO gone');
  const name = uniqueName('never');
  const answers = [
    await auth.call('POST', ROLES, { body: { name } }),
    await auth.call('PUT', path, { body: { name } }),
    await auth.call('DELETE', path),
  ];
  await auth.superuser.query('ALTER TABLE gone RENAME TO outbox');
  for (const { status, body } of answers) {
    expect([status, body['error_code']]).toEqual([503, 'AUDIT_UNAVAILABLE']);
  }
  expect((await auth.call('GET', path)).body).toEqual(before);
  expect((await auth.call('POST', `${ROLES}/resolve`, { body: [name] })).body['count']).toBe(0);
});

test('who may view may not change, and who may neither may not view', async () => {
  const path = `${ROLES}/${await create({ name: uniqueName('guarded') })}`;
  const viewer = (await auth.clientWith('roles-view')).bearer;
  const manager = (await auth.clientWith('roles-manage')).bearer;
  const other = (await auth.clientWith('users-manage', 'vault-manage', 'api-clients-manage')).bearer;
  const calls: [string, string, unknown, number][] = [
    ['GET', ROLES, undefined, 200],
    ['GET', path, undefined, 200],
    ['POST', `${ROLES}/search`, {}, 200],
    ['POST', `${ROLES}/resolve`, [], 200],
    ['POST', ROLES, { name: uniqueName('new') }, 403],
    ['PUT', path, { name: uniqueName('other') }, 403],
    ['DELETE', path, undefined, 403],
  ];
  for (const [method, target, body, viewing] of calls) {
    const status = async (as: string) => (await auth.call(method, target, { as, body })).status;
    expect([method, target, await status(other)]).toEqual([method, target, 403]);
    expect([method, target, await status(viewer)]).toEqual([method, target, viewing]);
    expect([method, target, await status(manager)]).toEqual([
      method,
      target,
      target === ROLES && method === 'POST' ? 201 : 200,
    ]);
  }
});
