import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually, runPlatform, type RunningPlatform } from './support.ts';

let running: RunningPlatform;
beforeAll(async () => {
  running = await runPlatform();
});
afterAll(() => running.stop());

const PASSWORD = 'tall green ladders';
const form = (fields: Record<string, string>) => ({
  token: null,
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body: new URLSearchParams(fields).toString(),
});

async function makeAccount(): Promise<{ id: number; userName: string }> {
  const userName = `svc-${randomUUID()}`;
  const made = await running.client.call('POST', '/SecretServer/api/v1/users/', {
    body: { UserName: userName, Password: PASSWORD, IsApplicationAccount: true },
  });
  expect([made.status, made.body]).toEqual([200, expect.objectContaining({ userName })]);
  return { id: Number(made.body?.['id']), userName };
}

const whoIs = (token: string) => running.client.call('GET', '/api/v1/users/current', { token });

// With `/SecretServer` and at the root, with the doubled slash of Java's client.
test.each(['/SecretServer/oauth2/token', '/SecretServer//oauth2/token', '/oauth2/token', '//oauth2/token'])(
  'an application account signs in at %s, is known by its token, refreshes and leaves',
  async path => {
    const { client } = running;
    const account = await makeAccount();
    const credentials = { username: account.userName, password: PASSWORD };
    const signedIn = await client.call('POST', path, form({ grant_type: 'password', ...credentials }));
    expect(signedIn.status).toBe(200);
    const renewed = await client.call(
      'POST',
      path,
      form({ grant_type: 'refresh_token', refresh_token: String(signedIn.body?.['refresh_token']) }),
    );
    const token = String(renewed.body?.['access_token']);
    expect((await whoIs(token)).body).toMatchObject({ id: account.id, userName: account.userName });
    // The healthcheck and the version are vault's, which takes the same token.
    expect((await client.call('GET', '/api/v1/version', { token })).status).toBe(200);

    expect((await client.call('POST', '/api/v1/oauth-expiration', { token })).text).toBe('true');
    await eventually(
      () => whoIs(token),
      ({ status }) => status === 401,
    );
  },
);

test('what is refused is refused in the dialect’s words alone', async () => {
  const { userName } = await makeAccount();
  const answer = await running.client.call(
    'POST',
    '/oauth2/token',
    form({ grant_type: 'password', username: userName, password: 'wrong' }),
  );
  expect([answer.status, answer.body]).toEqual([400, { error: expect.any(String) }]);
  const page = await running.client.call('GET', '/SecretServer/api/v1/users/current', { token: null });
  expect([page.status, page.body]).toEqual([401, { message: expect.any(String) }]);
});

test('a machine registers itself by a rule, and acts as its account until it is revoked', async () => {
  const { client } = running;
  const account = await makeAccount();
  await client.call('POST', '/api/v1/sdk-client-accounts/enabled', { body: { enabled: true } });
  const name = `rule-${randomUUID()}`;
  const rule = await client.call('POST', '/api/v1/sdk-client-rules', {
    body: { name, details: '0.0.0.0/0, ::/0', userId: account.id },
  });
  const key = await client.call(
    'GET',
    `/api/v1/sdk-client-rules/${String(rule.body?.['id'])}/onboarding-key`,
  );
  const registered = await client.call('POST', '/api/v1/sdk-client-accounts', {
    token: null,
    body: {
      ClientId: randomUUID(),
      Name: 'host',
      Description: 'a host',
      RuleName: name,
      OnboardingKey: JSON.parse(key.text) as string,
    },
  });
  expect(registered.status).toBe(200);
  const granted = await client.call(
    'POST',
    '/oauth2/token',
    form({
      grant_type: 'client_credentials',
      client_id: `sdk-client-${String(registered.body?.['clientId'])}`,
      client_secret: String(registered.body?.['clientSecret']),
    }),
  );
  const token = String(granted.body?.['access_token']);
  expect((await whoIs(token)).body).toMatchObject({ userName: account.userName });
  const machine = `/api/v1/sdk-client-accounts/${String(registered.body?.['id'])}`;
  expect((await client.call('POST', `${machine}/revoke`)).text).toBe('true');
  await eventually(
    () => whoIs(token),
    ({ status }) => status === 401,
  );
});
