import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { publicLineOf } from '../src/domain/ssh-key.ts';
import { bearerOf, localSource, makePerson, makeRole, USERS, type Person } from './people-rows.ts';
import { startTestAuth, type Answer, type TestAuth } from './support.ts';

const ALL = '/role-store/api/v1/authorizedkeys';
let now = new Date('2026-05-01T08:00:00.250Z');
let auth: TestAuth;
let alice: Person;
let asAlice: string;

beforeAll(async () => {
  auth = await startTestAuth({ now: () => now });
  alice = await makePerson(auth);
  asAlice = await bearerOf(auth, alice, { now: () => now });
});
afterAll(() => auth.stop());

const publicKey = () =>
  publicLineOf(generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString());
const own = `${USERS}/current/authorizedkeys`;
const keysOf = (userId: string) => `${USERS}/${userId}/authorizedkeys`;
const idsOf = ({ body }: Answer) => (body['items'] as { id: string }[]).map(item => item.id);
async function add(path: string, body: Record<string, unknown> = {}, as = asAlice): Promise<string> {
  const answer = await auth.call('POST', path, { as, body: { public_key: publicKey(), ...body } });
  expect([answer.status, answer.body]).toEqual([201, { id: expect.any(String) }]);
  expect(answer.headers.get('location')).toBe(`${path}/${String(answer.body['id'])}`);
  return String(answer.body['id']);
}

describe.each([
  ['of the person who calls', () => own],
  ['by id', () => keysOf(alice.id)],
])('an authorized key %s (contract 4.2)', (_which, pathOf) => {
  test('is added, listed, read, changed and deleted', async () => {
    const path = pathOf();
    const public_key = publicKey();
    const id = await add(path, {
      public_key: `${public_key} alice@laptop`,
      name: 'laptop',
      comment: 'mine',
      source_address: ['10.0.0.0/8', '2001:db8::1'],
      not_before: '2026-05-01T00:00:00Z',
      not_after: '',
      expires_in: 3_600,
      enable_interactive_auth: true,
      id: randomUUID(),
      fingerprints: ['plum'],
    });
    const target = `${path}/${id}`;
    const read = await auth.call('GET', target, { as: asAlice });
    expect([read.status, read.body]).toEqual([
      200,
      {
        id,
        user_id: alice.id,
        username: alice.username,
        source: await localSource(auth),
        public_key,
        fingerprints: [
          expect.stringMatching(/^SHA256:[A-Za-z0-9+/]{43}$/),
          expect.stringMatching(/^MD5:([0-9a-f]{2}:){15}[0-9a-f]{2}$/),
        ],
        not_before: '2026-05-01T00:00:00.000Z',
        not_after: '2026-05-01T09:00:00.250Z',
        source_address: ['10.0.0.0/8', '2001:db8::1'],
        enable_interactive_auth: true,
        name: 'laptop',
        comment: 'mine',
        created: now.toISOString(),
        author: alice.id,
        updated: now.toISOString(),
        updatedby: alice.id,
        updated_by: alice.id,
      },
    ]);
    expect(idsOf(await auth.call('GET', path, { as: asAlice }))).toContain(id);

    // PUT replaces; the key itself stays when it is left out.
    const changed = await auth.call('PUT', target, { as: asAlice, body: { name: 'desktop' } });
    expect([changed.status, changed.text]).toEqual([200, '']);
    const after = (await auth.call('GET', target, { as: asAlice })).body;
    expect(after).toMatchObject({ public_key, name: 'desktop', comment: '', source_address: [] });
    expect(after).not.toHaveProperty('not_before');
    expect(after).not.toHaveProperty('not_after');
    const next = publicKey();
    expect(
      (await auth.call('PUT', target, { as: asAlice, body: { ...after, public_key: next } })).status,
    ).toBe(200);
    expect((await auth.call('GET', target, { as: asAlice })).body['public_key']).toBe(next);

    const deleted = await auth.call('DELETE', target, { as: asAlice });
    expect([deleted.status, deleted.text]).toEqual([200, '']);
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const answer = await auth.call(method, target, {
        as: asAlice,
        ...(method === 'PUT' ? { body: {} } : {}),
      });
      expect([method, answer.status, answer.body['error_code']]).toEqual([method, 404, 'OBJECT_NOT_FOUND']);
    }
    const records = (await auth.trail()).filter(record => record.message['authorizedKeyID'] === id);
    expect(records.map(record => record.code)).toEqual([260, 261, 261, 262]);
  });
});

describe('a key', () => {
  test('is once with each person', async () => {
    const public_key = publicKey();
    await add(own, { public_key });
    const other = await add(own);
    for (const [method, path] of [
      ['POST', own],
      ['PUT', `${own}/${other}`],
    ] as const) {
      const { status, body } = await auth.call(method, path, {
        as: asAlice,
        body: { public_key: `${public_key} again` },
      });
      expect([method, status, body['error_code'], body['property']]).toEqual([
        method,
        409,
        'VALUE_DUPLICATE',
        'public_key',
      ]);
    }
    const bob = await makePerson(auth);
    await add(own, { public_key }, await bearerOf(auth, bob, { now: () => now }));
    const again = publicKey();
    const race = await Promise.all(
      Array.from({ length: 5 }, () => auth.call('POST', own, { as: asAlice, body: { public_key: again } })),
    );
    expect(race.map(answer => answer.status).sort()).toEqual([201, 409, 409, 409, 409]);
  });

  test.each([
    ['public_key', {}],
    ['public_key', { public_key: 'plum' }],
    ['public_key', { public_key: `command="plum" ${publicKey()}` }],
    ['not_after', { public_key: publicKey(), not_after: 'plum' }],
    ['not_before', { public_key: publicKey(), not_before: '2026-02-30T00:00:00Z' }],
    ['source_address', { public_key: publicKey(), source_address: ['plum'] }],
    ['expires_in', { public_key: publicKey(), expires_in: -1 }],
    ['name', { public_key: publicKey(), name: 'a\nplum' }],
  ])('with a wrong %s is refused (%#)', async (property, body) => {
    const answer = await auth.call('POST', own, { as: asAlice, body });
    expect([answer.status, answer.body['property']]).toEqual([400, property]);
    expect(answer.text).not.toContain('plum');
  });
});

describe('who may', () => {
  test('a person deals with keys of his own; for others it takes a permission', async () => {
    const id = await add(own);
    const bob = await makePerson(auth);
    const asBob = await bearerOf(auth, bob, { now: () => now });
    const viewer = (await auth.clientWith('users-view', 'roles-manage')).bearer;
    const target = `${keysOf(alice.id)}/${id}`;
    for (const as of [asBob, viewer]) {
      for (const [method, path, body] of [
        ['GET', keysOf(alice.id)],
        ['POST', keysOf(alice.id), { public_key: publicKey() }],
        ['GET', target],
        ['PUT', target, {}],
        ['DELETE', target],
        ['GET', ALL],
        ['POST', `${ALL}/resolve`, { username: 'x', public_key: 'y' }],
      ] as const) {
        expect([method, path, (await auth.call(method, path, { as, body })).status]).toEqual([
          method,
          path,
          403,
        ]);
      }
    }
    // An id of somebody else under a name of his own finds nothing.
    for (const path of [`${own}/${id}`, `${keysOf(bob.id)}/${id}`]) {
      for (const method of ['GET', 'PUT', 'DELETE']) {
        const answer = await auth.call(method, path, {
          as: asBob,
          ...(method === 'PUT' ? { body: {} } : {}),
        });
        expect([method, answer.status]).toEqual([method, 404]);
      }
    }
    for (const permission of ['users-manage', 'authorized-keys-manage'] as const) {
      const { bearer } = await auth.clientWith(permission);
      const added = await add(keysOf(bob.id), {}, bearer);
      expect((await auth.call('DELETE', `${keysOf(bob.id)}/${added}`, { as: bearer })).status).toBe(200);
    }
  });

  test('nobody gives a key to somebody above himself', async () => {
    const strong = await makeRole(auth, { permissions: ['vault-manage'] });
    const boss = await makePerson(auth, {}, { roles: [strong] });
    const id = await add(keysOf(boss.id), {}, await bearerOf(auth, boss, { now: () => now }));
    const { bearer: as } = await auth.clientWith('users-manage', 'authorized-keys-manage');
    const body = { public_key: publicKey() };
    expect((await auth.call('POST', keysOf(boss.id), { as, body })).status).toBe(403);
    expect((await auth.call('PUT', `${keysOf(boss.id)}/${id}`, { as, body })).status).toBe(403);
    expect((await auth.call('DELETE', `${keysOf(boss.id)}/${id}`, { as })).status).toBe(200);
  });

  test('to nobody', async () => {
    const body = { public_key: publicKey() };
    expect((await auth.call('POST', keysOf(randomUUID()), { body })).status).toBe(404);
  });
});

test('all keys: listed, sorted and paged', async () => {
  const first = await add(own, { name: 'aaa' });
  const { body } = await auth.call('GET', `${ALL}?sortkey=name&limit=1000`);
  const items = body['items'] as { id: string }[];
  expect(body['count']).toBe(items.length);
  expect(items.map(item => item.id)).toContain(first);
  const page = await auth.call('GET', `${ALL}?sortkey=created&sortdir=desc&limit=2&offset=1`);
  expect([page.body['count'], idsOf(page).length]).toEqual([items.length, 2]);
  const mine = await auth.call('GET', `${own}?limit=1`, { as: asAlice });
  expect(idsOf(mine)).toHaveLength(1);
  expect(Number(mine.body['count'])).toBeLessThan(items.length);
  for (const query of ['limit=0', 'limit=1001', 'sortkey=key_digest']) {
    expect((await auth.call('GET', `${ALL}?${query}`)).status).toBe(400);
  }
});

describe('resolve', () => {
  const resolve = (username: string, public_key: string) =>
    auth.call('POST', `${ALL}/resolve`, { body: { username, public_key } });

  test('finds the key of a person while it holds and he is enabled', async () => {
    const carol = await makePerson(auth);
    const as = await bearerOf(auth, carol, { now: () => now });
    const public_key = publicKey();
    const id = await add(
      own,
      {
        public_key,
        not_before: '2026-05-01T08:02:00Z',
        not_after: '2026-05-01T08:04:00Z',
        source_address: ['10.0.0.0/8'],
      },
      as,
    );
    const status = async () => (await resolve(carol.username, public_key)).status;
    expect(await status()).toBe(404);
    now = new Date('2026-05-01T08:02:00Z');
    const found = await resolve(` ${carol.username.toUpperCase()}`, `${public_key} a comment`);
    expect([found.status, found.body]).toEqual([
      200,
      expect.objectContaining({
        id,
        user_id: carol.id,
        username: carol.username,
        source_address: ['10.0.0.0/8'],
      }),
    ]);
    await auth.superuser.query('UPDATE users SET is_disabled = true WHERE id = $1', [carol.id]);
    expect(await status()).toBe(404);
    await auth.superuser.query('UPDATE users SET is_disabled = false WHERE id = $1', [carol.id]);
    expect(await status()).toBe(200);
    now = new Date('2026-05-01T08:04:00Z');
    expect(await status()).toBe(404);
  });

  test('finds nothing else', async () => {
    const public_key = publicKey();
    await add(own, { public_key });
    for (const [username, key] of [
      ['nobody', public_key],
      [alice.username, publicKey()],
      [alice.username, 'plum'],
      [alice.username, ''],
      ['', public_key],
      [`${alice.username}%`, public_key],
    ] as const) {
      const { status, body, text } = await resolve(username, key);
      expect([status, body['error_code']]).toEqual([404, 'OBJECT_NOT_FOUND']);
      expect(text).not.toContain('plum');
    }
    expect((await resolve(alice.username, public_key)).status).toBe(200);
    for (const body of [{}, { username: 5, public_key }, { username: 'x' }]) {
      expect((await auth.call('POST', `${ALL}/resolve`, { body })).status).toBe(400);
    }
  });
});
