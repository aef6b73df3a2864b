import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { refresh, signInPerson } from './oauth-walk.ts';
import {
  API_CLIENTS,
  ROLES,
  startTestAuth,
  uniqueName,
  USERS,
  withTestAuth,
  type TestAuth,
} from './support.ts';

const SECONDS = 120;
const MANAGED: readonly [string, string, Record<string, unknown>?][] = [
  ['POST', ROLES, { name: uniqueName('role') }],
  ['POST', USERS, { username: uniqueName('person') }],
  ['GET', API_CLIENTS],
  ['POST', API_CLIENTS, { name: uniqueName('client'), roles: [] }],
];

let now = new Date('2027-03-01T12:00:00Z');
const pass = (seconds: number) => (now = new Date(now.getTime() + seconds * 1_000));
let auth: TestAuth;

beforeAll(async () => {
  auth = await startTestAuth({ now: () => now, settings: { stepUpSeconds: SECONDS } });
});
afterAll(() => auth.stop());

test('whoever manages must have signed in lately, and a refresh is no sign-in', async () => {
  const person = await signInPerson(auth);
  pass(SECONDS);
  expect(
    (await auth.call('POST', ROLES, { as: person.bearer, body: { name: uniqueName('role') } })).status,
  ).toBe(201);
  pass(1);
  const refreshed = await refresh(auth, person.refreshToken);
  expect(refreshed.status).toBe(200);
  for (const as of [person.bearer, `Bearer ${String(refreshed.body['access_token'])}`]) {
    for (const [method, path, body] of MANAGED) {
      const answer = await auth.call(method, path, { as, ...(body === undefined ? {} : { body }) });
      expect([method, path, answer.status, answer.body['error_code']]).toEqual([
        method,
        path,
        403,
        'STEP_UP_REQUIRED',
      ]);
    }
    // Looking is open, and so is signing out.
    for (const path of [ROLES, USERS]) expect((await auth.call('GET', path, { as })).status).toBe(200);
  }
  const anew = await signInPerson(auth);
  for (const [method, path, body] of MANAGED) {
    const answer = await auth.call(method, path, {
      as: anew.bearer,
      ...(body === undefined ? {} : { body }),
    });
    expect([method, path, answer.status]).toEqual([method, path, method === 'GET' ? 200 : 201]);
  }
});

test('programs are let through: they cannot sign in anew', async () => {
  const { bearer } = await auth.clientWith('roles-manage');
  pass(SECONDS + 1);
  expect((await auth.call('POST', ROLES, { as: bearer, body: { name: uniqueName('role') } })).status).toBe(
    201,
  );
});

test('it is off unless it was set', async () => {
  await withTestAuth({ now: () => now }, async plain => {
    const { bearer } = await signInPerson(plain);
    pass(290);
    expect((await plain.call('POST', ROLES, { as: bearer, body: { name: uniqueName('role') } })).status).toBe(
      201,
    );
  });
});
