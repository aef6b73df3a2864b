import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { RIGHTS_CHANGED, type RightsChanged } from '@strongroom/contracts/session-events';
import type { AuthContext } from '../src/context.ts';
import { grantRole, liveSessions, makePerson, openContext, signInAs } from './people.ts';
import { ROLES, startTestAuth, uniqueName, USERS, withTestAuth, type TestAuth } from './support.ts';

let now = new Date('2026-06-01T08:00:00.500Z');
let auth: TestAuth;
let ctx: AuthContext;

beforeAll(async () => {
  auth = await startTestAuth({ now: () => now });
  ctx = await openContext(auth, () => now);
});
afterAll(async () => {
  await ctx.close();
  await auth.stop();
});

const pathOf = (id: unknown) => `${USERS}/${String(id)}`;
const read = async (id: string) => (await auth.call('GET', pathOf(id))).body;
const rowOf = async (id: string) => {
  const [row] = await auth.superuser.query<{ password_hash: string | null; document: string }>(
    'SELECT password_hash, document::text FROM users WHERE id = $1',
    [id],
  );
  return row!;
};

describe('a local user (contract 5.1)', () => {
  test('is created, read, replaced and deleted', async () => {
    const username = uniqueName('Life');
    const sent = {
      username,
      comment: 'two\nlines',
      tags: ['team-a', 'oncall'],
      windows_account: 'w',
      unix_account: 'u',
      full_name: 'Full Name',
      display_name: 'Display',
      first_name: 'First',
      last_name: 'Last',
      job_title: 'worker',
      company: 'Company',
      department: 'Department',
      email: 'life@example.com',
      telephone: '+1',
      locale: 'en-GB',
      attributes: [{ key: 'k', value: 'v' }],
    };
    const made = await auth.call('POST', USERS, {
      body: { ...sent, password: { password: 'InitPaSS-123' }, password_change_required: true },
    });
    expect([made.status, made.body]).toEqual([201, { id: expect.stringMatching(/^[0-9a-f-]{36}$/) }]);
    const path = pathOf(made.body['id']);
    expect(made.headers.get('location')).toBe(path);

    const first = (await auth.call('GET', path)).body;
    const author = auth.secrets.bootstrap.api_client.id;
    expect(first).toEqual({
      ...sent,
      id: made.body['id'],
      password: { created: now.toISOString() },
      password_change_required: true,
      disabled: false,
      application_account: false,
      created: now.toISOString(),
      author,
      updated: now.toISOString(),
      updated_by: author,
    });
    const roles = await auth.superuser.query(
      'SELECT r.name FROM user_roles ur JOIN roles r ON r.id = ur.role_id WHERE ur.user_id = $1',
      [made.body['id']],
    );
    expect(roles).toEqual([{ name: 'privx-user' }]);

    const before = now.toISOString();
    now = new Date(now.getTime() + 1_000);
    const { password_hash } = await rowOf(String(made.body['id']));
    // As Go's SDK sends a change: read-only members, an empty password, no attributes, cleared texts left out.
    const put = await auth.call('PUT', path, {
      body: { id: randomUUID(), username: `${username}!`, password: {}, attributes: null, created: before },
    });
    expect([put.status, put.text]).toEqual([200, '']);
    expect((await auth.call('GET', path)).body).toEqual({
      ...Object.fromEntries(
        Object.entries(sent).map(([key, value]) => [key, Array.isArray(value) ? [] : '']),
      ),
      username: `${username}!`,
      id: made.body['id'],
      password: { created: before },
      password_change_required: true,
      disabled: false,
      application_account: false,
      created: before,
      author,
      updated: now.toISOString(),
      updated_by: author,
    });
    expect((await rowOf(String(made.body['id']))).password_hash).toBe(password_hash);

    const deleted = await auth.call('DELETE', path);
    expect([deleted.status, deleted.text]).toEqual([200, '']);
    for (const [method, suffix, body] of [
      ['GET', ''],
      ['PUT', '', { username }],
      ['DELETE', ''],
      ['PUT', '/password', { password: 'R0tatePaSS-456' }],
      ['POST', '/password/reset'],
    ] as const) {
      const answer = await auth.call(method, path + suffix, { body });
      expect([answer.status, answer.body['error_code']]).toEqual([404, 'OBJECT_NOT_FOUND']);
    }
  });

  test.each<[string, Record<string, unknown>]>([
    ['none', {}],
    ['an empty object', { password: {} }],
    ['an empty text', { password: { password: '' } }],
    ['null', { password: null }],
  ])('%s is no password, at creation and on replacement', async (_what, body) => {
    const without = await makePerson(auth, body);
    expect((await rowOf(without)).password_hash).toBeNull();
    expect((await read(without))['password']).toEqual({});
    const having = await makePerson(auth, { password: { password: 'InitPaSS-123' } });
    const { password_hash } = await rowOf(having);
    const answer = await auth.call('PUT', pathOf(having), {
      body: { username: uniqueName('same'), ...body },
    });
    expect(answer.status).toBe(200);
    expect((await rowOf(having)).password_hash).toBe(password_hash);
  });

  test('keeps the two flags unless they are given', async () => {
    const id = await makePerson(auth, { password_change_required: true, disabled: true });
    const flags = async (body: Record<string, unknown>) => {
      await auth.call('PUT', pathOf(id), { body: { username: uniqueName('flags'), ...body } });
      const { password_change_required, disabled } = await read(id);
      return [password_change_required, disabled];
    };
    expect(await flags({})).toEqual([true, true]);
    expect(await flags({ password_change_required: null, disabled: null })).toEqual([true, true]);
    expect(await flags({ password_change_required: false })).toEqual([false, true]);
    expect(await flags({ disabled: false })).toEqual([false, false]);
  });

  test('never shows a password, nor keeps one in clear', async () => {
    const password = 'Canary-Kumquat-71';
    const id = await makePerson(auth, { password: { password, created: 'x' } });
    expect((await rowOf(id)).password_hash).toMatch(/^\$argon2id\$/);
    const answers = [
      await auth.call('GET', pathOf(id)),
      await auth.call('GET', `${USERS}?id=${id}`),
      await auth.call('PUT', `${pathOf(id)}/password`, { body: { password: `${password}2` } }),
      await auth.call('PUT', `${pathOf(id)}/password`, { body: { password: [password] } }),
      await auth.call('PUT', `${pathOf(id)}/password`, { body: { password: `${password}\n` } }),
    ];
    expect(answers.map(answer => answer.status)).toEqual([200, 200, 200, 400, 400]);
    const told = JSON.stringify([answers.map(answer => answer.text), await rowOf(id), await auth.trail()]);
    expect(told).not.toContain(password);
  });

  test('list: by name in any spelling, by id, paged and sorted', async () => {
    const username = uniqueName('Liste');
    const id = await makePerson(auth, { username, tags: ['one'] });
    const found = async (query: string) => {
      const { status, body } = await auth.call('GET', `${USERS}?${query}`);
      expect(status).toBe(200);
      return body as { count: number; items: { id: string; username: string }[] };
    };
    for (const query of [
      `username=${encodeURIComponent(` ${username.toUpperCase()}`)}`,
      `id=${id}`,
      `id=${id.toUpperCase()}&username=${username}`,
    ]) {
      expect(await found(query)).toEqual({ count: 1, items: [await read(id)] });
    }
    expect(await found(`username=nobody`)).toEqual({ count: 0, items: [] });
    expect(await found(`id=no-uuid`)).toEqual({ count: 0, items: [] });
    const all = await found('limit=1000&username=&id=');
    expect(all.count).toBe(all.items.length);
    const names = all.items.map(item => item.username.toLowerCase());
    expect(names).toEqual([...names].sort());
    expect((await found('limit=2&offset=1')).items).toEqual(all.items.slice(1, 3));
    const reversed = await found('sortkey=username&sortdir=desc&limit=1000');
    expect(reversed.items).toEqual([...all.items].reverse());
    for (const query of ['limit=1001', 'offset=-1', 'sortkey=password']) {
      expect((await auth.call('GET', `${USERS}?${query}`)).status).toBe(400);
    }
  });

  test('tags are listed each once, and are no id', async () => {
    const tag = uniqueName('Tag_');
    await makePerson(auth, { tags: [tag, `${tag}2`] });
    await makePerson(auth, { tags: [tag] });
    const list = async (query: string) => (await auth.call('GET', `${USERS}/tags?${query}`)).body;
    expect(await list(`query=${tag.toLowerCase()}`)).toEqual({ count: 2, items: [tag, `${tag}2`] });
    expect(await list(`query=${tag}&sortdir=DESC&limit=1`)).toEqual({ count: 2, items: [`${tag}2`] });
    expect(await list(`query=%25${tag}`)).toEqual({ count: 0, items: [] });
  });
});

describe('a wrong body', () => {
  test.each<[string, string, Record<string, unknown>]>([
    ['username', 'REQUIRED_VALUE_MISSING', { username: undefined }],
    ['username', 'VALUE_INCORRECT_FORMAT', { username: ' ' }],
    ['username', 'VALUE_OUT_OF_BOUNDS', { username: 'x'.repeat(257) }],
    ['username', 'INVALID_REQUEST_DATA', { username: ' CURRENT' }],
    ['username', 'INVALID_REQUEST_DATA', { username: randomUUID() }],
    ['username', 'INVALID_REQUEST_DATA', { username: 'strongroom-vault' }],
    ['full_name', 'VALUE_INCORRECT_TYPE', { full_name: 5 }],
    ['email', 'VALUE_INCORRECT_FORMAT', { email: 'a\u0000b' }],
    ['tags.1', 'VALUE_INCORRECT_TYPE', { tags: ['a', 1] }],
    ['tags', 'VALUE_OUT_OF_BOUNDS', { tags: Array(101).fill('a') }],
    ['attributes.0.value', 'REQUIRED_VALUE_MISSING', { attributes: [{ key: 'a' }] }],
    ['password', 'VALUE_INCORRECT_TYPE', { password: 'InitPaSS-123' }],
    ['password.password', 'VALUE_OUT_OF_BOUNDS', { password: { password: 'short' } }],
    ['password.password', 'VALUE_OUT_OF_BOUNDS', { password: { password: 'kumquat '.repeat(33) } }],
    ['password.password', 'INVALID_REQUEST_DATA', { password: { password: 'Password-1234' } }],
    [
      'password.password',
      'INVALID_REQUEST_DATA',
      { full_name: 'Kum Quat', password: { password: 'KumQuat-12345' } },
    ],
    ['disabled', 'VALUE_INCORRECT_TYPE', { disabled: 'no' }],
  ])('%s: %s (%#)', async (property, code, members) => {
    const id = await makePerson(auth);
    const body = { username: uniqueName('wrong'), ...members };
    for (const answer of [
      await auth.call('POST', USERS, { body }),
      await auth.call('PUT', pathOf(id), { body }),
    ]) {
      expect([answer.status, answer.body['error_code'], answer.body['property']]).toEqual([
        400,
        code,
        property,
      ]);
    }
  });

  test('a name that is taken, in any spelling, also when two ask at once', async () => {
    const username = uniqueName('Taken Name');
    const id = await makePerson(auth, { username });
    const other = await makePerson(auth);
    const spellings = [
      username.toUpperCase(),
      ` ${username}`,
      username.replace(' ', '\u2003'),
      `${username}\u200b`,
    ];
    for (const spelling of [...spellings, username.replace('T', '\uff34')]) {
      for (const [method, path] of [
        ['POST', USERS],
        ['PUT', pathOf(other)],
      ] as const) {
        const { status, body } = await auth.call(method, path, { body: { username: spelling } });
        expect([status, body['error_code'], body['property']]).toEqual([409, 'VALUE_DUPLICATE', 'username']);
      }
      const own = await auth.call('PUT', pathOf(id), { body: { username: spelling } });
      expect(own.status).toBe(200);
    }
    const name = uniqueName('race');
    const race = await Promise.all(
      Array.from({ length: 8 }, () => auth.call('POST', USERS, { body: { username: name } })),
    );
    expect(race.map(answer => answer.status).sort()).toEqual([201, ...Array<number>(7).fill(409)]);
  });
});

describe('what ends sessions at once', () => {
  const own = 'Kumquat-Orchard-9';
  test.each<[string, (id: string) => ReturnType<TestAuth['call']>]>([
    ['a new password', id => auth.call('PUT', `${pathOf(id)}/password`, { body: { password: own } })],
    [
      'a new password among all else',
      id =>
        auth.call('PUT', pathOf(id), { body: { username: uniqueName('x'), password: { password: own } } }),
    ],
    [
      'being disabled',
      id => auth.call('PUT', pathOf(id), { body: { username: uniqueName('x'), disabled: true } }),
    ],
    ['being deleted', id => auth.call('DELETE', pathOf(id))],
  ])('%s', async (_what, act) => {
    const [id, bystander] = [await makePerson(auth), await makePerson(auth)];
    const sessions = [await signInAs(ctx, id), await signInAs(ctx, id), await signInAs(ctx, bystander)];
    const ids = sessions.map(session => session.sessionId);
    expect((await act(id)).status).toBe(200);
    expect(await liveSessions(auth, ids)).toEqual([ids[2]]);
    await auth.trail();
    const ended = auth.events
      .filter(event => event.type.endsWith('session.ended'))
      .flatMap(event => (event.data as { sessionIds: string[] }).sessionIds);
    expect(ids.filter(session => ended.includes(session))).toEqual(ids.slice(0, 2));
  });

  test('nothing else does', async () => {
    const id = await makePerson(auth);
    const { sessionId } = await signInAs(ctx, id);
    await auth.call('PUT', pathOf(id), { body: { username: uniqueName('renamed'), password: {} } });
    await auth.call('POST', `${pathOf(id)}/password/reset`);
    await auth.call('PUT', `${pathOf(id)}/password`, { body: { password: 'short' } });
    expect(await liveSessions(auth, [sessionId])).toEqual([sessionId]);
  });
});

describe('who may', () => {
  test('users-view reads, users-manage changes, others get nothing', async () => {
    const id = await makePerson(auth);
    const acts = [
      ['GET', USERS],
      ['GET', `${USERS}/tags`],
      ['GET', pathOf(id)],
      ['POST', USERS, { username: uniqueName('may') }],
      ['PUT', pathOf(id), { username: uniqueName('may') }],
      ['PUT', `${pathOf(id)}/password`, { password: 'Kumquat-Orchard-9' }],
      ['POST', `${pathOf(id)}/password/reset`],
      ['DELETE', pathOf(id)],
    ] as const;
    const statuses = async (bearer: string) => {
      const answers = [];
      for (const [method, path, body] of acts)
        answers.push(await auth.call(method, path, { as: bearer, body }));
      return answers.map(answer => answer.status);
    };
    const other = await auth.clientWith('roles-manage', 'api-clients-manage', 'vault-manage');
    expect(await statuses(other.bearer)).toEqual(Array(8).fill(403));
    const viewer = await auth.clientWith('users-view');
    expect(await statuses(viewer.bearer)).toEqual([200, 200, 200, 403, 403, 403, 403, 403]);
    const manager = await auth.clientWith('users-manage');
    expect(await statuses(manager.bearer)).toEqual([200, 200, 200, 201, 200, 200, 200, 200]);
  });

  test('nobody takes over a person who may more', async () => {
    const id = await makePerson(auth, { password: { password: 'InitPaSS-123' } });
    const role = uniqueName('stronger');
    await auth.call('POST', ROLES, { body: { name: role, permissions: ['users-manage', 'vault-manage'] } });
    await grantRole(auth, id, role);
    // A role that does not hold now will hold later.
    await auth.superuser.query(
      `UPDATE user_roles SET grant_type = 'TIME_RESTRICTED', grant_start = now() + interval '1 year'
       WHERE user_id = $1 AND role_id = (SELECT id FROM roles WHERE name = $2)`,
      [id, role],
    );
    const before = [await read(id), await rowOf(id)];
    const weaker = await auth.clientWith('users-manage', 'users-view');
    const equal = await auth.clientWith('users-manage', 'vault-manage');
    const acts = [
      ['PUT', pathOf(id), { username: uniqueName('new') }],
      ['PUT', pathOf(id), { username: uniqueName('new'), password: { password: 'R0tatePaSS-456' } }],
      ['PUT', `${pathOf(id)}/password`, { password: 'R0tatePaSS-456' }],
      ['POST', `${pathOf(id)}/password/reset`],
      ['DELETE', pathOf(id)],
    ] as const;
    for (const [method, path, body] of acts) {
      const answer = await auth.call(method, path, { as: weaker.bearer, body });
      expect([answer.status, answer.body['error_code']]).toEqual([403, 'PERMISSION_DENIED']);
    }
    expect([await read(id), await rowOf(id)]).toEqual(before);
    for (const [method, path, body] of acts) {
      expect((await auth.call(method, path, { as: equal.bearer, body })).status).toBe(200);
    }
  });

  test('what everyone may holds nobody up', async () => {
    const role = (await auth.call('POST', `${ROLES}/resolve`, { body: ['privx-user'] })).body['items'] as {
      id: string;
    }[];
    const path = `${ROLES}/${role[0]!.id}`;
    const { bearer } = await auth.clientWith('users-manage');
    const body = { username: uniqueName('everyone'), password: { password: 'InitPaSS-123' } };
    await auth.call('PUT', path, { body: { name: 'privx-user', permissions: ['connections-manual'] } });
    const made = await auth.call('POST', USERS, { as: bearer, body });
    await auth.call('PUT', path, { body: { name: 'privx-user', permissions: [] } });
    expect(made.status).toBe(201);
  });

  test('people change their own password only with the current one', async () => {
    const id = await makePerson(auth, { password: { password: 'InitPaSS-123' } });
    const { bearer } = await signInAs(ctx, id, ['users-manage']);
    for (const [method, path, body] of [
      ['PUT', pathOf(id), { username: uniqueName('own'), password: { password: 'R0tatePaSS-456' } }],
      ['PUT', `${pathOf(id)}/password`, { password: 'R0tatePaSS-456' }],
      ['PUT', `${pathOf(id.toUpperCase())}/password`, { password: 'R0tatePaSS-456' }],
      ['POST', `${pathOf(id)}/password/reset`],
    ] as const) {
      expect((await auth.call(method, path, { as: bearer, body })).status).toBe(403);
    }
    expect(
      (await auth.call('PUT', pathOf(id), { as: bearer, body: { username: uniqueName('own') } })).status,
    ).toBe(200);
  });
});

describe('the last administrator', () => {
  test('can be neither deleted nor disabled, also when two go at once', async () => {
    await withTestAuth({}, async alone => {
      const [admin] = await alone.superuser.query<{ id: string }>('SELECT id FROM users');
      const first = pathOf(admin!.id);
      const refused = async (path: string) => {
        const answers = [
          await alone.call('DELETE', path),
          await alone.call('PUT', path, { body: { username: 'admin', disabled: true } }),
        ];
        expect(answers.map(answer => answer.status)).toEqual([403, 403]);
      };
      await refused(first);
      // Neither a plain person nor an administrator who cannot sign in, or not for good, is another one.
      const second = await makePerson(alone, { disabled: true });
      const third = await makePerson(alone);
      await makePerson(alone);
      await grantRole(alone, second, 'privx-admin');
      await grantRole(alone, third, 'privx-admin');
      await alone.superuser.query(
        `UPDATE user_roles SET grant_type = 'FLOATING' WHERE user_id = $1 AND role_id = (
           SELECT id FROM roles WHERE name = 'privx-admin')`,
        [third],
      );
      await refused(first);
      await alone.call('PUT', pathOf(second), { body: { username: 'second', disabled: false } });
      const both = await Promise.all([alone.call('DELETE', first), alone.call('DELETE', pathOf(second))]);
      expect(both.map(answer => answer.status).sort()).toEqual([200, 403]);
    });
  });
});

test('attributes and tags bring roles by rules and take them, which is told at once', async () => {
  const sources = await auth.call('GET', '/role-store/api/v1/sources');
  const source = (sources.body['items'] as { id: string }[])[0]!.id;
  const rule = (search_string: string) => ({ type: 'RULE', source, search_string });
  const source_rules = {
    type: 'GROUP',
    match: 'ANY',
    rules: [rule('(department=Vaults)'), rule('(tags=on-call)')],
  };
  const made = await auth.call('POST', ROLES, {
    body: { name: uniqueName('ruled'), permissions: ['vault-add'], source_rules },
  });
  const role = String(made.body['id']);
  const username = uniqueName('ruled');
  const id = await makePerson(auth, { username });
  const told = async () => {
    await auth.trail();
    return auth.events
      .filter(event => event.type === `strongroom.auth.${RIGHTS_CHANGED}`)
      .flatMap(event => (event.data as RightsChanged).subjects)
      .filter(subject => subject.id === id)
      .map(subject => [subject.roles.includes(role), subject.permissions.includes('vault-add')]);
  };
  const change = async (body: Record<string, unknown>) =>
    expect((await auth.call('PUT', pathOf(id), { body: { username, ...body } })).status).toBe(200);
  await change({ comment: 'nothing by rules' });
  expect(await told()).toEqual([]);
  await change({ department: 'Vaults' });
  expect(await told()).toEqual([[true, true]]);
  await change({ tags: ['on-call'] });
  expect(await told()).toEqual([[true, true]]);
  await change({ tags: ['off-call'] });
  expect(await told()).toEqual([
    [true, true],
    [false, false],
  ]);
});

test('the trail tells of each change', async () => {
  const id = await makePerson(auth, { password: { password: 'InitPaSS-123' } });
  await auth.call('PUT', pathOf(id), {
    body: { username: uniqueName('anew'), password: { password: 'R0tatePaSS-456' } },
  });
  await auth.call('PUT', `${pathOf(id)}/password`, { body: { password: 'Kumquat-Orchard-9' } });
  await auth.call('POST', `${pathOf(id)}/password/reset`);
  await auth.call('DELETE', pathOf(id));
  const records = (await auth.trail()).filter(record => record.message['subjectID'] === id);
  expect(records.map(record => record.name)).toEqual([
    'User-added',
    'User-modified',
    'Password-changed',
    'Password-changed',
    'Password-reset-started',
    'User-removed',
  ]);
  expect(JSON.stringify(auth.events)).not.toMatch(/InitPaSS|R0tate|Orchard/);
});
