import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { eventually } from '@strongroom/testing/eventually';
import { decodeJwt } from 'jose';
import { generateSync } from 'otplib';
import { confirmTotp, startTotp } from '../src/operations/second-factor-setup.ts';
import { grantToAccount } from '../src/operations/grant-to-account.ts';
import { refresh } from './oauth-walk.ts';
import { countingDatabase, openContext, type TestContext } from './people.ts';
import { API, askToken, BASE, bearerOf, makeAccount, opens, PASSWORD, signIn } from './secret-server.ts';
import { startTestAuth, uniqueName, USERS, type TestAuth } from './support.ts';

let auth: TestAuth;
let ctx: TestContext;
const clock = { now: new Date('2027-03-01T12:00:00Z') };
const later = (seconds: number) => (clock.now = new Date(clock.now.getTime() + seconds * 1_000));

beforeAll(async () => {
  auth = await startTestAuth({ now: () => clock.now });
  ctx = await openContext(auth, () => clock.now);
});
afterAll(async () => {
  await ctx.close();
  await auth.stop();
});
beforeEach(() => auth.superuser.query('DELETE FROM sign_in_failures'));

/** Exactly what clients read: no member of another dialect beside it. */
const REFUSED = { status: 400, body: { error: 'The user name or the password is wrong' } };
const untilVoid = (bearer: string) =>
  eventually('the token is void', async () => !(await opens(auth, bearer)));
const answerOf = ({ status, body }: { status: number; body: unknown }) => ({ status, body });

describe('who signs in', () => {
  test('an application account gets a token of the platform with its rights', async () => {
    const account = await makeAccount(auth, {}, ['users-view']);
    const answer = await signIn(auth, account);
    expect(answerOf(answer)).toEqual({
      status: 200,
      body: {
        access_token: expect.any(String),
        token_type: 'bearer',
        // Five minutes less than the token lives, since the Python client overuses it by that much.
        expires_in: 1_500,
        refresh_token: expect.any(String),
      },
    });
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const claims = decodeJwt(String(answer.body['access_token']));
    expect(claims).toMatchObject({ sub: account.id, kind: 'user', client_id: 'secret-server', amr: ['pwd'] });
    expect(Number(claims.exp) - clock.now.getTime() / 1_000).toBe(1_800);
    expect((await auth.call('GET', USERS, { as: bearerOf(answer) })).status).toBe(200);
    const names = (await auth.trail())
      .filter(record => record.message['userID'] === account.id)
      .map(record => record.name);
    expect(names).toEqual(expect.arrayContaining(['User-logged-in', 'Access-token-granted']));
  });

  test('an API client by its id and secret', async () => {
    const client = await auth.clientWith('users-view');
    const answer = await signIn(auth, { username: client.id, password: client.secret });
    expect(answer.status).toBe(200);
    expect(decodeJwt(String(answer.body['access_token']))).toMatchObject({
      sub: client.id,
      kind: 'api-client',
    });
    expect(answerOf(await signIn(auth, { username: client.id, password: 'wrong' }))).toEqual(REFUSED);
  });

  test.each([
    [
      'a form that says it is JSON',
      'application/json',
      'grant_type=password&username=<user>&password=<password>',
    ],
    [
      'JSON that says it is a form',
      'application/x-www-form-urlencoded',
      '{"Grant_Type":"password","UserName":"<user>","Password":"<password>"}',
    ],
    [
      'names in capitals and empty pairs',
      'text/plain',
      '&&GRANT_TYPE=password&USERNAME=<user>&PASSWORD=<password>&domain=&&',
    ],
    ['the domain in the name', '', 'grant_type=password&username=local\\<user>&password=<password>'],
    [
      'the domain beside the name',
      '',
      'grant_type=password&username=<user>&password=<password>&domain=Local',
    ],
  ])('%s is read', async (_what, type, text) => {
    const { username } = await makeAccount(auth);
    const body = text.replace('<user>', username).replace('<password>', PASSWORD);
    const headers = { 'content-type': type };
    expect((await auth.call('POST', `${BASE}/oauth2/token`, { as: null, headers, body })).status).toBe(200);
  });

  test('a password with signs in a form that is not percent-encoded', async () => {
    const password = 'a+bc%zz@d!e+f%';
    const { username } = await makeAccount(auth, { password: { password } });
    const raw = `grant_type=password&username=${username}&password=${password}`;
    expect((await auth.call('POST', `${BASE}/oauth2/token`, { as: null, body: raw })).status).toBe(200);
    const phrase = await makeAccount(auth, { password: { password: 'tall green ladders' } });
    expect((await signIn(auth, { ...phrase, password: 'tall green ladders' })).status).toBe(200);
    expect(answerOf(await signIn(auth, { ...phrase, password: 'tall green ladder s' }))).toEqual(REFUSED);
  });
});

describe('who does not', () => {
  test('is told the same whatever was wrong, and it costs the same', async () => {
    const account = await makeAccount(auth);
    const disabled = await makeAccount(auth, { disabled: true });
    const told = new Set<string>();
    for (const [username, password] of [
      [account.username, 'Kumquat-Orchard-8'],
      [uniqueName('nobody'), PASSWORD],
      [disabled.username, PASSWORD],
      [account.username, ''],
      ['', ''],
    ] as const) {
      const answer = await signIn(auth, { username, password });
      expect(answerOf(answer)).toEqual(REFUSED);
      told.add(answer.text);
    }
    expect(told.size).toBe(1);

    const costOf = async (username: string, remoteAddress: string) => {
      const [db, before] = [countingDatabase(ctx.db), ctx.passwords.comparisons()];
      const grant = {
        ...{ grantType: 'password', username, password: 'two readings', domain: '' },
        ...{ oneTimeCode: undefined, refreshToken: undefined, clientId: '', clientSecret: '' },
      };
      const request = { id: 'request', remoteAddress, userAgent: '' };
      await expect(grantToAccount({ ...ctx, db }, request, grant)).rejects.toMatchObject({
        code: 'INVALID_GRANT',
      });
      return [db.statements(), ctx.passwords.comparisons() - before];
    };
    expect(await costOf(account.username, '192.0.2.50')).toEqual(
      await costOf(uniqueName('nobody'), '192.0.2.51'),
    );
  });

  test('guesses as little as at any other door, and this one counts along', async () => {
    const account = await makeAccount(auth);
    for (let i = 0; i < 5; i += 1) {
      expect(answerOf(await signIn(auth, { ...account, password: 'Kumquat-Orchard-8' }))).toEqual(REFUSED);
    }
    const limited = await signIn(auth, account);
    expect(limited.status).toBe(429);
    expect(Object.keys(limited.body)).toEqual(['message']);
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  test.each([
    ['another domain', { domain: 'corp' }],
    ['another domain in the name', { prefix: 'corp\\' }],
  ])('comes from %s', async (_what, { domain = '', prefix = '' }: { domain?: string; prefix?: string }) => {
    const { username, password } = await makeAccount(auth);
    const fields = { grant_type: 'password', username: `${prefix}${username}`, password, domain };
    expect(answerOf(await askToken(auth, fields))).toEqual(REFUSED);
  });

  test.each([
    [{}, 'grant_type is missing'],
    [{ grant_type: 'authorization_code', code: 'x' }, 'This grant type is not supported'],
    [{ grant_type: 'refresh_token' }, 'refresh_token is missing'],
  ])('asks for what there is not: %j', async (fields, error) => {
    expect(answerOf(await askToken(auth, fields))).toEqual({ status: 400, body: { error } });
  });

  test('must change the password first, and does so where people sign in', async () => {
    const person = await makeAccount(auth, { application_account: false, password_change_required: true });
    expect(answerOf(await signIn(auth, person))).toEqual({
      status: 400,
      body: { error: 'The password must be changed first' },
    });
  });
});

describe('people with an authenticator app', () => {
  const codeAt = (seed: string, seconds = 0) =>
    generateSync({ secret: seed, epoch: clock.now.getTime() / 1_000 + seconds });

  async function withTotp() {
    const person = await makeAccount(auth, { application_account: false });
    const { seed } = await startTotp(ctx, person);
    await confirmTotp(ctx, person.id, codeAt(seed, -30));
    return { ...person, seed };
  }

  test('send its code in the header OTP; each code is good once', async () => {
    const person = await withTotp();
    expect(answerOf(await signIn(auth, person))).toEqual({
      status: 400,
      body: { error: 'A second factor is required' },
    });
    // Nor is an empty one a guess.
    expect((await signIn(auth, person, { OTP: '' })).body).toEqual({ error: 'A second factor is required' });
    const code = codeAt(person.seed);
    const wrong = String((Number(code) + 1) % 1_000_000).padStart(6, '0');
    const refused = { status: 400, body: { error: 'The second factor is wrong' } };
    expect(answerOf(await signIn(auth, person, { OTP: wrong }))).toEqual(refused);
    const answer = await signIn(auth, person, { OTP: code });
    expect(answer.status).toBe(200);
    expect(decodeJwt(String(answer.body['access_token']))['amr']).toEqual(['pwd', 'otp', 'mfa']);
    expect(answerOf(await signIn(auth, person, { otp: ` ${code} ` }))).toEqual(refused);
    // The code alone opens nothing.
    later(30);
    expect(answerOf(await signIn(auth, { ...person, password: 'x' }, { OTP: codeAt(person.seed) }))).toEqual(
      REFUSED,
    );
  });

  test('may guess codes five times', async () => {
    const person = await withTotp();
    const wrong = String((Number(codeAt(person.seed)) + 1) % 1_000_000).padStart(6, '0');
    for (let i = 0; i < 5; i += 1) expect((await signIn(auth, person, { OTP: wrong })).status).toBe(400);
    expect((await signIn(auth, person, { OTP: codeAt(person.seed) })).status).toBe(429);
  });

  test('of whom one is demanded set it up where people sign in', async () => {
    const person = await makeAccount(auth, { application_account: false });
    await auth.superuser.query('UPDATE users SET mfa_required = true WHERE id = $1', [person.id]);
    expect(answerOf(await signIn(auth, person))).toEqual({
      status: 400,
      body: { error: 'A second factor must be set up first' },
    });
  });
});

describe('a refresh token', () => {
  const renew = (refreshToken: unknown, path?: string) =>
    askToken(auth, { grant_type: 'refresh_token', refresh_token: String(refreshToken) }, {}, path);
  const refused = { status: 400, body: { error: 'The code or refresh token is not valid, or no longer' } };

  test.each([`${BASE}/oauth2/token`, `${BASE}/oauth2/refresh`])('brings the next at %s', async path => {
    const first = await signIn(auth, await makeAccount(auth));
    const second = await renew(first.body['refresh_token'], path);
    expect([second.status, second.body['expires_in']]).toEqual([200, 1_500]);
    expect(second.body['refresh_token']).not.toBe(first.body['refresh_token']);
    expect(await opens(auth, bearerOf(second))).toBe(true);
  });

  test('that comes a second time ends the session with all that came of it', async () => {
    const first = await signIn(auth, await makeAccount(auth));
    const second = await renew(first.body['refresh_token']);
    expect(answerOf(await renew(first.body['refresh_token']))).toEqual(refused);
    expect(answerOf(await renew(second.body['refresh_token']))).toEqual(refused);
    await untilVoid(bearerOf(second));
  });

  test('is good at this door alone', async () => {
    const { body } = await signIn(auth, await makeAccount(auth));
    expect((await refresh(auth, String(body['refresh_token']))).status).toBe(400);
    expect((await renew(body['refresh_token'])).status).toBe(200);
  });

  test('of a disabled account is refused', async () => {
    const account = await makeAccount(auth);
    const { body } = await signIn(auth, account);
    await auth.call('PUT', `${USERS}/${account.id}`, {
      body: { username: account.username, disabled: true },
    });
    expect(answerOf(await renew(body['refresh_token']))).toEqual(refused);
  });
});

test('signing out ends the token at once', async () => {
  const bearer = bearerOf(await signIn(auth, await makeAccount(auth)));
  expect(await opens(auth, bearer)).toBe(true);
  const { status, text } = await auth.call('POST', `${API}/oauth-expiration`, { as: bearer });
  expect([status, text]).toEqual([200, 'true']);
  await untilVoid(bearer);
  expect((await auth.call('POST', `${API}/oauth-expiration`, { as: bearer })).body).toEqual({
    message: expect.any(String),
  });
});

test('a disabled account loses its token at once', async () => {
  const account = await makeAccount(auth);
  const bearer = bearerOf(await signIn(auth, account));
  await auth.call('PUT', `${USERS}/${account.id}`, { body: { username: account.username, disabled: true } });
  await untilVoid(bearer);
});

describe('the Platform, for clients that are told its address', () => {
  const PLATFORM = `${BASE}/platform`;
  const TOKEN = `${PLATFORM}/identity/api/oauth2/token/xpmplatform`;
  const grant = (name: string, password: string) =>
    askToken(
      auth,
      {
        grant_type: 'client_credentials',
        client_id: name,
        client_secret: password,
        scope: 'xpmheadless',
      },
      {},
      TOKEN,
    );

  test('is known by its health and by no health of Secret Server', async () => {
    const health = await auth.call('GET', `${PLATFORM}/health`, { as: null });
    expect(answerOf(health)).toEqual({ status: 200, body: { Healthy: true } });
    const other = await auth.call('GET', `${PLATFORM}/api/v1/healthcheck`, { as: null });
    expect(other.status).toBe(404);
    expect(JSON.stringify(other.body).toLowerCase()).not.toContain('healthy');
  });

  test('signs an application account in, and tells it where the vault is', async () => {
    const account = await makeAccount(auth, {}, ['users-view']);
    const answer = await grant(account.username, account.password);
    expect(answer.status).toBe(200);
    const claims = decodeJwt(String(answer.body['access_token']));
    expect(claims).toMatchObject({ sub: account.id, kind: 'user', client_id: 'secret-server' });
    const found = await auth.call('GET', `${PLATFORM}/vaultbroker/api/vaults`, { as: bearerOf(answer) });
    expect(found.body).toMatchObject({
      vaults: [{ isDefault: true, isActive: true, connection: { url: `${String(claims.iss)}${BASE}` } }],
    });
  });

  test('refuses a wrong secret, and tells nobody else where the vault is', async () => {
    const account = await makeAccount(auth);
    expect(answerOf(await grant(account.username, 'wrong'))).toEqual(REFUSED);
    expect((await auth.call('GET', `${PLATFORM}/vaultbroker/api/vaults`, { as: null })).status).toBe(401);
  });
});
