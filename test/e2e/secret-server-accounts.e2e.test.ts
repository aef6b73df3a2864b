import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Answer } from '@strongroom/testing/api-client';
import { runPlatform, type RunningPlatform } from './support.ts';

/** Secrets of Secret Server's dialect that are passwords of accounts on hosts (contract 5, rows 13, 14 and 19 to 26). */

const API = '/SecretServer/api/v1';
const SECRETS = `${API}/secrets`;
/** A name that needs encoding in vault. */
const ACCOUNT = 'svc/app 1';
const ABSENT = [404, 'API_AccessDenied'];

let running: RunningPlatform;
let readers: string;
let users: string;
let hostId: string;
/** Number of the account's secret, and of one that follows no account. */
let id: number;
let other: number;

/** Whoever may read the secret and use the account; only the one; only the other; neither. */
let alice: string;
let bob: string;
let reader: string;
let user: string;
let stranger: string;

const create = async (path: string, body: unknown): Promise<Answer> => {
  const answer = await running.client.call('POST', path, { body });
  expect([path, answer.status]).toEqual([path, 201]);
  return answer;
};
const idOf = async (path: string, body: unknown): Promise<string> =>
  String((await create(path, body)).body?.['id']);

/** The token of a program with these roles. */
async function program(...roles: string[]): Promise<string> {
  const clients = '/local-user-store/api/v1/api-clients';
  const made = await idOf(clients, { name: randomUUID(), roles: roles.map(role => ({ id: role })) });
  const { body } = await running.client.call('GET', `${clients}/${made}`);
  const granted = await running.client.signIn(made, String(body?.['secret']));
  return String(granted.body?.['access_token']);
}

const post = (token: string | undefined, path: string, body: unknown = {}) =>
  running.client.call('POST', path, { body, ...(token === undefined ? {} : { token }) });
const state = async (token?: string) =>
  (await running.client.call('GET', `${SECRETS}/${id}/state`, token === undefined ? {} : { token })).body;
const refusal = ({ status, body }: Answer) => [status, body?.['errorCode']];

beforeAll(async () => {
  running = await runPlatform();
  const roles = '/role-store/api/v1/roles';
  readers = await idOf(roles, { name: `readers ${randomUUID()}`, permissions: [] });
  users = await idOf(roles, { name: `users ${randomUUID()}`, permissions: [] });
  const templates = await running.client.call('GET', '/secrets-manager/api/v1/script-templates');
  const items = templates.body?.['items'] as { id: string; operating_system: string }[];
  hostId = await idOf('/host-store/api/v1/hosts', {
    common_name: 'Db-1',
    addresses: ['192.0.2.7'],
    services: [{ service: 'SSH' }],
    password_rotation_enabled: true,
    password_rotation: {
      operating_system: 'LINUX',
      password_policy_id: await idOf('/secrets-manager/api/v1/password-policy', {
        name: randomUUID(),
        max_concurrent_checkouts: 1,
      }),
      script_template_id: items.find(item => item.operating_system === 'LINUX')?.id,
    },
    principals: [{ principal: ACCOUNT, rotate: true, roles: [{ id: users }] }],
  });
  const told = await post(
    undefined,
    `/secrets-manager/api/v1/set-password/${hostId}/${encodeURIComponent(ACCOUNT)}`,
    { password: 'plum-5510' },
  );
  expect(told.status).toBe(200);
  const name = `hosts/${hostId}/svc%2Fapp%201`;
  const path = `/vault/api/v1/metadata/secrets/${encodeURIComponent(name)}`;
  const secret = (await running.client.call('GET', path)).body!;
  const opened = await running.client.call('PUT', `/vault/api/v1/secrets/${encodeURIComponent(name)}`, {
    body: { read_roles: [...(secret['read_roles'] as object[]), { id: readers }] },
  });
  expect(opened.status).toBe(200);
  id = Number(secret['number']);
  const plain = `plain ${randomUUID()}`;
  await create('/vault/api/v1/secrets', { name: plain, data: { a: '1' }, read_roles: [{ id: readers }] });
  other = Number(
    (await running.client.call('GET', `/vault/api/v1/metadata/secrets/${encodeURIComponent(plain)}`)).body?.[
      'number'
    ],
  );
  alice = await program(readers, users);
  bob = await program(readers, users);
  reader = await program(readers);
  user = await program(users);
  stranger = await program();
});
afterAll(() => running.stop());
beforeEach(async () => {
  expect((await post(undefined, `${SECRETS}/${id}/check-in`, { forceCheckIn: true })).status).toBe(200);
});

test('an account is checked out, kept from others, extended and given back', async () => {
  expect(await state(alice)).toMatchObject({ isCheckedOut: false, isCheckedOutByCurrentUser: false });
  const taken = await post(alice, `${SECRETS}/${id}/check-out`);
  expect([taken.status, taken.body]).toEqual([200, { responseCodes: [] }]);
  expect(await state(alice)).toMatchObject({
    id,
    isCheckedOut: true,
    isCheckedOutByCurrentUser: true,
    actions: expect.arrayContaining(['Checkin']),
  });
  expect(await state(bob)).toMatchObject({ isCheckedOut: true, isCheckedOutByCurrentUser: false });
  const summary = await running.client.call('GET', `${SECRETS}/${id}/summary`, { token: bob });
  expect(summary.body).toMatchObject({
    id,
    checkOutEnabled: true,
    checkedOut: true,
    autoChangeEnabled: true,
  });

  expect(refusal(await post(bob, `${SECRETS}/${id}/check-out`))).toEqual([400, 'API_AccountInUse']);
  expect(refusal(await post(bob, `${SECRETS}/${id}/extend-check-out`, { data: {} }))).toEqual([
    400,
    'API_InvalidRequestData',
  ]);
  const extended = await post(alice, `${SECRETS}/${id}/extend-check-out`, { data: { minutesToAdd: 5 } });
  expect([extended.status, extended.body]).toEqual([
    200,
    { checkOutEndTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/) },
  ]);

  // Somebody else gives nothing back, and takes nothing by force.
  expect((await post(bob, `${SECRETS}/${id}/check-in`)).status).toBe(200);
  expect(refusal(await post(bob, `${SECRETS}/${id}/check-in`, { ForceCheckIn: 'True' }))).toEqual(ABSENT);
  expect(await state(alice)).toMatchObject({ isCheckedOutByCurrentUser: true });

  const back = await post(alice, `${SECRETS}/${id}/check-in`);
  expect([back.status, back.body]).toEqual([200, expect.objectContaining({ id, checkedOut: false })]);
  expect((await post(bob, `${SECRETS}/${id}/check-out`)).status).toBe(200);
  expect((await post(undefined, `${SECRETS}/${id}/check-in`, { forceCheckIn: true })).status).toBe(200);
  expect(await state(bob)).toMatchObject({ isCheckedOut: false });
});

test('both rights are needed, and whoever lacks one gets the answer for what is not there', async () => {
  expect((await post(alice, `${SECRETS}/${id}/check-out`)).status).toBe(200);
  for (const token of [reader, user, stranger]) {
    for (const path of ['check-out', 'check-in', 'heartbeat', 'change-password', 'stop-password-change']) {
      expect([path, ...refusal(await post(token, `${SECRETS}/${id}/${path}`))]).toEqual([path, ...ABSENT]);
    }
    expect(refusal(await post(token, `${SECRETS}/${id}/extend-check-out`, { data: {} }))).toEqual(ABSENT);
  }
  for (const token of [user, stranger]) {
    for (const what of ['state', 'summary']) {
      const asked = await running.client.call('GET', `${SECRETS}/${id}/${what}`, { token });
      const absent = await running.client.call('GET', `${SECRETS}/99999999/${what}`, { token });
      expect([asked.status, asked.body]).toEqual([404, absent.body]);
    }
  }
  // Who reads the secret and may not use the account sees nothing of who has it.
  expect(await state(reader)).toMatchObject({ id, isCheckedOut: false, checkOutIntervalMinutes: 0 });
  const none = await running.client.call('POST', `${SECRETS}/${id}/check-out`, { token: null });
  expect(none.status).toBe(401);
});

test('who may use an account does not change its password; who looks after hosts does', async () => {
  const now = `/SecretServer/internals/secret-detail/${id}/change-password-now`;
  const data = { NextPassword: null, PasswordType: 1 };
  expect(refusal(await post(alice, `${SECRETS}/${id}/change-password`))).toEqual(ABSENT);
  expect(refusal(await post(alice, `${SECRETS}/${id}/heartbeat`))).toEqual(ABSENT);
  expect(refusal(await post(alice, now, { data }))).toEqual(ABSENT);

  const stated = [
    await post(undefined, now, { data: { NextPassword: 'mine-4711' } }),
    await post(undefined, `${SECRETS}/${id}/change-password`, { newPassword: 'mine-4711' }),
    await post(undefined, `${SECRETS}/${id}/change-password`, { sshKeyArgs: { generateSshKeys: true } }),
    await post(undefined, `${SECRETS}/${id}/stop-password-change`),
  ];
  for (const answer of stated) {
    expect(refusal(answer)).toEqual([400, 'API_InvalidRequestData']);
    expect(answer.text).not.toContain('mine-4711');
  }
  expect(await state()).toMatchObject({ passwordChangePending: false });
  const changed = await post(undefined, now, { data });
  expect([changed.status, changed.body]).toEqual([200, { success: true }]);
  expect(await state()).toMatchObject({ passwordChangePending: true });
  const again = await post(
    undefined,
    `${SECRETS}/0/change-password?secretPath=%5Chosts%5C${hostId}%5Csvc%252Fapp%25201`,
  );
  expect([again.status, again.body?.['id']]).toEqual([200, id]);
  // A heartbeat keeps out of the way of a rotation.
  expect(refusal(await post(undefined, `${SECRETS}/${id}/heartbeat`))).toEqual([
    400,
    'API_InvalidRequestData',
  ]);
});

test('a secret that follows no account is refused plainly, and its state is vault’s', async () => {
  for (const path of ['check-out', 'check-in', 'heartbeat', 'change-password', 'stop-password-change']) {
    const answer = await post(undefined, `${SECRETS}/${other}/${path}`);
    expect([path, ...refusal(answer)]).toEqual([path, 400, 'API_InvalidRequestData']);
  }
  const { body } = await running.client.call('GET', `${SECRETS}/${other}/state`, { token: reader });
  expect(body).toMatchObject({ id: other, isCheckedOut: false, role: 'View' });
});
