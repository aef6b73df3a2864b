import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SESSION_ENDED, type SessionEnded } from '@strongroom/contracts/session-events';
import { generateSync } from 'otplib';
import { secondFactorsOf } from '../src/operations/second-factor.ts';
import { confirmTotp, startTotp } from '../src/operations/second-factor-setup.ts';
import { insertSession } from '../src/store/sessions.ts';
import { openPeople, type People, type Person } from './person.ts';
import { sessionOf } from './sessions.ts';
import { startTestAuth, type TestAuth } from './support.ts';

const OWN = '/auth/api/v1/mfa';
const actionPath = (action: string) => `/role-store/api/v1/users/mfa/${action}`;

const now = new Date('2026-05-01T08:00:10.000Z');
let auth: TestAuth;
let people: People;

beforeAll(async () => {
  auth = await startTestAuth({ now: () => now });
  people = await openPeople(auth, () => now);
});
afterAll(() => auth.stop());

async function withTotp(): Promise<Person> {
  const person = await people.create();
  const { seed } = await startTotp(people.ctx, person);
  await confirmTotp(people.ctx, person.id, generateSync({ secret: seed, epoch: now.getTime() / 1_000 }));
  return person;
}

async function withSession({ id }: Person): Promise<string> {
  const session = sessionOf({ kind: 'user', id }, now, { authMethods: ['pwd', 'otp'] });
  await insertSession(auth.superuser, session, []);
  return session.id;
}

const endedSessions = () =>
  auth.events
    .filter(event => event.type === `strongroom.auth.${SESSION_ENDED}`)
    .flatMap(event => (event.data as SessionEnded).sessionIds);

const act = (action: string, ids: readonly string[], as?: string) =>
  auth.call('POST', actionPath(action), { body: ids, ...(as === undefined ? {} : { as }) });

const required = async (person: Person) =>
  (await auth.call('GET', OWN, { as: await person.bearer() })).body['required'];

describe('an administrator', () => {
  test('demands a second factor and lets it be', async () => {
    const [one, two] = [await people.create(), await people.create()];
    const session = await withSession(one);
    expect(await act('enable', [one.id.toUpperCase(), two.id, one.id])).toMatchObject({
      status: 200,
      text: '',
    });
    expect([await required(one), await required(two)]).toEqual([true, true]);
    expect((await act('disable', [one.id])).status).toBe(200);
    expect([await required(one), await required(two)]).toEqual([false, true]);
    const changes = (await auth.trail()).filter(record => record.message['targetUserID'] === one.id);
    const admin = auth.secrets.bootstrap.api_client.id;
    expect(changes.map(({ name, message }) => [name, message['userID'], message['change']])).toEqual([
      ['MFA-changed', admin, 'second factor demanded'],
      ['MFA-changed', admin, 'second factor disabled'],
    ]);
    expect(endedSessions()).toContain(session);
  });

  test('is seen on the user object, alone and in lists (contract 4.2)', async () => {
    const [person, withApp] = [await people.create(), await withTotp()];
    await act('enable', [person.id]);
    for (const [{ id }, app] of [
      [person, 'PENDING'],
      [withApp, 'ENABLED'],
    ] as const) {
      const mfa = { user_mfa_status: 'ENABLED', status: app, mobile_mfa_status: 'DISABLED' };
      expect((await auth.call('GET', `/role-store/api/v1/users/${id}`)).body['mfa']).toEqual(mfa);
      const found = await auth.call('POST', '/role-store/api/v1/users/search', { body: { user_id: [id] } });
      expect(found.body).toMatchObject({ count: 1, items: [{ id, mfa }] });
    }
  });

  test.each([
    ['reset', true],
    ['disable', false],
  ])('removes by %s what was set up, and ends sessions', async (action, demanded) => {
    const [person, other] = [await withTotp(), await withTotp()];
    const [session, otherSession] = [await withSession(person), await withSession(other)];
    await act('enable', [person.id, other.id]);
    expect((await act(action, [person.id])).status).toBe(200);
    expect(await secondFactorsOf(auth.superuser, person)).toEqual([]);
    expect(await required(person)).toBe(demanded);
    const [left] = await auth.superuser.query<{ count: number }>(
      'SELECT count(*)::integer AS count FROM recovery_codes WHERE user_id = $1',
      [person.id],
    );
    expect(left?.count).toBe(0);
    expect(await secondFactorsOf(auth.superuser, other)).toEqual(['totp', 'recovery_code']);
    await auth.trail();
    expect(endedSessions()).toContain(session);
    expect(endedSessions()).not.toContain(otherSession);
  });

  test('acts on all or none', async () => {
    const person = await withTotp();
    for (const action of ['enable', 'disable', 'reset']) {
      const { status, body } = await act(action, [person.id, randomUUID()]);
      expect([action, status, body['property']]).toEqual([action, 400, '1']);
    }
    expect(await required(person)).toBe(false);
    expect(await secondFactorsOf(auth.superuser, person)).toEqual(['totp', 'recovery_code']);
    expect((await act('reset', [])).status).toBe(200);
  });

  test.each([
    ['an id that is none', ['x']],
    ['an object', {}],
    ['too many', Array<string>(101).fill(randomUUID())],
  ])('is refused with %s', async (_name, body) => {
    expect((await auth.call('POST', actionPath('enable'), { body })).status).toBe(400);
  });

  test('needs the permission, and all that the person may do', async () => {
    const person = await people.create('settings-manage');
    const { bearer: manager } = await auth.clientWith('users-manage');
    const { bearer: viewer } = await auth.clientWith('users-view', 'settings-manage');
    const { bearer: equal } = await auth.clientWith('users-manage', 'settings-manage');
    for (const action of ['enable', 'reset', 'disable']) {
      for (const as of [manager, viewer, await person.bearer()]) {
        const { status, body } = await act(action, [person.id], as);
        expect([action, status, body['error_code']]).toEqual([action, 403, 'PERMISSION_DENIED']);
      }
      expect((await act(action, [person.id], equal)).status).toBe(200);
    }
  });

  test('needs them also for what the person will have again: while disabled, or out of hours', async () => {
    const { bearer: manager } = await auth.clientWith('users-manage');
    const disabled = await people.create('settings-manage');
    await auth.superuser.query('UPDATE users SET is_disabled = true WHERE id = $1', [disabled.id]);
    const later = await people.create('settings-manage');
    await auth.superuser.query(
      `UPDATE user_roles SET grant_type = 'TIME_RESTRICTED', grant_start = $2 WHERE user_id = $1`,
      [later.id, new Date(now.getTime() + 86_400_000)],
    );
    for (const { id } of [disabled, later]) {
      for (const action of ['enable', 'reset', 'disable']) {
        expect([action, (await act(action, [id], manager)).status]).toEqual([action, 403]);
      }
    }
  });

  test('removes his own factors after a sign-in of late only', async () => {
    const admin = await people.create('users-manage');
    const stale = await admin.bearer(901);
    for (const action of ['disable', 'reset']) {
      const { status, body } = await act(action, [admin.id], stale);
      expect([status, body['error_code']]).toEqual([403, 'STEP_UP_REQUIRED']);
    }
    expect((await act('enable', [admin.id], stale)).status).toBe(200);
    expect((await act('reset', [admin.id], await admin.bearer(900))).status).toBe(200);
  });

  test('at once with others leaves one state', async () => {
    const crowd = await Promise.all(Array.from({ length: 5 }, () => withTotp()));
    const ids = crowd.map(person => person.id);
    const answers = await Promise.all([
      act('reset', ids),
      act('disable', ids.toReversed()),
      act('enable', ids),
      act('reset', ids.toReversed()),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    for (const person of crowd) expect(await secondFactorsOf(auth.superuser, person)).toEqual([]);
  });
});
