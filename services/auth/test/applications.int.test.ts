import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import { SESSION_ENDED, type SessionEnded } from '@strongroom/contracts/session-events';
import {
  enterPassword,
  exchangeCode,
  expectRefusal,
  loginStep,
  postForm,
  signInPerson,
} from './oauth-walk.ts';
import { makePerson } from './people.ts';
import { basic, startTestAuth, TOKEN, uniqueName, USERS, type Answer, type TestAuth } from './support.ts';

const CLIENTS = '/auth/api/v1/idp/clients';
const LOGOUT = '/auth/api/v1/oauth/logout';
const CALLBACK = 'https://app.example/callback';
const BYE = 'https://app.example/bye?from=strongroom';
const PASSWORD = 'Kumquat-Orchard-9';

let now = new Date('2027-03-01T12:00:00Z');
let auth: TestAuth;

beforeAll(async () => {
  auth = await startTestAuth({ now: () => now });
});
afterAll(() => auth.stop());
beforeEach(() => auth.superuser.query('DELETE FROM sign_in_failures'));

interface Application {
  /** Of the registration. */
  id: string;
  clientId: string;
  as: string;
}

async function application(body: Record<string, unknown> = {}): Promise<Application> {
  const made = await auth.call('POST', CLIENTS, {
    body: {
      name: uniqueName('app'),
      oidc_scopes_enabled: ['openid', 'profile'],
      oidc_grant_type_refresh_token: true,
      oidc_allowed_redirect_uris: [CALLBACK],
      oidc_allowed_logout_redirect_uris: [BYE],
      ...body,
    },
  });
  expect([made.status, made.text]).toEqual([201, expect.any(String)]);
  const id = String(made.body['id']);
  const { oidc_client_id, oidc_client_secret } = (await auth.call('GET', `${CLIENTS}/${id}`)).body;
  return {
    id,
    clientId: String(oidc_client_id),
    as: basic(String(oidc_client_id), String(oidc_client_secret)),
  };
}

interface Someone {
  id: string;
  username: string;
  password: string;
}

async function someone(body: Record<string, unknown> = {}): Promise<Someone> {
  const username = uniqueName('person');
  const id = await makePerson(auth, { username, password: { password: PASSWORD }, ...body });
  return { id, username, password: PASSWORD };
}

const parametersOf = ({ clientId }: Application) => ({
  client_id: clientId,
  redirect_uri: CALLBACK,
  scope: 'openid profile',
});

async function grantTo(app: Application, person: Someone): Promise<Answer> {
  const { pkce, answer } = await enterPassword(auth, person, parametersOf(app));
  expect(answer.status).toBe(200);
  const fields = { client_id: app.clientId, redirect_uri: CALLBACK };
  return exchangeCode(auth, String(answer.body['code']), pkce, fields, app.as);
}

const refreshAs = (app: Application, answer: Answer) =>
  postForm(
    auth,
    TOKEN,
    { grant_type: 'refresh_token', refresh_token: String(answer.body['refresh_token']) },
    app.as,
  );

const change = async (person: Someone, body: Record<string, unknown>) =>
  expect(
    (await auth.call('PUT', `${USERS}/${person.id}`, { body: { username: person.username, ...body } }))
      .status,
  ).toBe(200);

async function endedSessions(): Promise<string[]> {
  await auth.trail();
  return auth.events
    .filter(event => event.type === `strongroom.auth.${SESSION_ENDED}`)
    .flatMap(event => (event.data as SessionEnded).sessionIds);
}

describe('the user filter of an application', () => {
  const filter = { user_filter: '(mail=*@example.com)' };

  test('lets those pass whom it matches, and says so to nobody who lacks the password', async () => {
    const app = await application(filter);
    const [inside, outside] = [
      await someone({ email: 'ann@example.com' }),
      await someone({ email: 'ben@example.com.evil.example' }),
    ];
    expect((await grantTo(app, inside)).status).toBe(200);
    const refused = await enterPassword(auth, outside, parametersOf(app));
    expect(refused.answer.body['error']).toBe('access_denied');
    expectRefusal(refused.answer, 'ACCESS_DENIED');
    expectRefusal(await loginStep(auth, 'continue', { token: refused.token }), 'ACCESS_DENIED');
    const guess = await enterPassword(auth, { ...outside, password: 'wrong' }, parametersOf(app));
    expectRefusal(guess.answer, 'INVALID_GRANT');
    // The platform itself is another application.
    expect((await enterPassword(auth, outside)).answer.status).toBe(200);
  });

  test('counts again at each refresh and when the code is redeemed', async () => {
    const app = await application(filter);
    const person = await someone({ email: 'ann@example.com' });
    const granted = await grantTo(app, person);
    const again = await refreshAs(app, granted);
    expect(again.status).toBe(200);
    const { pkce, answer } = await enterPassword(auth, person, parametersOf(app));
    await change(person, { email: 'ann@elsewhere.example' });
    expectRefusal(await refreshAs(app, again), 'INVALID_GRANT');
    const fields = { client_id: app.clientId, redirect_uri: CALLBACK };
    const late = await exchangeCode(auth, String(answer.body['code']), pkce, fields, app.as);
    expectRefusal(late, 'INVALID_GRANT');
  });
});

describe('a refresh looks again at what the sign-in looked at', () => {
  test.each<[string, (person: Someone, app: Application) => Promise<unknown>]>([
    ['the person was disabled', person => change(person, { disabled: true })],
    ['the person was deleted', person => auth.call('DELETE', `${USERS}/${person.id}`)],
    [
      'an administrator set a password',
      person =>
        auth.call('PUT', `${USERS}/${person.id}/password`, { body: { password: 'Persimmon-Garden-7' } }),
    ],
    [
      'second factors were reset',
      person => auth.call('POST', '/role-store/api/v1/users/mfa/reset', { body: [person.id] }),
    ],
    ['the application was deleted', (_, { id }) => auth.call('DELETE', `${CLIENTS}/${id}`)],
    [
      'the application was disabled',
      async (_, { id }) => {
        const { body } = await auth.call('GET', `${CLIENTS}/${id}`);
        return auth.call('PUT', `${CLIENTS}/${id}`, { body: { ...body, enabled: false } });
      },
    ],
  ])('and is refused once %s', async (_what, act) => {
    const [app, person] = [await application(), await someone()];
    const granted = await grantTo(app, person);
    expect(granted.status).toBe(200);
    await act(person, app);
    const refused = await refreshAs(app, granted);
    expect([400, 401]).toContain(refused.status);
    expect(refused.body).not.toHaveProperty('access_token');
    expect(refused.body).not.toHaveProperty('refresh_token');
  });

  test('but asks for no second factor that is demanded since: that is for the next sign-in', async () => {
    const [app, person] = [await application(), await someone()];
    const granted = await grantTo(app, person);
    await auth.call('POST', '/role-store/api/v1/users/mfa/enable', { body: [person.id] });
    expect((await refreshAs(app, granted)).status).toBe(200);
    expectRefusal((await enterPassword(auth, person, parametersOf(app))).answer, 'MFA_SETUP_REQUIRED');
  });
});

test('neither token of an application opens the platform', async () => {
  const granted = await grantTo(await application(), await someone());
  for (const member of ['access_token', 'id_token', 'refresh_token']) {
    const as = `Bearer ${String(granted.body[member])}`;
    for (const path of ['/auth/api/v1/sessionstorage/users/current/sessions', USERS]) {
      expect([member, path, (await auth.call('GET', path, { as })).status]).toEqual([member, path, 401]);
    }
  }
  const own = await signInPerson(auth, undefined, { scope: 'openid' });
  const as = `Bearer ${String(own.body['id_token'])}`;
  expect((await auth.call('GET', USERS, { as })).status).toBe(401);
  expect((await auth.call('GET', USERS, { as: own.bearer })).status).toBe(200);
});

describe('signing out from an application (OpenID Connect RP-Initiated Logout)', () => {
  const signOut = async (parameters: Record<string, string>, method = 'GET') => {
    const form = new URLSearchParams(parameters).toString();
    const response = await fetch(`${auth.url}${LOGOUT}${method === 'GET' ? `?${form}` : ''}`, {
      method,
      redirect: 'manual',
      ...(method === 'GET'
        ? {}
        : { body: form, headers: { 'content-type': 'application/x-www-form-urlencoded' } }),
    });
    return {
      status: response.status,
      location: response.headers.get('location'),
      text: await response.text(),
    };
  };

  test.each(['GET', 'POST'])('by %s ends the session and goes back, with the state encoded', async method => {
    const [app, person] = [await application(), await someone()];
    const granted = await grantTo(app, person);
    const other = await grantTo(app, person);
    // An ID token that has expired still says whose session it was.
    const before = now;
    now = new Date(now.getTime() + 1_200_000);
    const out = await signOut(
      {
        id_token_hint: String(granted.body['id_token']),
        post_logout_redirect_uri: BYE,
        state: 'a&b=c\r\nx: y"><script>',
      },
      method,
    );
    now = before;
    expect(out.status).toBe(303);
    const target = new URL(String(out.location));
    expect([target.origin, target.pathname, target.searchParams.get('from')]).toEqual([
      'https://app.example',
      '/bye',
      'strongroom',
    ]);
    expect(target.searchParams.get('state')).toBe('a&b=c\r\nx: y"><script>');
    expect(out.location).not.toMatch(/[<>"\r\n]/);
    expect(await endedSessions()).toContain(decodeJwt(String(granted.body['id_token']))['sid']);
    expectRefusal(await refreshAs(app, granted), 'INVALID_GRANT');
    expect((await refreshAs(app, other)).status).toBe(200);
  });

  test('without a target shows a line, and without a token ends nothing', async () => {
    const [app, person] = [await application(), await someone()];
    const granted = await grantTo(app, person);
    const nothing = await signOut({});
    expect([nothing.status, nothing.location]).toEqual([200, null]);
    expect((await refreshAs(app, granted)).status).toBe(200);
    const back = await signOut({ client_id: app.clientId, post_logout_redirect_uri: BYE });
    expect([back.status, back.location]).toEqual([303, BYE]);
    expect(await signOut({ id_token_hint: String(granted.body['id_token']) })).toMatchObject({
      status: 200,
      location: null,
    });
  });

  test('without a target goes to the default one of the application', async () => {
    const home = 'https://app.example/home';
    const [app, person] = [await application({ oidc_default_logout_redirect_uri: home }), await someone()];
    const granted = await grantTo(app, person);
    const out = await signOut({ id_token_hint: String(granted.body['id_token']), state: 's' });
    expect([out.status, out.location]).toEqual([303, `${home}?state=s`]);
    expectRefusal(await refreshAs(app, granted), 'INVALID_GRANT');
  });

  test('redirects to nobody who was not registered, and then ends nothing', async () => {
    const [app, other, person] = [
      await application(),
      await application({ oidc_allowed_logout_redirect_uris: ['https://other.example/'] }),
      await someone(),
    ];
    const granted = await grantTo(app, person);
    const hint = { id_token_hint: String(granted.body['id_token']) };
    for (const parameters of [
      { ...hint, post_logout_redirect_uri: 'https://evil.example/' },
      { ...hint, post_logout_redirect_uri: `${BYE}&more=1` },
      { ...hint, post_logout_redirect_uri: 'https://other.example/' },
      { ...hint, post_logout_redirect_uri: CALLBACK },
      { ...hint, client_id: other.clientId },
      { ...hint, client_id: 'privx-ui' },
      { post_logout_redirect_uri: BYE },
      { client_id: 'nobody', post_logout_redirect_uri: BYE },
      { client_id: other.clientId, post_logout_redirect_uri: BYE },
    ]) {
      const out = await signOut(parameters);
      expect([parameters, out.status, out.location]).toEqual([parameters, 400, null]);
    }
    expect((await refreshAs(app, granted)).status).toBe(200);
  });

  test('takes no hint but an ID token of ours, unchanged', async () => {
    const [app, person] = [await application(), await someone()];
    const granted = await grantTo(app, person);
    const idToken = String(granted.body['id_token']);
    const [header = '', payload = '', signature = ''] = idToken.split('.');
    const swap = (part: string, members: Record<string, unknown>) =>
      Buffer.from(
        JSON.stringify({ ...(JSON.parse(Buffer.from(part, 'base64url').toString()) as object), ...members }),
      ).toString('base64url');
    for (const hint of [
      String(granted.body['access_token']),
      'x',
      `${header}.${payload}.`,
      `${swap(header, { alg: 'none' })}.${payload}.`,
      `${swap(header, { alg: 'HS256' })}.${payload}.${signature}`,
      `${header}.${swap(payload, { sid: decodeJwt(idToken)['sid'], aud: 'privx-ui' })}.${signature}`,
    ]) {
      const out = await signOut({ id_token_hint: hint });
      expect([out.status, out.text]).toEqual([400, expect.not.stringContaining(hint)]);
    }
    expect((await refreshAs(app, granted)).status).toBe(200);
  });
});
