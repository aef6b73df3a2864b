import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { bearerOf, localSource, makePerson, makeRole, USERS, type Person } from './people-rows.ts';
import { startTestAuth, uniqueName, type Answer, type TestAuth } from './support.ts';

let auth: TestAuth;
let source: string;
let alice: Person;
let bob: Person;
let asAlice: string;
let roleId: string;
const family = randomUUID();

beforeAll(async () => {
  auth = await startTestAuth();
  source = await localSource(auth);
  roleId = await makeRole(auth, { permissions: ['vault-add'] });
  alice = await makePerson(
    auth,
    {
      full_name: `Alice ${family}`,
      email: `alice@${family}.example`,
      attributes: [{ key: 'k', value: 'v' }],
      comment: null,
    },
    { roles: [roleId], tags: ['ops'] },
  );
  bob = await makePerson(auth, { first_name: `Bob_${family}`, email: 'bob%@b.example' });
  asAlice = await bearerOf(auth, alice, { permissions: ['vault-add'], roles: [roleId] });
});
afterAll(() => auth.stop());

const idsOf = ({ body }: Answer) => (body['items'] as { id: string }[]).map(item => item.id);

describe('a person (contract 4.2)', () => {
  test('is shown with roles and permissions, and without anything of the sign-in', async () => {
    const { status, body, text } = await auth.call('GET', `${USERS}/${alice.id.toUpperCase()}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      id: alice.id,
      principal: alice.username,
      source,
      source_type: 'LOCAL',
      full_name: `Alice ${family}`,
      email: `alice@${family}.example`,
      attributes: [{ key: 'k', value: 'v' }],
      tags: ['ops'],
      mfa: { user_mfa_status: 'DISABLED', status: 'DISABLED', mobile_mfa_status: 'DISABLED' },
      permissions: ['vault-add'],
      roles: [{ id: roleId, explicit: true, implicit: false, grant_type: 'PERMANENT' }],
      created: expect.stringMatching(/Z$/),
      updatedby: 'system',
      updated_by: 'system',
    });
    expect(body).not.toHaveProperty('comment');
    expect(text).not.toMatch(/password|settings|seed/);
    // No text that is empty where a time belongs.
    expect(text).not.toMatch(/"grant_(start|end)":""/);
  });

  test('resolved: the roles that hold now alone', async () => {
    const later = await makeRole(auth, { permissions: ['logs-view'] });
    const person = await makePerson(auth);
    const body = [
      { id: roleId },
      { id: later, grant_type: 'TIME_RESTRICTED', grant_start: '2999-01-01T00:00:00Z' },
    ];
    await auth.call('PUT', `${USERS}/${person.id}/roles`, { body });
    const resolved = (await auth.call('GET', `${USERS}/${person.id}/resolve`)).body;
    expect(resolved).toMatchObject({ id: person.id, permissions: ['vault-add'], roles: [{ id: roleId }] });
    const whole = (await auth.call('GET', `${USERS}/${person.id}`)).body;
    expect(whole).toMatchObject({ permissions: ['vault-add'], roles: [{ id: roleId }, { id: later }] });
  });

  test('that is not there', async () => {
    for (const path of ['', '/resolve', '/settings', '/roles', '/authorizedkeys']) {
      const answer = await auth.call('GET', `${USERS}/${randomUUID()}${path}`);
      expect([path, answer.status, answer.body['error_code']]).toEqual([path, 404, 'OBJECT_NOT_FOUND']);
      expect((await auth.call('GET', `${USERS}/nobody${path}`)).status).toBe(400);
    }
  });
});

describe('current', () => {
  test('of a person: himself, with what counts here and now', async () => {
    const { status, body } = await auth.call('GET', `${USERS}/current`, { as: asAlice });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      id: alice.id,
      principal: alice.username,
      roles: [{ id: roleId }],
      permissions: ['vault-add'],
      current_session_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      stale_access_token: false,
    });
    const stale = await bearerOf(auth, alice, { permissions: ['vault-manage'], roles: [roleId] });
    expect((await auth.call('GET', `${USERS}/current`, { as: stale })).body).toMatchObject({
      permissions: ['vault-add'],
      stale_access_token: true,
    });
  });

  test('of a program: itself', async () => {
    const client = await auth.clientWith('roles-view');
    const { status, body } = await auth.call('GET', `${USERS}/current`, { as: client.bearer });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      id: client.id,
      principal: expect.stringMatching(/^client-/),
      source: '',
      source_type: 'API_CLIENT',
      roles: [{ id: client.roleId, explicit: true }],
      permissions: ['roles-view'],
      stale_access_token: false,
    });
    expect(JSON.stringify(body)).not.toContain(client.secret);
    for (const path of ['settings', 'authorizedkeys']) {
      const answer = await auth.call('GET', `${USERS}/current/${path}`, { as: client.bearer });
      expect([path, answer.status]).toEqual([path, 404]);
    }
  });

  test('of somebody who is gone, and of nobody', async () => {
    const as = await bearerOf(auth, { id: randomUUID(), username: 'gone' });
    expect((await auth.call('GET', `${USERS}/current`, { as })).status).toBe(404);
    expect((await auth.call('GET', `${USERS}/current`, { as: null })).status).toBe(401);
  });
});

describe('settings', () => {
  const settings = { locale: { lang: 'fi' }, bookmarks: [1, null, { x: 'ä\u0000' }], sshClient: {} };

  test('come back as they were sent, by either path', async () => {
    expect((await auth.call('GET', `${USERS}/current/settings`, { as: asAlice })).text).toBe('{}');
    const put = await auth.call('PUT', `${USERS}/current/settings`, { as: asAlice, body: settings });
    expect([put.status, put.text]).toEqual([200, '']);
    const text = JSON.stringify(settings);
    expect((await auth.call('GET', `${USERS}/current/settings`, { as: asAlice })).text).toBe(text);
    expect((await auth.call('GET', `${USERS}/${alice.id}/settings`, { as: asAlice })).text).toBe(text);
    expect((await auth.call('GET', `${USERS}/${bob.id}/settings`)).text).toBe('{}');
    expect((await auth.call('PUT', `${USERS}/${bob.id}/settings`, { body: { a: 1 } })).status).toBe(200);
    expect((await auth.call('GET', `${USERS}/${bob.id}/settings`)).text).toBe('{"a":1}');
    const records = (await auth.trail()).filter(record => record.name === 'User-settings-modified');
    expect(records.map(record => record.message['targetUserID'])).toEqual([alice.id, bob.id]);
  });

  test('are bounded and an object', async () => {
    const path = `${USERS}/${bob.id}/settings`;
    expect((await auth.call('PUT', path, { body: { big: 'x'.repeat(65_530) } })).status).toBe(413);
    expect((await auth.call('PUT', path, { body: { big: 'x'.repeat(65_000) } })).status).toBe(200);
    for (const body of ['[]', 'null', '"x"', '5', '{']) {
      expect((await auth.call('PUT', path, { body })).status).toBe(400);
    }
    expect((await auth.call('PUT', `${USERS}/${randomUUID()}/settings`, { body: {} })).status).toBe(404);
  });
});

describe('search', () => {
  const search = (body: unknown, query = '') => auth.call('POST', `${USERS}/search${query}`, { body });

  test('by parts of user name, names and email, in any case', async () => {
    for (const keywords of [
      alice.username,
      `ALICE ${family}`.toUpperCase(),
      `alice@${family}`,
      `nobody,${alice.username}`,
    ]) {
      const answer = await search({ keywords });
      expect(idsOf(answer)).toContain(alice.id);
    }
    expect(idsOf(await search({ keywords: family, user_id: [bob.id] }))).toEqual([bob.id]);
    expect(idsOf(await search({ keywords: 'b%@' }))).toEqual([bob.id]);
    for (const keywords of ['%%', '\\', "' OR true --", 'nobody at all?']) {
      expect((await search({ keywords: `x${keywords}x` })).body).toEqual({ count: 0, items: [] });
    }
  });

  test('by source and by ids', async () => {
    const all = Number((await search({})).body['count']);
    expect(all).toBeGreaterThan(2);
    for (const body of [
      '',
      { keywords: '', source: '', user_id: [] },
      { keywords: null, source: null, user_id: null },
      { source: source.toUpperCase() },
    ]) {
      expect((await search(body)).body['count']).toBe(all);
    }
    expect((await search({ source: randomUUID() })).body['count']).toBe(0);
    expect((await search({ source: 'no source' })).body['count']).toBe(0);
    expect(idsOf(await search({ user_id: [bob.id.toUpperCase(), randomUUID()] }))).toEqual([bob.id]);
    expect((await search({ user_id: ['x'] })).status).toBe(400);
  });

  test('sorted and paged, counting all', async () => {
    const tag = randomUUID();
    const made: string[] = [];
    for (const letter of ['b', 'A', 'c']) {
      made.push((await makePerson(auth, { email: `${letter}@${tag}` }, { username: `${tag}-${letter}` })).id);
    }
    const [b, a, c] = made;
    expect(idsOf(await search({ keywords: tag }))).toEqual([a, b, c]);
    expect(idsOf(await search({ keywords: tag }, '?sortkey=email&sortdir=desc'))).toEqual([c, b, a]);
    const page = await search({ keywords: tag }, '?sortkey=username&offset=1&limit=1');
    expect([idsOf(page), page.body['count']]).toEqual([[b], 3]);
    for (const query of ['?limit=0', '?limit=1001', '?sortkey=password_hash', '?sortdir=up', '?offset=-1']) {
      expect((await search({}, query)).status).toBe(400);
    }
  });

  test('of external directories finds nobody: none is active', async () => {
    const answer = await auth.call('POST', `${USERS}/search/external`, {
      body: { keywords: alice.username },
    });
    expect([answer.status, answer.body]).toEqual([200, { count: 0, items: [] }]);
  });
});

test('people see themselves; others take a permission', async () => {
  const viewer = (await auth.clientWith('users-view')).bearer;
  const other = (await auth.clientWith('roles-manage', 'vault-manage', 'authorized-keys-manage')).bearer;
  const asBob = await bearerOf(auth, bob);
  const own = ['', '/resolve', '/settings', '/roles'];
  for (const path of own) {
    const target = `${USERS}/${alice.id}${path}`;
    const status = async (as: string) => (await auth.call('GET', target, { as })).status;
    expect([path, await status(asAlice), await status(viewer)]).toEqual([path, 200, 200]);
    expect([path, await status(asBob), await status(other)]).toEqual([path, 403, 403]);
  }
  for (const path of ['/search', '/search/external']) {
    for (const as of [asAlice, asBob, other]) {
      expect((await auth.call('POST', `${USERS}${path}`, { as, body: {} })).status).toBe(403);
    }
    expect((await auth.call('POST', `${USERS}${path}`, { as: viewer, body: {} })).status).toBe(200);
  }
  const put = async (as: string, path: string, body: unknown) =>
    (await auth.call('PUT', `${USERS}/${alice.id}${path}`, { as, body })).status;
  for (const as of [asBob, viewer, other]) expect(await put(as, '/settings', {})).toBe(403);
  for (const as of [asAlice, asBob, viewer, other]) expect(await put(as, '/roles', [])).toBe(403);
  // A program whose id is that of a person is not that person.
  const program = await auth.clientWith('vault-add');
  await auth.superuser.query('UPDATE users SET id = $2 WHERE id = $1', [
    (await makePerson(auth, {}, { username: uniqueName('twin') })).id,
    program.id,
  ]);
  expect((await auth.call('GET', `${USERS}/${program.id}`, { as: program.bearer })).status).toBe(403);
});
