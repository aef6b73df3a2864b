import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import {
  askAuthorization,
  countStatus,
  exchangeCode,
  goParameters,
  logIn,
  newPkce,
  REDIRECT,
  signInPerson,
  startSignIn,
} from './oauth-walk.ts';
import { basic, ISSUER, ROLES, startTestAuth, withTestAuth, type TestAuth } from './support.ts';

let auth: TestAuth;
const clock = { now: new Date('2027-03-01T12:00:00Z') };
const later = (seconds: number) => (clock.now = new Date(clock.now.getTime() + seconds * 1_000));

beforeAll(async () => {
  auth = await startTestAuth({ now: () => clock.now });
});

afterAll(() => auth.stop());

async function newCode(parameters: Record<string, string> = {}) {
  const pkce = newPkce();
  const { body } = await logIn(auth, await startSignIn(auth, pkce, parameters));
  return { pkce, code: String(body['code']) };
}

const expectRefused = (answer: { status: number; body: Record<string, unknown> }) =>
  expect([answer.status, answer.body['error'], answer.body['access_token']]).toEqual([
    400,
    'invalid_grant',
    undefined,
  ]);

describe('the walk of contract 1.3', () => {
  test('ends in tokens that carry the rights of the person', async () => {
    const pkce = newPkce();
    const asked = await askAuthorization(auth, goParameters(pkce));
    expect(asked.status).toBe(307);
    const location = new URL(asked.headers.get('location') ?? '');
    expect(location.origin).toBe(ISSUER);
    const entered = await logIn(auth, location.searchParams.get('token') ?? '');
    expect(entered.status).toBe(200);
    expect(entered.body['state']).toBe('state-1');
    // One of PrivX's clients reads a map of strings.
    expect(Object.values(entered.body).every(value => typeof value === 'string')).toBe(true);

    const granted = await exchangeCode(auth, String(entered.body['code']), pkce);
    expect(granted.status).toBe(200);
    expect(granted.headers.get('cache-control')).toBe('no-store');
    expect(granted.body).toMatchObject({ token_type: 'Bearer', expires_in: 300 });
    expect(granted.body).not.toHaveProperty('id_token');
    expect(decodeJwt(String(granted.body['access_token']))).toMatchObject({
      kind: 'user',
      name: 'admin',
      client_id: 'privx-ui',
      aud: 'strongroom',
      amr: ['pwd'],
    });
    const roles = await auth.call('GET', ROLES, { as: `Bearer ${String(granted.body['access_token'])}` });
    expect(roles.status).toBe(200);
  });

  test('is open to API clients, as one of the clients signs in', async () => {
    const { id, secret } = auth.secrets.bootstrap.api_client;
    const { body } = await signInPerson(auth, { username: id, password: secret });
    expect(decodeJwt(String(body['access_token']))).toMatchObject({ kind: 'api-client', sub: id });
  });

  test('takes the confidential client with its secret only', async () => {
    const { oauth_client } = auth.secrets.bootstrap;
    const parameters = { client_id: oauth_client.id };
    for (const [as, status] of [
      [basic(oauth_client.id, oauth_client.secret), 200],
      [basic(oauth_client.id, 'another secret'), 401],
      [null, 401],
    ] as const) {
      const { pkce, code } = await newCode(parameters);
      const answer = await exchangeCode(auth, code, pkce, { client_id: oauth_client.id }, as);
      expect(answer.status).toBe(status);
      // No refresh token: PrivX gives this client none.
      expect(answer.body).not.toHaveProperty('refresh_token');
    }
  });
});

describe('the authorization endpoint', () => {
  test.each([
    ['an unknown client', { client_id: 'stranger' }],
    ['another redirect URI', { redirect_uri: 'https://evil.example/callback' }],
    ['a redirect URI with more path', { redirect_uri: `${REDIRECT}/more` }],
    ['a redirect URI with a query', { redirect_uri: `${REDIRECT}?x=1` }],
    ['a redirect URI in another case', { redirect_uri: REDIRECT.toUpperCase() }],
    ['no redirect URI', { redirect_uri: '' }],
    ['an inherited name as client', { client_id: 'constructor' }],
  ])('redirects nowhere for %s', async (_what, parameters) => {
    const answer = await askAuthorization(auth, { ...goParameters(newPkce()), ...parameters });
    expect(answer.status).toBe(400);
    expect(answer.headers.get('location')).toBeNull();
    expect(await answer.json()).toMatchObject({ error: 'invalid_request', error_code: 'INVALID_REQUEST' });
  });

  test.each([
    ['plain PKCE', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['no PKCE', { code_challenge: '', code_challenge_method: '' }, 'invalid_request'],
    ['a challenge that is no digest', { code_challenge: 'short' }, 'invalid_request'],
    ['the implicit flow', { response_type: 'token' }, 'unsupported_response_type'],
    ['a fragment answer', { response_mode: 'fragment' }, 'invalid_request'],
    ['a request object', { request: 'e30.e30.' }, 'invalid_request'],
    ['a silent sign-in', { prompt: 'none' }, 'login_required'],
  ])('tells the client about %s', async (_what, parameters, error) => {
    const answer = await askAuthorization(auth, { ...goParameters(newPkce()), ...parameters });
    expect(answer.status).toBe(307);
    const { searchParams, pathname } = new URL(answer.headers.get('location') ?? '');
    expect(pathname).toBe(REDIRECT);
    expect(Object.fromEntries(searchParams)).toMatchObject({ error, state: 'state-1', iss: ISSUER });
    expect(searchParams.has('token')).toBe(false);
  });

  test('gives a hostile state back as it was and encoded, with an error and with a code', async () => {
    const state = `"><script>alert(1)</script>\r\nset-cookie: a=b&code=forged#x`;
    const failed = await askAuthorization(auth, { ...goParameters(newPkce()), prompt: 'none', state });
    const { body } = await logIn(auth, await startSignIn(auth, newPkce(), { state }));
    expect(body['state']).toBe(state);
    expect(failed.headers.get('set-cookie')).toBeNull();
    for (const target of [failed.headers.get('location'), body['redirect_to']]) {
      expect(target).not.toMatch(/[<>"'\s]/);
      const { searchParams, hash } = new URL(String(target));
      expect([searchParams.getAll('state'), hash]).toEqual([[state], '']);
      expect(searchParams.getAll('code')).toEqual(target === body['redirect_to'] ? [body['code']] : []);
    }
  });
});

describe('a sign-in', () => {
  test('is refused with one answer for a wrong password and an unknown name', async () => {
    const token = await startSignIn(auth, newPkce());
    const wrong = await logIn(auth, token, { username: 'admin', password: 'wrong' });
    const unknown = await logIn(auth, token, { username: 'nobody', password: 'wrong' });
    expectRefused(wrong);
    expect({ ...unknown.body, request_id: '' }).toEqual({ ...wrong.body, request_id: '' });
    expect(unknown.status).toBe(wrong.status);
    // Neither ended the request: a typing mistake costs no new start.
    expect((await logIn(auth, token)).status).toBe(200);
  });

  test('ends after five minutes, and after it is complete', async () => {
    const token = await startSignIn(auth, newPkce());
    expect((await logIn(auth, token)).status).toBe(200);
    const again = await logIn(auth, token);
    expect([again.status, again.body['error_code']]).toEqual([400, 'SIGN_IN_EXPIRED']);
    const slow = await startSignIn(auth, newPkce());
    later(301);
    expect((await logIn(auth, slow)).body['error_code']).toBe('SIGN_IN_EXPIRED');
  });

  test('gives one code to many who complete it at once', async () => {
    const token = await startSignIn(auth, newPkce());
    const answers = await Promise.all(Array.from({ length: 10 }, () => logIn(auth, token)));
    expect(countStatus(answers, 200)).toBe(1);
  });
});

describe('a code', () => {
  test.each([
    ['another verifier', { code_verifier: newPkce().verifier }],
    ['a verifier that is the challenge', {}],
    ['another redirect URI', { redirect_uri: '/privx/oauth-callback2' }],
    ['no redirect URI', { redirect_uri: '' }],
  ])('is refused with %s', async (what, fields) => {
    const { pkce, code } = await newCode();
    const wrong = what.includes('challenge') ? { code_verifier: pkce.challenge } : fields;
    expectRefused(await exchangeCode(auth, code, pkce, wrong));
    // Whoever lacks a binding cannot spoil the code for its owner.
    expect((await exchangeCode(auth, code, pkce)).status).toBe(200);
  });

  test('is refused to another client', async () => {
    const { oauth_client } = auth.secrets.bootstrap;
    const { pkce, code } = await newCode();
    const as = basic(oauth_client.id, oauth_client.secret);
    expectRefused(await exchangeCode(auth, code, pkce, { client_id: oauth_client.id }, as));
  });

  test('expires after a minute', async () => {
    const { pkce, code } = await newCode();
    later(61);
    expectRefused(await exchangeCode(auth, code, pkce));
  });

  test('is good for one of 100 parallel uses, and the session of that one ends', async () => {
    const { pkce, code } = await newCode();
    const answers = await Promise.all(Array.from({ length: 100 }, () => exchangeCode(auth, code, pkce)));
    expect(countStatus(answers, 200)).toBe(1);
    expect(countStatus(answers, 400)).toBe(99);
    const winner = answers.find(answer => answer.status === 200);
    const sessionId = decodeJwt(String(winner?.body['access_token']))['sid'];
    const [session] = await auth.superuser.query<{ ended_at: Date | null }>(
      'SELECT ended_at FROM auth.sessions WHERE id = $1',
      [sessionId],
    );
    expect(session?.ended_at).not.toBeNull();
  });
});

test('no code, token or verifier lies in the database in clear', async () => {
  await withTestAuth({}, async fresh => {
    const pkce = newPkce();
    const token = await startSignIn(fresh, pkce);
    const entered = await logIn(fresh, token);
    const code = String(entered.body['code']);
    const granted = await exchangeCode(fresh, code, pkce);
    const secrets = [token, code, pkce.verifier, String(granted.body['refresh_token'])];
    const tables = await fresh.superuser.query<{ name: string }>(
      `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'auth'`,
    );
    expect(tables.length).toBeGreaterThan(20);
    for (const { name } of tables) {
      const rows = await fresh.superuser.query<{ row: string }>(
        `SELECT row_to_json(t)::text AS row FROM auth.${name} AS t`,
      );
      for (const secret of secrets) expect(rows.some(({ row }) => row.includes(secret))).toBe(false);
    }
  });
});
