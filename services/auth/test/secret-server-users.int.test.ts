import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '@strongroom/testing/eventually';
import { API, bearerOf, makeAccount, opens, PASSWORD, signIn } from './secret-server.ts';
import { startTestAuth, uniqueName, USERS as LOCAL_USERS, type TestAuth } from './support.ts';

const USERS = `${API}/users`;

let auth: TestAuth;
beforeAll(async () => {
  auth = await startTestAuth();
});
afterAll(() => auth.stop());

const create = (members: Record<string, unknown> = {}) =>
  auth.call('POST', USERS, { body: { userName: uniqueName('user'), password: PASSWORD, ...members } });
const read = async (id: unknown) => (await auth.call('GET', `${USERS}/${String(id)}`)).body;

// PowerShell casts to classes of exactly these members; one more and the cast fails.
const SUMMARY = [
  ...[
    'created',
    'displayName',
    'domainId',
    'domainName',
    'emailAddress',
    'enabled',
    'externalUserSource',
    'id',
  ],
  ...['isApplicationAccount', 'isLockedOut', 'lastLogin', 'loginFailures', 'platformIntegrationType'],
  ...['twoFactorMethod', 'userName'],
];
const CURRENT = [
  ...['adminLinks', 'dateOptionId', 'displayName', 'emailAddress', 'id', 'permissions', 'profileLinks'],
  ...['timeOptionId', 'userLcid', 'userName', 'userTheme'],
];

describe('users', () => {
  test('are made as application accounts, read, found and seen by PrivX', async () => {
    const userName = uniqueName('svc');
    const made = await create({
      UserName: userName,
      userName: undefined,
      displayName: 'Build server',
      emailAddress: 'build@example.com',
      isApplicationAccount: true,
    });
    expect(made.status).toBe(200);
    expect(made.body).toMatchObject({
      id: expect.any(Number),
      userName,
      displayName: 'Build server',
      emailAddress: 'build@example.com',
      enabled: true,
      isApplicationAccount: true,
      externalUserSource: 'None',
      unixAuthenticationMethod: 'Password',
      twoFactor: false,
      lastLogin: null,
    });
    expect(await read(made.body['id'])).toEqual(made.body);
    const local = await auth.call('GET', `${LOCAL_USERS}?username=${userName}`);
    expect(local.body['items']).toMatchObject([
      { application_account: true, display_name: 'Build server', email: 'build@example.com' },
    ]);
    expect((await signIn(auth, { username: userName, password: PASSWORD })).status).toBe(200);

    const found = await auth.call(
      'GET',
      `${USERS}?sortBy[0].direction=asc&sortBy[0].name=DisplayName&take=2147483647&filter.searchtext=${userName.toUpperCase()}&filter.searchFields=Username&filter.searchFields=Email`,
    );
    expect(found.body).toMatchObject({ total: 1, success: true, severity: 'None', hasNext: false });
    const [record] = found.body['records'] as Record<string, unknown>[];
    expect(Object.keys(record ?? {}).sort()).toEqual(SUMMARY);
    expect(record).toMatchObject({
      id: made.body['id'],
      userName,
      domainName: 'Local',
      twoFactorMethod: 'None',
    });
    expect(record?.['lastLogin']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}$/);
    const looked = await auth.call('GET', `${USERS}/lookup?filter.searchText=${userName}`);
    expect(looked.body['records']).toEqual([
      { id: made.body['id'], value: `${userName} - build@example.com` },
    ]);
  });

  test('that are sent back whole, or patched, change in what was changed', async () => {
    const account = await makeAccount(auth, { full_name: 'Full Name', comment: 'kept', tags: ['kept'] });
    const before = (await auth.call('GET', `${LOCAL_USERS}/${account.id}`)).body;
    const whole = await read(account.number);
    const put = await auth.call('PUT', `${USERS}/${account.number}`, { body: whole });
    expect([put.status, put.body]).toEqual([200, whole]);
    const same = (await auth.call('GET', `${LOCAL_USERS}/${account.id}`)).body;
    expect(same).toEqual({ ...before, updated: same['updated'] });

    const renamed = await auth.call('PUT', `${USERS}/${account.number}`, {
      body: { ...whole, displayName: 'Other' },
    });
    expect(renamed.body).toEqual({ ...whole, displayName: 'Other' });
    const patch = (body: Record<string, unknown>) =>
      auth.call('PATCH', `${USERS}/${account.number}`, { body });
    const email = {
      emailAddress: { dirty: true, value: 'x@example.com' },
      displayName: { value: 'not meant' },
    };
    expect((await patch({ data: email })).body).toEqual({
      ...whole,
      displayName: 'Other',
      emailAddress: 'x@example.com',
    });
    expect((await auth.call('GET', `${LOCAL_USERS}/${account.id}`)).body).toMatchObject({
      full_name: 'Full Name',
      comment: 'kept',
      tags: ['kept'],
    });
    const kind = await auth.call('PUT', `${USERS}/${account.number}`, {
      body: { ...whole, isApplicationAccount: false },
    });
    expect(kind.status).toBe(400);
  });

  test.each<[string, (number: number) => Promise<unknown>]>([
    [
      'by PATCH',
      number =>
        auth.call('PATCH', `${USERS}/${number}`, { body: { enabled: { dirty: true, value: false } } }),
    ],
    [
      'by DELETE',
      async number =>
        expect((await auth.call('DELETE', `${USERS}/${number}`)).body).toEqual({
          id: number,
          objectType: 'User',
          responseCodes: [],
        }),
    ],
  ])('are disabled %s, which ends what they have', async (_what, disable) => {
    const account = await makeAccount(auth);
    const bearer = bearerOf(await signIn(auth, account));
    await disable(account.number);
    expect(await read(account.number)).toMatchObject({ enabled: false });
    await eventually('the token is void', async () => !(await opens(auth, bearer)));
    const found = async (query: string) =>
      (await auth.call('GET', `${USERS}?filter.searchText=${account.username}${query}`)).body['total'];
    expect([await found(''), await found('&filter.includeInactive=True')]).toEqual([0, 1]);
    await auth.call('PATCH', `${USERS}/${account.number}`, {
      body: { enabled: { dirty: true, value: true } },
    });
    expect((await signIn(auth, account)).status).toBe(200);
  });

  test('get passwords, from an administrator and from themselves', async () => {
    const account = await makeAccount(auth);
    const reset = await auth.call('POST', `${USERS}/${account.number}/password-reset`, {
      body: { data: { password: 'Persimmon-Garden-7', userId: account.number } },
    });
    expect(reset.body).toEqual({ success: true });
    const next = { ...account, password: 'Persimmon-Garden-7' };
    const as = bearerOf(await signIn(auth, next));
    const change = (currentPassword: string) =>
      auth.call('POST', `${USERS}/change-password`, { as, body: { currentPassword, newPassword: PASSWORD } });
    expect((await change('wrong')).status).toBe(400);
    expect((await change('Persimmon-Garden-7')).body).toEqual({ success: true });
    expect((await signIn(auth, next)).status).toBe(400);
    expect((await signIn(auth, account)).status).toBe(200);
  });

  test('show that somebody guesses at them', async () => {
    const account = await makeAccount(auth);
    for (let i = 0; i < 3; i += 1) await signIn(auth, { ...account, password: 'wrong' });
    expect(await read(account.number)).toMatchObject({ loginFailures: 3, isLockedOut: false });
    await auth.superuser.query("UPDATE sign_in_failures SET blocked_until = now() + interval '1 hour'");
    expect(await read(account.number)).toMatchObject({ isLockedOut: true, lockOutReason: 'LoginFailures' });
    await auth.superuser.query('DELETE FROM sign_in_failures');
  });

  test.each([
    ['userName', { userName: '' }],
    ['domainId', { domainId: 3 }],
    ['radiusTwoFactor', { radiusTwoFactor: true }],
    ['twoFactor', { twoFactor: 'True' }],
    ['password.password', { password: 'short' }],
  ])('are refused, and nothing is passed over: %s', async (property, members) => {
    const answer = await create(members);
    expect(answer.status).toBe(400);
    expect(Object.keys(answer.body).sort()).toEqual(['errorCode', 'message', 'modelState']);
    expect(Object.keys(answer.body['modelState'] as object)).toEqual([property]);
    expect(answer.text).not.toContain('short');
  });

  test('that are not there and that the caller may not see are answered alike', async () => {
    const account = await makeAccount(auth);
    const as = bearerOf(await signIn(auth, account));
    const [absent, forbidden] = [
      await auth.call('GET', `${USERS}/2147483647`),
      await auth.call('GET', `${USERS}/${account.number}`, { as }),
    ];
    expect([absent.status, absent.body['errorCode']]).toEqual([404, 'API_AccessDenied']);
    expect([forbidden.status, forbidden.body]).toEqual([absent.status, absent.body]);
    expect((await auth.call('GET', USERS, { as: null })).status).toBe(401);
  });

  test('stronger than the caller are not his to change', async () => {
    const strong = await makeAccount(auth, {}, ['roles-manage']);
    const { bearer: as } = await auth.clientWith('users-manage');
    const body = { data: { password: 'Persimmon-Garden-7' } };
    const answer = await auth.call('POST', `${USERS}/${strong.number}/password-reset`, { as, body });
    expect([answer.status, answer.body['errorCode']]).toEqual([404, 'API_AccessDenied']);
    expect((await signIn(auth, strong)).status).toBe(200);
  });
});

describe('who calls', () => {
  test('is told by exactly the members that clients know, be it an account or a program', async () => {
    const account = await makeAccount(auth, {}, ['users-view']);
    const as = bearerOf(await signIn(auth, account));
    const { body } = await auth.call('GET', `${USERS}/current`, { as });
    expect(Object.keys(body).sort()).toEqual(CURRENT);
    expect(body).toMatchObject({ id: account.number, userName: account.username });
    expect(body['permissions']).toContainEqual({ name: 'users-view' });

    const client = await auth.clientWith('users-view');
    const program = await auth.call('GET', `${USERS}/current`, { as: client.bearer });
    expect(Object.keys(program.body).sort()).toEqual(CURRENT);
    expect(program.body['id']).not.toBe(account.number);
  });
});
