import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SECRET_SERVER_CLIENT } from '../src/domain/oauth-client.ts';
import { authenticatePerson } from '../src/operations/authenticate-person.ts';
import { openSession } from '../src/operations/issue-tokens.ts';
import { findExternalSubject } from '../src/store/external-subjects.ts';
import { findUser } from '../src/store/users.ts';
import {
  exchangeCode,
  expectRefusal,
  logIn,
  newPkce,
  refresh,
  signInPerson,
  startSignIn,
} from './oauth-walk.ts';
import { countingDatabase, grantRole, makePerson, openContext, type TestContext } from './people.ts';
import { localSource } from './people-rows.ts';
import { passwordGrant, basic, startTestAuth, uniqueName, USERS, type TestAuth } from './support.ts';

const PASSWORD = 'Kumquat-Orchard-9';
const REQUEST = { id: 'request', remoteAddress: '192.0.2.1', userAgent: '' };
const PROGRAMS = { admitsApplications: true };

let auth: TestAuth;
let ctx: TestContext;
const clock = { now: new Date('2027-03-01T12:00:00Z') };

beforeAll(async () => {
  auth = await startTestAuth({ now: () => clock.now });
  ctx = await openContext(auth, () => clock.now);
});
afterAll(async () => {
  await ctx.close();
  await auth.stop();
});

async function account(body: Record<string, unknown> = {}) {
  const username = uniqueName('build-server');
  const id = await makePerson(auth, {
    username,
    password: { password: PASSWORD },
    application_account: true,
    ...body,
  });
  return { id, username, password: PASSWORD };
}

describe('a program signs in as an application account', () => {
  test('by name and password, where programs do; where people do it looks like a wrong password', async () => {
    const { id, username, password } = await account();
    await expect(
      authenticatePerson(ctx, REQUEST, username.toUpperCase(), password, PROGRAMS),
    ).resolves.toMatchObject({ id, isApplication: true });
    await expect(authenticatePerson(ctx, REQUEST, username, 'wrong', PROGRAMS)).rejects.toMatchObject({
      code: 'INVALID_GRANT',
    });

    const refusals = [];
    for (const name of [username, uniqueName('nobody')]) {
      const answer = await logIn(auth, await startSignIn(auth, newPkce()), { username: name, password });
      expectRefusal(answer, 'INVALID_GRANT');
      refusals.push({ ...answer.body, request_id: '' });
    }
    expect(refusals[0]).toEqual(refusals[1]);
  });

  test('which asks as much of the database and of the hasher as somebody unknown', async () => {
    const { username } = await account();
    const costOf = async (name: string) => {
      const [db, before] = [countingDatabase(ctx.db), ctx.passwords.comparisons()];
      await expect(authenticatePerson({ ...ctx, db }, REQUEST, name, PASSWORD)).rejects.toMatchObject({
        code: 'INVALID_GRANT',
      });
      return [db.statements(), ctx.passwords.comparisons() - before];
    };
    expect(await costOf(username)).toEqual(await costOf(uniqueName('nobody')));
  });

  test('and by no other way: not at the token endpoint, not by an identity provider, not for an application', async () => {
    const { id, username, password } = await account();
    const { oauth_client } = auth.secrets.bootstrap;
    const granted = await auth.postToken(
      passwordGrant(username, password),
      basic(oauth_client.id, oauth_client.secret),
    );
    expectRefusal(granted, 'INVALID_GRANT');
    const source = await localSource(auth);
    const person = uniqueName('person');
    await makePerson(auth, { username: person });
    expect(await findExternalSubject(ctx.db, source, person)).toBeDefined();
    expect(await findExternalSubject(ctx.db, source, username)).toBeUndefined();

    const signIn = {
      subject: { kind: 'user', id },
      scope: '',
      authTime: clock.now,
      authMethods: ['pwd'],
    } as const;
    const open = (admitsApplications: boolean) =>
      ctx.db.transaction(tx =>
        openSession(
          ctx,
          tx,
          REQUEST,
          { ...SECRET_SERVER_CLIENT, admitsApplications },
          { ...signIn, id: ctx.newId() },
          { type: 'password', nonce: '' },
        ),
      );
    expect(await open(true)).toBeDefined();
    expect(await open(false)).toBeUndefined();
  });

  test('and a person who is made one behind our back comes no further', async () => {
    const username = uniqueName('person');
    const id = await makePerson(auth, { username, password: { password: PASSWORD } });
    const make = (is: boolean) =>
      auth.superuser.query('UPDATE users SET is_application = $2 WHERE id = $1', [id, is]);
    const { refreshToken } = await signInPerson(auth, { username, password: PASSWORD });
    const pkce = newPkce();
    const entered = await logIn(auth, await startSignIn(auth, pkce), { username, password: PASSWORD });
    expect(entered.status).toBe(200);
    await make(true);
    expectRefusal(await exchangeCode(auth, String(entered.body['code']), pkce), 'INVALID_GRANT');
    expectRefusal(await refresh(auth, refreshToken), 'INVALID_GRANT');
  });
});

describe('administrators', () => {
  test('make application accounts, which stay what they are', async () => {
    const { id, username } = await account();
    const read = async (userId: string) => (await auth.call('GET', `${USERS}/${userId}`)).body;
    expect(await read(id)).toMatchObject({ username, application_account: true });
    // Clients of PrivX know nothing of it and send it neither back nor at all.
    expect((await auth.call('PUT', `${USERS}/${id}`, { body: { username, comment: 'x' } })).status).toBe(200);
    expect(await read(id)).toMatchObject({ comment: 'x', application_account: true });
    const person = await makePerson(auth);
    expect(await read(person)).toMatchObject({ application_account: false });
    for (const [userId, flag] of [
      [id, false],
      [person, true],
    ] as const) {
      const body = { username: uniqueName('x'), application_account: flag };
      const refused = await auth.call('PUT', `${USERS}/${userId}`, { body });
      expect([refused.status, refused.body['property']]).toEqual([400, 'application_account']);
      expect(await read(userId)).toMatchObject({ application_account: !flag });
    }
  });

  test('remain people: an application account with their role is none of them', async () => {
    const { id } = await account();
    await grantRole(auth, id, 'privx-admin');
    const [admin] = await auth.superuser.query<{ id: string }>(
      `SELECT id FROM users WHERE username = 'admin'`,
    );
    const refused = await auth.call('DELETE', `${USERS}/${String(admin?.id)}`);
    expect([refused.status, refused.body['error_code']]).toEqual([403, 'PERMISSION_DENIED']);
  });
});

test('whoever acts has a number of its own, people and programs alike', async () => {
  await makePerson(auth);
  await auth.clientWith('users-view');
  const rows = await auth.superuser.query<{ number: number }>(
    'SELECT number FROM users UNION ALL SELECT number FROM api_clients',
  );
  expect(rows.length).toBeGreaterThanOrEqual(4);
  expect(new Set(rows.map(row => row.number)).size).toBe(rows.length);
  const { id } = await account();
  expect((await findUser(ctx.db, id))?.number).toBeGreaterThan(0);
});
