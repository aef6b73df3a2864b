import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { eventually } from '@strongroom/testing/eventually';
import { decodeJwt } from 'jose';
import { API, askToken, bearerOf, from, makeAccount, opens, type Account } from './secret-server.ts';
import { startTestAuth, uniqueName, USERS, type Answer, type TestAuth } from './support.ts';

const MACHINES = `${API}/sdk-client-accounts`;
const RULES = `${API}/sdk-client-rules`;
const INSIDE = '192.0.2.17';

let auth: TestAuth;
beforeAll(async () => {
  auth = await startTestAuth();
});
afterAll(() => auth.stop());
beforeEach(() => turn(true));

const turn = (enabled: boolean) => auth.call('POST', `${MACHINES}/enabled`, { body: { enabled } });
const untilVoid = (bearer: string) =>
  eventually('the token is void', async () => !(await opens(auth, bearer, from(INSIDE))));

interface Rule {
  readonly id: number;
  readonly name: string;
  readonly account: Account;
  readonly body: Record<string, unknown>;
}

async function makeRule(members: Record<string, unknown> = {}): Promise<Rule> {
  const account = await makeAccount(auth, {}, ['users-view']);
  const body = {
    name: uniqueName('rule'),
    details: '192.0.2.0/24',
    requireOnboardingKey: false,
    userId: account.number,
    ...members,
  };
  const made = await auth.call('POST', RULES, { body });
  if (made.status !== 200) throw new Error(`no rule: ${made.text}`);
  return { id: Number(made.body['id']), name: body.name, account, body };
}

/** As Java's SDK does it: names in Pascal case, the host's name as its own. */
const register = (ruleName: string, members: Record<string, unknown> = {}, address = INSIDE) =>
  auth.call('POST', MACHINES, {
    as: null,
    headers: from(address),
    body: {
      ClientId: randomUUID(),
      Name: 'build-7.example.com',
      Description: 'Machine: build-7',
      RuleName: ruleName,
      ...members,
    },
  });

const token = ({ body }: Answer, address = INSIDE) =>
  askToken(
    auth,
    {
      grant_type: 'client_credentials',
      client_id: `sdk-client-${String(body['clientId'])}`,
      client_secret: String(body['clientSecret']),
    },
    from(address),
  );

/** A registered machine with its first token. */
async function machine(rule: Rule) {
  const registered = await register(rule.name);
  const granted = await token(registered);
  expect([registered.status, granted.status]).toEqual([200, 200]);
  return { registered, id: Number(registered.body['id']), bearer: bearerOf(granted) };
}

const REFUSED = {
  status: 400,
  body: {
    message:
      'The machine cannot be registered: no rule of this name admits it from its address with this key',
    errorCode: 'API_BadRequest',
  },
};
const NO_TOKEN = { status: 400, body: { error: 'The machine is not registered, or not admitted' } };
const answerOf = ({ status, body }: Answer) => ({ status, body });

describe('a machine', () => {
  test('registers itself by a rule and acts as its account, at its address', async () => {
    const rule = await makeRule();
    const clientId = randomUUID();
    const registered = await register(rule.name.toUpperCase(), { ClientId: clientId });
    expect(answerOf(registered)).toEqual({
      status: 200,
      body: {
        clientId,
        clientSecret: expect.stringMatching(/^[\w-]{43}$/),
        details: 'Machine: build-7',
        id: expect.any(Number),
        ipAddress: INSIDE,
        name: 'build-7.example.com',
        userDisplayName: rule.account.username,
        userId: rule.account.number,
      },
    });
    const granted = await token(registered);
    expect(answerOf(granted)).toEqual({
      status: 200,
      body: {
        access_token: expect.any(String),
        token_type: 'bearer',
        expires_in: 1_500,
        refresh_token: null,
      },
    });
    expect(decodeJwt(String(granted.body['access_token']))).toMatchObject({
      sub: rule.account.id,
      client_id: `sdk-client-${clientId}`,
      address: INSIDE,
    });
    const as = bearerOf(granted);
    expect((await auth.call('GET', USERS, { as, headers: from(INSIDE) })).status).toBe(200);
    // In the rule's range, and yet another machine.
    expect((await auth.call('GET', USERS, { as, headers: from('192.0.2.18') })).status).toBe(401);
  });

  test('is admitted by the rule anew each time, wherever in its range it is', async () => {
    const rule = await makeRule();
    const { registered } = await machine(rule);
    expect((await token(registered, '192.0.2.200')).status).toBe(200);
    expect(answerOf(await token(registered, '198.51.100.1'))).toEqual(NO_TOKEN);
  });

  test('registers by a form, as an old helper does', async () => {
    const rule = await makeRule();
    const body = new URLSearchParams({
      clientId: randomUUID(),
      name: 'n',
      description: 'd',
      ruleName: rule.name,
    }).toString();
    expect((await auth.call('POST', MACHINES, { as: null, headers: from(INSIDE), body })).status).toBe(200);
  });

  test('is refused in one way, whatever it lacks; the trail knows', async () => {
    const rule = await makeRule();
    const nobody = await makeRule({ userId: null });
    const nowhere = await makeRule({ details: '' });
    const locked = await makeRule({ requireOnboardingKey: true });
    const known = await register(rule.name);
    const answers = [
      await register(uniqueName('no-rule')),
      await register(rule.name, {}, '198.51.100.1'),
      await register(nobody.name),
      await register(nowhere.name),
      // No key was made yet: none is no key.
      await register(locked.name),
      await register(locked.name, { OnboardingKey: '' }),
      await register(rule.name, { ClientId: known.body['clientId'] }),
    ];
    await turn(false);
    answers.push(await register(rule.name));
    for (const answer of answers) expect(answerOf(answer)).toEqual(REFUSED);
    const reasons = (await auth.trail())
      .filter(record => record.name === 'SDK-client-refused')
      .map(record => record.message['reason']);
    expect(reasons.slice(-answers.length)).toEqual([
      'rule',
      'address',
      'account',
      'address',
      'onboarding key',
      'onboarding key',
      'registered before',
      'turned off',
    ]);
  });

  test.each(['ClientId', 'Name', 'Description', 'RuleName'])('must state %s', async member => {
    const rule = await makeRule();
    const { status, body } = await register(rule.name, { [member]: undefined });
    expect([status, body['errorCode']]).toEqual([400, 'API_RequiredValueMissing']);
  });

  test('gets no token by a wrong secret, as somebody else, or as nobody', async () => {
    const rule = await makeRule();
    const { registered } = await machine(rule);
    const other = await register(rule.name);
    for (const body of [
      { ...registered.body, clientSecret: 'wrong' },
      { ...registered.body, clientSecret: other.body['clientSecret'] },
      { ...registered.body, clientId: randomUUID() },
      { clientId: 'x', clientSecret: '' },
    ]) {
      expect(answerOf(await token({ ...registered, body }))).toEqual(NO_TOKEN);
    }
    const { clientId, clientSecret } = registered.body;
    const bare = { grant_type: 'client_credentials', client_id: String(clientId) };
    expect(
      answerOf(await askToken(auth, { ...bare, client_secret: String(clientSecret) }, from(INSIDE))),
    ).toEqual(NO_TOKEN);
  });
});

describe('the onboarding key', () => {
  test('is made when it is first asked for, shown once, and demanded', async () => {
    const rule = await makeRule({ requireOnboardingKey: true });
    const at = `${RULES}/${rule.id}/onboarding-key`;
    const first = await auth.call('GET', at);
    const key = JSON.parse(first.text) as string;
    expect(Buffer.from(key, 'base64')).toHaveLength(32);
    expect(first.headers.get('cache-control')).toBe('no-store');
    expect((await auth.call('GET', at)).status).toBe(400);
    expect((await register(rule.name, { OnboardingKey: key })).status).toBe(200);
    for (const wrong of ['wrong', key.slice(1), key.toLowerCase()]) {
      expect(answerOf(await register(rule.name, { OnboardingKey: wrong }))).toEqual(REFUSED);
    }
    const next = JSON.parse((await auth.call('POST', at)).text) as string;
    expect(answerOf(await register(rule.name, { OnboardingKey: key }))).toEqual(REFUSED);
    expect((await register(rule.name, { OnboardingKey: next })).status).toBe(200);

    const [dump] = await auth.superuser.query<{ text: string }>(
      `SELECT string_agg(r::text, ' ') AS text FROM sdk_client_rules r`,
    );
    const trail = JSON.stringify(await auth.trail());
    for (const secret of [key, next]) {
      expect(dump?.text).not.toContain(secret);
      expect(dump?.text).not.toContain(Buffer.from(secret).toString('hex'));
      expect(trail).not.toContain(secret);
    }
  });
});

describe('access ends at once', () => {
  test.each<[string, (rule: Rule, id: number) => Promise<Answer>]>([
    ['when the machine is revoked', (_rule, id) => auth.call('POST', `${MACHINES}/${id}/revoke`)],
    ['when its rule is deleted', ({ id }) => auth.call('DELETE', `${RULES}/${id}`)],
    [
      'when its rule admits it no longer',
      ({ id, body }) => auth.call('PUT', `${RULES}/${id}`, { body: { ...body, details: '198.51.100.0/24' } }),
    ],
    ['when the rule has no account any more', ({ account }) => auth.call('DELETE', `${USERS}/${account.id}`)],
    [
      'when the account is disabled',
      ({ account: { id, username } }) =>
        auth.call('PUT', `${USERS}/${id}`, { body: { username, disabled: true } }),
    ],
    ['when machines are turned off', () => turn(false)],
  ])('%s', async (_what, act) => {
    const rule = await makeRule();
    const { registered, id, bearer } = await machine(rule);
    expect(await opens(auth, bearer, from(INSIDE))).toBe(true);
    expect((await act(rule, id)).status).toBe(200);
    expect(answerOf(await token(registered))).toEqual(NO_TOKEN);
    await untilVoid(bearer);
  });

  test('of one machine, and no other', async () => {
    const rule = await makeRule();
    const [one, other] = [await machine(rule), await machine(rule)];
    await auth.call('POST', `${MACHINES}/${one.id}/revoke`);
    await untilVoid(one.bearer);
    expect(await opens(auth, other.bearer, from(INSIDE))).toBe(true);
    expect((await token(other.registered)).status).toBe(200);
  });

  test('also of tokens that were granted in the same moment', async () => {
    const rule = await makeRule();
    const { registered, id } = await machine(rule);
    const granted = Promise.all(Array.from({ length: 20 }, () => token(registered)));
    await auth.call('POST', `${MACHINES}/${id}/revoke`);
    const bearers = (await granted).filter(answer => answer.status === 200).map(bearerOf);
    for (const bearer of bearers) await untilVoid(bearer);
    const living = await auth.superuser.query(
      `SELECT FROM sessions WHERE ended_at IS NULL AND client_id = 'sdk-client-' || $1`,
      [registered.body['clientId']],
    );
    expect(living).toEqual([]);
  });
});

describe('administrators', () => {
  test('make, list, change and delete rules', async () => {
    const rule = await makeRule();
    const view = {
      id: rule.id,
      ...rule.body,
      userDisplayName: rule.account.username,
    };
    expect((await auth.call('GET', `${RULES}/${rule.id}`)).body).toEqual(view);
    const listed = await auth.call('GET', `${RULES}?paging.take=2147483647`);
    expect(listed.body['records']).toContainEqual(view);
    const name = uniqueName('renamed');
    const put = await auth.call('PUT', `${RULES}/${rule.id}`, { body: { ...view, name } });
    expect(put.body).toEqual({ ...view, name });
    expect((await auth.call('GET', `${RULES}/stub`)).body).toMatchObject({
      id: 0,
      requireOnboardingKey: true,
    });
    expect((await auth.call('DELETE', `${RULES}/${rule.id}`)).body).toEqual({
      id: rule.id,
      objectType: 'SdkClientRule',
      responseCodes: [],
    });
    const gone = await auth.call('GET', `${RULES}/${rule.id}`);
    expect([gone.status, gone.body['errorCode']]).toEqual([404, 'API_AccessDenied']);
  });

  test.each([
    ['details', { details: '192.0.2.0/33' }],
    ['details', { details: `192.0.2.1${', 192.0.2.1'.repeat(30)}` }],
    ['userId', { userId: 2_147_483_647 }],
    ['name', { name: '' }],
  ])('are told what is wrong with %s', async (property, members) => {
    const body = { name: uniqueName('rule'), details: '', requireOnboardingKey: false, ...members };
    const answer = await auth.call('POST', RULES, { body });
    expect(answer.status).toBe(400);
    expect(Object.keys(answer.body['modelState'] as object)).toEqual([property]);
  });

  test('let machines act as application accounts only, and as none that may more than they', async () => {
    const person = await makeAccount(auth, { application_account: false });
    const asPerson = { name: uniqueName('rule'), details: INSIDE, userId: person.number };
    expect((await auth.call('POST', RULES, { body: asPerson })).status).toBe(400);

    const strong = await makeRule();
    const { bearer } = await auth.clientWith('api-clients-manage');
    const lifted = { name: uniqueName('rule'), details: INSIDE, userId: strong.account.number };
    for (const [method, path, body] of [
      ['POST', RULES, lifted],
      ['PUT', `${RULES}/${strong.id}`, { ...strong.body, details: '0.0.0.0/0' }],
      ['PUT', `${RULES}/${strong.id}`, { ...strong.body, userId: null }],
      ['DELETE', `${RULES}/${strong.id}`, undefined],
      ['GET', `${RULES}/${strong.id}/onboarding-key`, undefined],
      ['POST', `${RULES}/${strong.id}/onboarding-key`, undefined],
    ] as const) {
      const answer = await auth.call(method, path, { as: bearer, body });
      expect([answer.status, answer.body['errorCode']]).toEqual([404, 'API_AccessDenied']);
    }
    expect((await auth.call('GET', `${RULES}/${strong.id}`)).body).toMatchObject(strong.body);
  });

  test('see machines, without their secrets', async () => {
    const rule = await makeRule();
    const { registered, id } = await machine(rule);
    const { clientSecret, ...seen } = registered.body;
    expect((await auth.call('GET', `${MACHINES}/${id}`)).body).toEqual(seen);
    const found = (query: string) =>
      auth.call('GET', `${MACHINES}?take=100&filter.userId=${rule.account.number}&${query}`);
    expect((await found('filter.searchtext=BUILD-7')).body).toMatchObject({ total: 1, records: [seen] });
    expect((await found('filter.searchText=other')).body).toMatchObject({ total: 0, records: [] });
    const put = await auth.call('PUT', `${MACHINES}/${id}`, { body: { ...seen, name: 'renamed' } });
    expect(put.body).toEqual({ ...seen, name: 'renamed' });
    await auth.call('POST', `${MACHINES}/${id}/revoke`);
    expect((await found('')).body['total']).toBe(0);
    expect((await found('filter.operator=all')).body['total']).toBe(1);
    expect((await found('filter.operator=2')).body['total']).toBe(1);
    expect(JSON.stringify(await auth.trail())).not.toContain(clientSecret);
    const [dump] = await auth.superuser.query<{ text: string }>(
      `SELECT string_agg(c::text, ' ') AS text FROM sdk_clients c`,
    );
    expect(dump?.text).not.toContain(clientSecret);
  });

  test('turn machines on, which are off at first', async () => {
    await turn(false);
    expect((await auth.call('GET', `${MACHINES}/enabled`)).text).toBe('false');
    expect((await turn(true)).text).toBe('true');
    expect((await auth.call('GET', `${MACHINES}/enabled`)).text).toBe('true');
  });

  test('need their permission', async () => {
    const { bearer } = await auth.clientWith('users-manage');
    for (const [method, path] of [
      ['GET', MACHINES],
      ['GET', `${MACHINES}/1`],
      ['PUT', `${MACHINES}/1`],
      ['POST', `${MACHINES}/1/revoke`],
      ['GET', `${MACHINES}/enabled`],
      ['POST', `${MACHINES}/enabled`],
      ['GET', RULES],
      ['POST', RULES],
    ] as const) {
      const answer = await auth.call(method, path, { as: bearer });
      expect([answer.status, answer.body['errorCode']]).toEqual([404, 'API_AccessDenied']);
    }
  });
});
