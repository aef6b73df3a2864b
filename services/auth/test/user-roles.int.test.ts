import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { RIGHTS_CHANGED, type RightsChanged } from '@strongroom/contracts/session-events';
import { anyOf, bearerOf, localSource, makePerson, makeRole, USERS } from './people-rows.ts';
import { ROLES, startTestAuth, uniqueName, withTestAuth, type TestAuth } from './support.ts';
import { startFloatingGrants } from '../src/operations/rights.ts';

const now = new Date('2026-05-01T08:00:00.250Z');
let auth: TestAuth;
let source: string;

beforeAll(async () => {
  auth = await startTestAuth({ now: () => now });
  source = await localSource(auth);
});
afterAll(() => auth.stop());

type WireRole = Record<string, unknown> & { id: string };
const pathOf = (userId: string) => `${USERS}/${userId}/roles`;
const put = (userId: string, body: unknown, as?: string) =>
  auth.call('PUT', pathOf(userId), { body, ...(as === undefined ? {} : { as }) });
const rolesOf = async (userId: string) => {
  const { body } = await auth.call('GET', pathOf(userId));
  const items = body['items'] as WireRole[];
  expect(body['count']).toBe(items.length);
  return items;
};
const idsOf = async (userId: string) => (await rolesOf(userId)).map(role => role.id);

describe('roles of a person', () => {
  test('are those put, in their order, each with its grant', async () => {
    const [a, b, c] = await Promise.all([makeRole(auth), makeRole(auth), makeRole(auth)]);
    const { id } = await makePerson(auth);
    const periods = [{ grant_start: '2026-06-01T00:00:00.000Z', grant_end: '2026-07-01T00:00:00.000Z' }];
    const answer = await put(id, [
      { id: c.toUpperCase(), name: '', grant_type: 'PERMANENT', grant_start: '', floating_length: 0 },
      {
        id: a,
        explicit: true,
        grant_type: 'TIME_RESTRICTED',
        grant_start: '2026-05-01T08:00:00.123456Z',
        grant_end: '2026-05-02T08:00:00.123456Z',
        grant_validity_periods: periods,
        floating_length: 0,
      },
      {
        id: b,
        explicit: true,
        grant_type: 'FLOATING',
        grant_start: null,
        grant_end: null,
        floating_length: 5,
      },
    ]);
    expect([answer.status, answer.text]).toEqual([200, '']);
    const [first, second, third] = await rolesOf(id);
    expect(first).toMatchObject({
      id: c,
      explicit: true,
      implicit: false,
      grant_type: 'PERMANENT',
      floating_length: 0,
    });
    expect(first).not.toHaveProperty('grant_start');
    expect(first?.['name']).toMatch(/^role-/);
    expect(second).toMatchObject({
      id: a,
      grant_type: 'TIME_RESTRICTED',
      grant_start: '2026-05-01T08:00:00.123Z',
      grant_end: '2026-05-02T08:00:00.123Z',
      grant_validity_periods: periods,
    });
    expect(third).toMatchObject({
      id: b,
      grant_type: 'FLOATING',
      floating_length: 5,
      grant_validity_periods: [],
    });
    expect(third).not.toHaveProperty('grant_end');
    // What is read may be put back whole, and stays as it was.
    const before = await rolesOf(id);
    expect((await put(id, before)).status).toBe(200);
    expect(await rolesOf(id)).toEqual(before);
    expect((await put(id, [])).status).toBe(200);
    expect(await rolesOf(id)).toEqual([]);
  });

  test("are extended as the Python SDK's example does: read, append, put all", async () => {
    const [had, wanted] = await Promise.all([makeRole(auth), makeRole(auth)]);
    const { id } = await makePerson(auth, {}, { roles: [had] });
    const grant = {
      id: wanted,
      name: 'Example Role',
      grant_type: 'FLOATING',
      grant_start: null,
      grant_end: null,
      floating_length: 1,
      explicit: true,
    };
    expect((await put(id, [...(await rolesOf(id)), grant])).status).toBe(200);
    expect(await idsOf(id)).toEqual([had, wanted]);

    // A floating grant that runs is shown with its times, and runs on when they are put back.
    await startFloatingGrants(auth.superuser, id, now);
    const running = await rolesOf(id);
    expect(running[1]).toMatchObject({
      grant_start: '2026-05-01T08:00:00.250Z',
      grant_end: '2026-05-01T09:00:00.250Z',
    });
    await put(id, running);
    expect(await rolesOf(id)).toEqual(running);
    // The same again once it is over: the new grant counts, and begins anew.
    await auth.superuser.query(
      `UPDATE user_roles SET floating_started_at = floating_started_at - interval '1 hour' WHERE user_id = $1`,
      [id],
    );
    expect((await auth.call('GET', `${USERS}/${id}/resolve`)).body['roles']).toHaveLength(1);
    expect((await put(id, [...running, grant])).status).toBe(200);
    expect(await idsOf(id)).toEqual([had, wanted]);
    expect((await rolesOf(id))[1]).not.toHaveProperty('grant_start');
    expect((await auth.call('GET', `${USERS}/${id}/resolve`)).body['roles']).toHaveLength(2);
  });

  test('by rules are shown, and passed over when they are put', async () => {
    const username = uniqueName('ruled');
    const implicit = await makeRole(auth, anyOf(source, `(cn=${username})`));
    const explicit = await makeRole(auth);
    const both = await makeRole(auth, anyOf(source, `(cn=${username})`));
    const { id } = await makePerson(auth, {}, { username, roles: [explicit, both] });
    const shown = await rolesOf(id);
    expect(shown.map(role => [role.id, role['explicit'], role['implicit']])).toEqual([
      [explicit, true, false],
      [both, true, true],
      [implicit, false, true],
    ]);
    expect((await put(id, shown)).status).toBe(200);
    expect(await rolesOf(id)).toEqual(shown);
    // Also one that is gone meanwhile.
    const gone = { ...shown[2], id: randomUUID() };
    expect((await put(id, [shown[0], gone])).status).toBe(200);
    const left = (await rolesOf(id)).map(role => [role.id, role['explicit']]);
    expect(left[0]).toEqual([explicit, true]);
    expect(new Set(left.slice(1).map(([roleId]) => roleId))).toEqual(new Set([both, implicit]));
    expect(left.slice(1).map(([, isExplicit]) => isExplicit)).toEqual([false, false]);
  });

  test('of a deleted role are gone', async () => {
    const roleId = await makeRole(auth);
    const { id } = await makePerson(auth, {}, { roles: [roleId] });
    await auth.call('DELETE', `${ROLES}/${roleId}`);
    expect(await rolesOf(id)).toEqual([]);
  });
});

describe('a wrong list changes nothing', () => {
  test.each<[string, string, (roleId: string) => unknown]>([
    ['an unknown id', '1.id', roleId => [{ id: roleId }, { id: randomUUID() }]],
    ['an id that is none', '0.id', () => [{ id: 'x' }]],
    ['a name alone', '0.id', () => [{ name: 'privx-admin' }]],
    ['an unknown type', '0.grant_type', roleId => [{ id: roleId, grant_type: 'FOREVER' }]],
    ['no length', '0.floating_length', roleId => [{ id: roleId, grant_type: 'FLOATING' }]],
    ['no times', '0.grant_end', roleId => [{ id: roleId, grant_type: 'TIME_RESTRICTED' }]],
    [
      'a wrong time',
      '0.grant_end',
      roleId => [{ id: roleId, grant_type: 'TIME_RESTRICTED', grant_end: 'plum' }],
    ],
    [
      'a wrong period',
      '0.grant_validity_periods.0.grant_end',
      roleId => [
        { id: roleId, grant_type: 'TIME_RESTRICTED', grant_validity_periods: [{ grant_end: 'plum' }] },
      ],
    ],
    ['an object', '', roleId => ({ items: [{ id: roleId }] })],
    ['null', '', () => 'null'],
  ])('%s', async (_what, property, body) => {
    const kept = await makeRole(auth);
    const { id } = await makePerson(auth, {}, { roles: [kept] });
    const answer = await put(id, body(await makeRole(auth)));
    expect([answer.status, answer.body['property'] ?? '']).toEqual([400, property]);
    expect(answer.text).not.toContain('plum');
    expect(await idsOf(id)).toEqual([kept]);
  });

  test('nobody with this id', async () => {
    expect((await put(randomUUID(), [])).status).toBe(404);
  });
});

describe('who may', () => {
  test('nobody lifts himself or others beyond himself', async () => {
    const strong = await makeRole(auth, { permissions: ['vault-manage'] });
    const weak = await makeRole(auth);
    const helper = await makePerson(auth);
    const as = await bearerOf(auth, helper, { permissions: ['users-manage'], now: () => now });
    const other = await makePerson(auth, {}, { roles: [strong] });
    for (const [target, body, status] of [
      [helper.id, [{ id: strong }], 403],
      [helper.id, [{ id: weak }], 200],
      // What stays as it is does not matter; what is changed or taken does.
      [other.id, [{ id: strong }, { id: weak }], 200],
      [other.id, [{ id: strong, grant_type: 'FLOATING', floating_length: 1 }], 403],
      [other.id, [{ id: weak }], 403],
      [other.id, [], 403],
    ] as const) {
      const answer = await put(target, body, as);
      expect([body, answer.status]).toEqual([body, status]);
    }
    expect(await idsOf(helper.id)).toEqual([weak]);
    expect(await idsOf(other.id)).toEqual([strong, weak]);
  });
});

test('the last administrator keeps the role, for good, also when two lose it at once', async () => {
  await withTestAuth({ now: () => now }, async alone => {
    const [admin] = await alone.superuser.query<{ user_id: string; role_id: string }>(
      `SELECT user_id, role_id FROM user_roles JOIN roles r ON r.id = role_id WHERE r.name = 'privx-admin'`,
    );
    const { user_id: first, role_id: id } = admin!;
    const putRoles = (userId: string, body: unknown) => alone.call('PUT', pathOf(userId), { body });
    const lesser = [
      [],
      [{ id, grant_type: 'FLOATING', floating_length: 5 }],
      [{ id, grant_type: 'TIME_RESTRICTED', grant_end: '2036-01-01T00:00:00.000Z' }],
      [{ id }, { id, grant_type: 'FLOATING', floating_length: 5 }],
    ];
    const refused = async () => {
      for (const body of lesser) {
        const answer = await putRoles(first, body);
        expect([answer.status, answer.body['error_code']]).toEqual([403, 'PERMISSION_DENIED']);
      }
    };
    await refused();
    // Neither a disabled nor a passing administrator is another one.
    const disabled = await makePerson(alone, {}, { roles: [id], isDisabled: true });
    const passing = await makePerson(alone);
    await putRoles(passing.id, [{ id, grant_type: 'FLOATING', floating_length: 5 }]);
    await refused();
    expect((await putRoles(first, [{ id, grant_type: 'FLOATING', floating_length: 5 }, { id }])).status).toBe(
      200,
    );
    expect((await putRoles(disabled.id, [])).status).toBe(200);
    const second = await makePerson(alone, {}, { roles: [id] });
    const both = await Promise.all([putRoles(first, []), putRoles(second.id, [])]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 403]);
  });
});

test('each change is recorded and told; a refused one is neither', async () => {
  const roleId = await makeRole(auth, { permissions: ['vault-add'] });
  const { id } = await makePerson(auth);
  await put(id, [{ id: roleId }]);
  await put(id, [{ id: randomUUID() }]);
  await put(id, []);
  const records = (await auth.trail()).filter(record => record.message['targetUserID'] === id);
  expect(records.map(({ code, message }) => [code, message['roleIDs']])).toEqual([
    [220, roleId],
    [220, ''],
  ]);
  const told = auth.events
    .filter(event => event.type === `strongroom.auth.${RIGHTS_CHANGED}`)
    .flatMap(event => (event.data as RightsChanged).subjects)
    .filter(subject => subject.id === id);
  expect(told).toEqual([
    { id, roles: [roleId], permissions: ['vault-add'] },
    { id, roles: [], permissions: [] },
  ]);
});

test('without a record nothing is changed', async () => {
  const { id } = await makePerson(auth, {}, { roles: [await makeRole(auth)] });
  const before = await idsOf(id);
  await auth.superuser.query('ALTER TABLE outbox RENAME TO gone');
  const answer = await put(id, []);
  await auth.superuser.query('ALTER TABLE gone RENAME TO outbox');
  expect([answer.status, answer.body['error_code']]).toEqual([503, 'AUDIT_UNAVAILABLE']);
  expect(await idsOf(id)).toEqual(before);
});

test('changes of roles, of who has them and deletions at once: each ends, and the last one counts', async () => {
  const roleIds = await Promise.all(Array.from({ length: 6 }, () => makeRole(auth)));
  const people = await Promise.all(Array.from({ length: 4 }, () => makePerson(auth, {}, { roles: roleIds })));
  const body = roleIds.map(id => ({ id }));
  const acts = [
    ...people.flatMap(person => [
      put(person.id, body),
      put(person.id, [...body].reverse()),
      put(person.id, []),
    ]),
    ...roleIds.slice(0, 3).map(id => auth.call('DELETE', `${ROLES}/${id}`)),
    ...roleIds.slice(3).map(id =>
      auth.call('PUT', `${ROLES}/${id}`, {
        body: { name: uniqueName('at once'), permissions: ['vault-add'] },
      }),
    ),
  ];
  const statuses = (await Promise.all(acts)).map(answer => answer.status);
  // A list that names a role deleted before it is refused; nothing else goes wrong.
  expect(statuses.filter(status => status !== 200 && status !== 400)).toEqual([]);
  expect(statuses.slice(-6)).toEqual(Array(6).fill(200));
  for (const person of people) {
    for (const id of await idsOf(person.id)) expect(roleIds.slice(3)).toContain(id);
  }
});
