import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PERMISSIONS } from '@strongroom/contracts/permissions';
import {
  RIGHTS_CHANGED,
  SESSION_ENDED,
  type RightsChanged,
  type SessionEnded,
} from '@strongroom/contracts/session-events';
import { untilBlocked } from '@strongroom/testing/superuser';
import { anyOf, localSource, makePerson, makeRole, makeSession } from './people-rows.ts';
import { API_CLIENTS, ROLES, startTestAuth, uniqueName, type TestAuth } from './support.ts';

let auth: TestAuth;
let source: string;

beforeAll(async () => {
  auth = await startTestAuth();
  source = await localSource(auth);
});
afterAll(() => auth.stop());

const read = async (id: string) => (await auth.call('GET', `${ROLES}/${id}`)).body;
const put = (id: string, body: unknown, as?: string) =>
  auth.call('PUT', `${ROLES}/${id}`, { body, ...(as === undefined ? {} : { as }) });

/** What was told of a subject so far, in order. */
async function toldOf(id: string) {
  await auth.trail();
  return auth.events
    .filter(event => event.type === `strongroom.auth.${RIGHTS_CHANGED}`)
    .flatMap(event => (event.data as RightsChanged).subjects)
    .filter(subject => subject.id === id);
}

describe('nobody gives what he has not', () => {
  test('by a role of his making', async () => {
    const { bearer } = await auth.clientWith('roles-manage', 'vault-add');
    const make = (permissions: string[]) =>
      auth.call('POST', ROLES, { as: bearer, body: { name: uniqueName('own'), permissions } });
    expect((await make(['vault-add', 'roles-manage'])).status).toBe(201);
    const refused = await make(['vault-add', 'vault-manage']);
    expect([refused.status, refused.body['error_code']]).toEqual([403, 'PERMISSION_DENIED']);
  });

  test('by a change of a role, be it of its permissions or of whom it matches', async () => {
    const { bearer } = await auth.clientWith('roles-manage');
    const weak = await makeRole(auth);
    const strong = await makeRole(auth, { permissions: ['vault-manage'] });
    expect((await put(weak, { name: uniqueName('x'), permissions: ['vault-manage'] }, bearer)).status).toBe(
      403,
    );
    for (const change of [anyOf(source, '(cn=*)'), { comment: 'mine' }, { permissions: [] }]) {
      const before = await read(strong);
      expect((await put(strong, { ...before, ...change }, bearer)).status).toBe(403);
      expect(await read(strong)).toEqual(before);
    }
    expect((await auth.call('DELETE', `${ROLES}/${strong}`, { as: bearer })).status).toBe(403);
    expect((await put(weak, { name: uniqueName('x') }, bearer)).status).toBe(200);
  });

  test('by an API client, nor does he see the secret of one that may do more', async () => {
    const strong = await makeRole(auth, { permissions: ['vault-manage'] });
    const weak = await makeRole(auth);
    const { bearer: as } = await auth.clientWith('api-clients-manage');
    const make = (...ids: string[]) =>
      auth.call('POST', API_CLIENTS, {
        as,
        body: { name: uniqueName('client'), roles: ids.map(id => ({ id })) },
      });
    expect((await make(weak, strong)).status).toBe(403);
    const own = String((await make(weak)).body['id']);
    const body = { name: uniqueName('client'), roles: [{ id: strong }] };
    expect((await auth.call('PUT', `${API_CLIENTS}/${own}`, { as, body })).status).toBe(403);

    const other = await auth.clientWith('vault-manage');
    const path = `${API_CLIENTS}/${other.id}`;
    const shown = await auth.call('GET', path, { as });
    expect([shown.status, shown.body['secret']]).toEqual([200, '']);
    expect((await auth.call('GET', `${API_CLIENTS}?limit=1000`, { as })).text).not.toContain(other.secret);
    expect((await auth.call('GET', path)).body['secret']).toBe(other.secret);
    const spared = await auth.call('DELETE', path, { as });
    expect([spared.status, spared.body['error_code']]).toEqual([403, 'PERMISSION_DENIED']);
    expect((await auth.signIn(other)).status).toBe(200);
    expect((await auth.call('DELETE', `${API_CLIENTS}/${own}`, { as })).status).toBe(200);
    // What stays as it is may be beyond him; nor may he take it away.
    const kept = { name: uniqueName('renamed'), roles: [{ id: other.roleId }, { id: weak }] };
    expect((await auth.call('PUT', path, { as, body: kept })).status).toBe(200);
    expect((await auth.call('PUT', path, { as, body: { ...kept, roles: [] } })).status).toBe(403);
  });
});

test('privx-admin keeps all permissions', async () => {
  const { body } = await auth.call('POST', `${ROLES}/resolve`, { body: ['privx-admin'] });
  const [admin] = body['items'] as { id: string; permissions: string[] }[];
  const id = String(admin?.id);
  for (const permissions of [null, [], PERMISSIONS.slice(1)]) {
    const answer = await put(id, { ...admin, permissions });
    expect([answer.status, answer.body['error_code']]).toEqual([403, 'PERMISSION_DENIED']);
  }
  expect((await put(id, { ...admin, permissions: [...PERMISSIONS].reverse() })).status).toBe(200);
  expect((await put(id, admin)).status).toBe(200);
});

test('privx-admin is limited to no time or place, which would leave nobody who can mend everything', async () => {
  const found = await auth.call('POST', `${ROLES}/resolve`, { body: ['privx-admin'] });
  const { id } = (found.body['items'] as { id: string }[])[0]!;
  const admin = await read(id);
  for (const part of [{}, { ip_masks: ['10.0.0.0/8'] }, { start_time: '08:00', end_time: '09:00' }]) {
    const refused = await put(id, { ...admin, context: { enabled: true, ...part } });
    expect([refused.status, refused.body['error_code']]).toEqual([403, 'PERMISSION_DENIED']);
  }
  const off = { enabled: false, ip_masks: ['10.0.0.0/8'] };
  expect((await put(id, { ...admin, context: off })).status).toBe(200);
  expect((await put(id, admin)).status).toBe(200);
});

describe('a context', () => {
  test.each([
    ['timezone', { timezone: 'Europe/Atlantis' }],
    ['ip_masks', { ip_masks: ['10.0.0.0/33'] }],
    ['start_time', { start_time: '25:00' }],
    ['end_time', { end_time: 'plum' }],
    ['validity', { validity: ['plum'] }],
  ])('with a wrong %s is refused while enabled', async (property, part) => {
    const id = await makeRole(auth);
    const body = { name: uniqueName('context'), context: { enabled: true, ...part } };
    for (const answer of [await auth.call('POST', ROLES, { body }), await put(id, body)]) {
      expect([answer.status, answer.body['error_code'], answer.body['property']]).toEqual([
        400,
        'VALUE_INCORRECT_FORMAT',
        `context.${property}`,
      ]);
      expect(answer.text).not.toMatch(/Atlantis|plum/);
    }
    expect((await put(id, { ...body, context: { ...body.context, enabled: false } })).status).toBe(200);
  });
});

describe('who holds a role', () => {
  const holder = async (roleId: string) => {
    const person = await makePerson(auth, {}, { roles: [roleId] });
    await makeSession(auth, { kind: 'user', id: person.id }, [roleId]);
    return person.id;
  };

  test('is told of when permissions, context or rules change, and of nothing else', async () => {
    const roleId = await makeRole(auth, { permissions: ['vault-add', 'logs-view'] });
    const id = await holder(roleId);
    const role = await read(roleId);
    await put(roleId, { ...role, comment: 'new', tags: ['t'], permissions: ['logs-view', 'vault-add'] });
    expect(await toldOf(id)).toEqual([]);
    await put(roleId, { ...role, permissions: ['logs-view'] });
    expect(await toldOf(id)).toEqual([{ id, roles: [roleId], permissions: ['logs-view'] }]);
    await put(roleId, { ...role, permissions: ['logs-view'], context: { enabled: true, timezone: 'UTC' } });
    expect(await toldOf(id)).toHaveLength(2);
    await put(roleId, { ...role, permissions: ['logs-view'], ...anyOf(source, '(cn=somebody)') });
    expect(await toldOf(id)).toHaveLength(3);
  });

  test('is told of when the role is deleted', async () => {
    const roleId = await makeRole(auth, { permissions: ['vault-add'] });
    const id = await holder(roleId);
    await auth.call('DELETE', `${ROLES}/${roleId}`);
    expect(await toldOf(id)).toEqual([{ id, roles: [], permissions: [] }]);
  });

  test('by rules loses it with them', async () => {
    const username = uniqueName('ruled');
    const roleId = await makeRole(auth, { permissions: ['vault-add'], ...anyOf(source, `(cn=${username})`) });
    const { id } = await makePerson(auth, {}, { username });
    await makeSession(auth, { kind: 'user', id }, [roleId]);
    await put(roleId, { ...(await read(roleId)), ...anyOf(source, '(cn=nobody)') });
    expect(await toldOf(id)).toEqual([{ id, roles: [], permissions: [] }]);
  });

  test('nobody is told of a change that is refused', async () => {
    const roleId = await makeRole(auth, { permissions: ['vault-add'] });
    const id = await holder(roleId);
    await put(roleId, { ...(await read(roleId)), permissions: ['plum'] });
    expect(await toldOf(id)).toEqual([]);
  });
});

test('an API client is told of when its roles change, and its sessions end with it', async () => {
  const client = await auth.clientWith('vault-add');
  const subject = { kind: 'api-client', id: client.id } as const;
  const sessionId = await makeSession(auth, subject, [client.roleId]);
  const path = `${API_CLIENTS}/${client.id}`;
  await auth.call('PUT', path, { body: { name: uniqueName('renamed'), roles: [{ id: client.roleId }] } });
  expect(await toldOf(client.id)).toEqual([]);
  await auth.call('PUT', path, { body: { name: uniqueName('renamed'), roles: [] } });
  expect(await toldOf(client.id)).toEqual([{ id: client.id, roles: [], permissions: [] }]);
  await auth.call('DELETE', path);
  await auth.trail();
  const ended = auth.events
    .filter(event => event.type === `strongroom.auth.${SESSION_ENDED}`)
    .flatMap(event => (event.data as SessionEnded).sessionIds);
  expect(ended).toContain(sessionId);
});

test('permissions are judged as they are when the act commits', async () => {
  const roleId = await makeRole(auth);
  const { bearer: as } = await auth.clientWith('api-clients-manage');
  let answer: ReturnType<TestAuth['call']> | undefined;
  await auth.superuser.transaction(async tx => {
    await tx.query(`UPDATE roles SET permissions = '{vault-manage}' WHERE id = $1`, [roleId]);
    answer = auth.call('POST', API_CLIENTS, {
      as,
      body: { name: uniqueName('race'), roles: [{ id: roleId }] },
    });
    await untilBlocked(auth.superuser);
  });
  expect((await answer)?.status).toBe(403);
});
