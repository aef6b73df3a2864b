import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Subject } from '../src/domain/subject.ts';
import { permissionsWithinReach, rightsOf, startFloatingGrants } from '../src/operations/rights.ts';
import { anyOf, localSource, makePerson, makeRole, USERS } from './people-rows.ts';
import { startTestAuth, type TestAuth } from './support.ts';

/** A Friday noon. */
const now = new Date('2026-05-01T12:00:00Z');
const hour = (hours: number) => new Date(now.getTime() + hours * 3_600_000);
let auth: TestAuth;
let source: string;

beforeAll(async () => {
  auth = await startTestAuth({ now: () => now });
  source = await localSource(auth);
});
afterAll(() => auth.stop());

const user = (id: string): Subject => ({ kind: 'user', id });
const rights = (subject: Subject, at = now, address: string | null = '192.0.2.1') =>
  rightsOf(auth.superuser, subject, { now: at, address });
const give = async (userId: string, body: unknown) => {
  const answer = await auth.call('PUT', `${USERS}/${userId}/roles`, { body });
  expect([answer.status, answer.text]).toEqual([200, '']);
};

describe('rights of a person', () => {
  test('are those of the roles given, in their order, with the union of their permissions', async () => {
    const first = await makeRole(auth, { permissions: ['vault-manage', 'roles-view'] });
    const second = await makeRole(auth, { permissions: ['hosts-view', 'roles-view'] });
    const { id } = await makePerson(auth, {}, { roles: [second, first] });
    expect(await rights(user(id))).toEqual({
      roles: [second, first],
      permissions: ['hosts-view', 'roles-view', 'vault-manage'],
      until: null,
      isBoundToAddress: false,
      withheld: [],
    });
  });

  test('end with the first grant that ends, and a grant that is over gives none', async () => {
    const [a, b, over, later] = await Promise.all(
      [['vault-add'], ['hosts-view'], ['logs-view'], ['logs-manage']].map(permissions =>
        makeRole(auth, { permissions }),
      ),
    );
    const { id } = await makePerson(auth);
    const restricted = (roleId: unknown, start: number, end: number) => ({
      id: roleId,
      grant_type: 'TIME_RESTRICTED',
      grant_start: hour(start).toISOString(),
      grant_end: hour(end).toISOString(),
    });
    await give(id, [
      restricted(a, -1, 5),
      restricted(b, -1, 2),
      restricted(over, -2, -1),
      restricted(later, 1, 9),
    ]);
    expect(await rights(user(id))).toMatchObject({
      roles: [a, b],
      permissions: ['hosts-view', 'vault-add'],
      until: hour(2),
      withheld: [],
    });
    expect(await rights(user(id), hour(3))).toMatchObject({ roles: [a, later], until: hour(5) });
    expect(await permissionsWithinReach(auth.superuser, user(id))).toHaveLength(4);
  });

  test('that float begin with the first use and end by themselves', async () => {
    const roleId = await makeRole(auth, { permissions: ['vault-add'] });
    const { id } = await makePerson(auth);
    await give(id, [{ id: roleId, grant_type: 'FLOATING', floating_length: 2 }]);
    // Before the first use they are there, whenever that is, and a token may not outlive them.
    expect(await rights(user(id), hour(100))).toMatchObject({ roles: [roleId], until: hour(102) });
    await startFloatingGrants(auth.superuser, id, hour(1));
    await startFloatingGrants(auth.superuser, id, hour(2));
    expect(await rights(user(id), hour(2))).toMatchObject({ roles: [roleId], until: hour(3) });
    expect(await rights(user(id), hour(3))).toMatchObject({ roles: [], permissions: [], withheld: [] });
  });

  test('come by rules too, from sources that are enabled', async () => {
    const department = randomUUID();
    const ruled = await makeRole(auth, {
      permissions: ['vault-add'],
      ...anyOf(source, `(department=${department})`),
    });
    const given = await makeRole(auth, { permissions: ['hosts-view'] });
    const member = await makePerson(auth, { department }, { roles: [given] });
    const other = await makePerson(auth, { department: 'none' });
    expect(await rights(user(member.id))).toMatchObject({
      roles: [given, ruled],
      permissions: ['hosts-view', 'vault-add'],
    });
    expect(await rights(user(other.id))).toMatchObject({ roles: [], permissions: [] });
    await auth.superuser.query('UPDATE sources SET is_enabled = false WHERE is_local');
    const without = await rights(user(member.id));
    await auth.superuser.query('UPDATE sources SET is_enabled = true WHERE is_local');
    expect(without).toMatchObject({ roles: [given], permissions: ['hosts-view'] });
  });

  test('that come by a grant and by rules end when the longer of both does', async () => {
    const username = `both-${randomUUID()}`;
    const roleId = await makeRole(auth, anyOf(source, `(cn=${username})`));
    const { id } = await makePerson(auth, {}, { username });
    await give(id, [{ id: roleId, grant_type: 'TIME_RESTRICTED', grant_end: hour(1).toISOString() }]);
    expect(await rights(user(id))).toMatchObject({ roles: [roleId], until: null });
    expect(await rights(user(id), hour(2))).toMatchObject({ roles: [roleId], until: null });
  });

  test('are withheld outside of the context of the role', async () => {
    const context = {
      enabled: true,
      validity: ['FRI'],
      start_time: '08:00',
      end_time: '18:00',
      timezone: 'UTC',
      ip_masks: ['10.0.0.0/8'],
    };
    const roleId = await makeRole(auth, { permissions: ['vault-add'], context });
    const { id } = await makePerson(auth, {}, { roles: [roleId] });
    const evening = new Date('2026-05-01T18:00:00Z');
    expect(await rights(user(id), now, '10.1.2.3')).toEqual({
      roles: [roleId],
      permissions: ['vault-add'],
      until: evening,
      isBoundToAddress: true,
      withheld: [],
    });
    for (const [at, address] of [
      [now, '192.0.2.1'],
      [evening, '10.1.2.3'],
      [now, ''],
    ] as const) {
      expect(await rights(user(id), at, address)).toMatchObject({
        roles: [],
        permissions: [],
        until: null,
        isBoundToAddress: false,
        withheld: [{ id: roleId, name: expect.any(String) }],
      });
    }
    expect(await rights(user(id), now, null)).toMatchObject({ roles: [roleId], isBoundToAddress: true });
    // A context that is not understood, such as one from before it was checked, holds nowhere.
    await auth.superuser.query(
      `UPDATE roles SET document = '{"context":{"enabled":true,"timezone":"Nowhere/Land"}}' WHERE id = $1`,
      [roleId],
    );
    expect(await rights(user(id))).toMatchObject({ roles: [], withheld: [{ id: roleId }] });
  });

  test('a grant of an unknown type gives none', async () => {
    const roleId = await makeRole(auth, { permissions: ['vault-add'] });
    const { id } = await makePerson(auth, {}, { roles: [roleId] });
    await auth.superuser.query(`UPDATE user_roles SET grant_type = 'FUTURE' WHERE user_id = $1`, [id]);
    expect(await rights(user(id))).toMatchObject({ roles: [], permissions: [] });
  });

  test('who is disabled, deleted or unknown has none', async () => {
    const roleId = await makeRole(auth, { permissions: ['vault-add'] });
    const disabled = await makePerson(auth, {}, { roles: [roleId], isDisabled: true });
    for (const subject of [
      user(disabled.id),
      user(randomUUID()),
      { kind: 'api-client' as const, id: disabled.id },
    ]) {
      expect(await rights(subject)).toEqual({
        roles: [],
        permissions: [],
        until: null,
        isBoundToAddress: false,
        withheld: [],
      });
    }
    // What he would have again, once enabled, is still within his reach.
    expect(await permissionsWithinReach(auth.superuser, user(disabled.id))).toEqual(['vault-add']);
  });
});

test('rights of an API client obey contexts, and rules give it nothing', async () => {
  await makeRole(auth, { permissions: ['logs-view'], ...anyOf(source, '(cn=*)') });
  const client = await auth.clientWith('vault-add');
  const subject: Subject = { kind: 'api-client', id: client.id };
  expect(await rights(subject)).toMatchObject({ roles: [client.roleId], permissions: ['vault-add'] });
  const role = (await auth.call('GET', `/role-store/api/v1/roles/${client.roleId}`)).body;
  const context = { enabled: true, ip_masks: ['2001:db8::/32'] };
  await auth.call('PUT', `/role-store/api/v1/roles/${client.roleId}`, { body: { ...role, context } });
  expect(await rights(subject)).toMatchObject({ roles: [], withheld: [{ id: client.roleId }] });
  expect(await rights(subject, now, '2001:db8::1')).toMatchObject({ roles: [client.roleId] });
});
