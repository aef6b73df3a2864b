import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomToken } from '@strongroom/crypto/random';
import { createApiClient, type ApiClient } from '@strongroom/testing/api-client';
import { searchRemains } from './search-remains.ts';
import { registerApplication, signInToApplication, signInToUi } from './sign-in.ts';
import { listOperations, roleHandle, runPlatform, type RunningPlatform } from './support.ts';

/** Made at run time: a value that stands nowhere else, so that finding it means that it leaked. */
const marker = `canary${randomToken().replace(/[-_]/g, 'x')}`;
const number = `9${Date.now()}${Math.floor(Math.random() * 1e6)}`.slice(0, 15);

let running: RunningPlatform;

beforeAll(async () => {
  running = await runPlatform({ STRONGROOM_LOG_LEVEL: 'debug', STRONGROOM_ACCESS_LOG: 'true' });
});

afterAll(() => running.stop());

/** Whatever auth keeps, hands out or is given that must not lie in clear. Answers what it made itself. */
async function walkThroughAuth(client: ApiClient, marked: string): Promise<string[]> {
  const make = async (path: string, body: Record<string, unknown>) => {
    const answer = await client.call('POST', path, { body });
    expect([path, answer.status]).toEqual([path, 201]);
    return String(answer.body?.['id']);
  };
  const users = '/local-user-store/api/v1/users';
  const person = await make(users, {
    username: 'canary.person',
    password: { password: `${marked}-password` },
  });
  await make('/role-store/api/v1/sources', {
    name: 'canary directory',
    connection: { type: 'LDAP', ldap_bind_password: marked },
  });
  const carrier = '/local-user-store/api/v1/trusted-clients';
  const trusted = await client.call(
    'GET',
    `${carrier}/${await make(carrier, { name: 'canary', type: 'CARRIER' })}`,
  );
  const application = await registerApplication(client, {
    name: 'canary application',
    oidc_allowed_redirect_uris: ['https://app.example/cb'],
    oidc_grant_type_refresh_token: true,
  });
  const tokens = await signInToApplication(client, application, 'canary.person', `${marked}-password`);
  const own = await signInToUi(client, 'canary.person', `${marked}-password`);
  await expect(signInToUi(client, 'canary.person', `${marked}-wrong`)).rejects.toThrow('400');
  const seed = await client.call('POST', '/auth/api/v1/mfa/totp', { token: own.accessToken });
  const reset = await client.call('POST', `${users}/${person}/password/reset`);
  return [
    trusted.body?.['secret'],
    trusted.body?.['oauth_client_secret'],
    application.clientSecret,
    tokens.accessToken,
    tokens.refreshToken,
    own.accessToken,
    own.refreshToken,
    seed.body?.['seed_string'],
    reset.body?.['token'],
  ].map(String);
}

/** Secrets Safe's dialect: keys and sessions of its programs, and what they write. Answers what auth made. */
async function walkThroughSecretsSafe(
  client: ApiClient,
  role: { id: string },
  marked: string,
): Promise<string[]> {
  const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const options = Object.keys(headers).length === 0 ? {} : { token: null, headers };
    const answer = await client.call(method, path, body === undefined ? options : { ...options, body });
    expect([path, answer.status < 300]).toEqual([path, true]);
    return answer;
  };
  const clients = '/local-user-store/api/v1/api-clients';
  const program = await call('POST', clients, { name: 'canary program', roles: [role] });
  const subject = String(program.body?.['id']);
  const keys = '/auth/api/v1/api-keys';
  const made = await call('POST', keys, { name: 'canary', subject_id: subject });
  const key = String(made.body?.['key']);
  const safe = '/BeyondTrust/api/public/v3';
  const signIn = (one: string) =>
    call('POST', `${safe}/Auth/SignAppIn`, undefined, {
      authorization: `PS-Auth key=${one};runas=${subject};pwd=[${marked}];`,
    });
  const [cookie = ''] = String((await signIn(key)).headers['set-cookie']).split(';');
  const folder = await call('POST', `${safe}/Secrets-Safe/Safes`, { Name: 'canary safe' }, { cookie });
  const secret = {
    Title: 'T',
    Username: marked,
    Description: marked,
    Notes: marked,
    Urls: [{ Url: marked }],
  };
  const at = `${safe}/Secrets-Safe/Folders/${String(folder.body?.['Id'])}/secrets`;
  const kept = await call('POST', at, { ...secret, Password: marked }, { cookie });
  await call('POST', `${at}/text`, { ...secret, Title: 'U', Text: marked }, { cookie });
  const changed = { ...secret, Password: `${marked}-changed` };
  await call('PUT', `${safe}/Secrets-Safe/Secrets/${String(kept.body?.['Id'])}`, changed, { cookie });
  expect((await call('GET', `${safe}/Secrets-Safe/Secrets?title=T`, undefined, { cookie })).text).toContain(
    marked,
  );
  const { body } = await call('POST', `${keys}/${String(made.body?.['id'])}/rotate`);
  const rotated = String(body?.['key']);
  const [session = ''] = String((await signIn(rotated)).headers['set-cookie']).split(';');
  await call('POST', `${safe}/Auth/Signout`, undefined, { cookie: session });
  return [key, rotated, cookie.slice(cookie.indexOf('=') + 1), session.slice(session.indexOf('=') + 1)];
}

/** The password of an account: sealed, masked, and shown to who has checked it out. */
async function walkThroughAccounts(client: ApiClient, role: { id: string }, marked: string): Promise<void> {
  const first = async (path: string, name: string) => {
    const items = (await client.call('GET', path)).body?.['items'] as { id: string; name: string }[];
    return items.find(item => item.name === name)?.id;
  };
  const policies = '/secrets-manager/api/v1/password-policies';
  const templates = '/secrets-manager/api/v1/script-templates';
  const host = await client.call('POST', '/host-store/api/v1/hosts', {
    body: {
      addresses: ['192.0.2.7'],
      services: [{ service: 'SSH' }],
      password_rotation_enabled: true,
      password_rotation: {
        operating_system: 'LINUX',
        password_policy_id: await first(policies, 'PrivX default password policy'),
        script_template_id: await first(templates, 'Linux per account command template'),
      },
      principals: [{ principal: 'root', passphrase: marked, rotate: true, roles: [{ id: role.id }] }],
    },
  });
  expect(host.status).toBe(201);
  expect((await client.call('GET', '/host-store/api/v1/hosts')).text).not.toContain(marked);
  const checkouts = '/authorizer/api/v1/secrets/checkouts';
  const taken = await client.call('POST', checkouts, {
    body: { path: `hosts/${String(host.body?.['id'])}/root` },
  });
  const [checkout] = taken.body?.['items'] as [{ id: string; secrets: unknown }];
  expect(checkout.secrets).toMatchObject([{ secret: marked }]);
  expect((await client.call('GET', checkouts)).text).not.toContain(marked);
  expect((await client.call('POST', `${checkouts}/${checkout.id}/release`)).status).toBe(200);
}

test('a marked secret value is found nowhere at rest, in no log and in no error answer', async () => {
  const { client, platform } = running;
  const admin = await roleHandle(client, 'privx-admin');
  const data = { text: marker, number: Number(number), nested: [{ deep: marker }], [marker]: 'as a key' };
  const errors: string[] = [];
  const note = (answer: { status: number; text: string }) => {
    if (answer.status >= 400) errors.push(answer.text);
  };

  // Where secret values belong.
  const body = { name: 'canary/kept', data, read_roles: [admin], write_roles: [admin] };
  expect((await client.call('POST', '/vault/api/v1/secrets', { body })).status).toBe(201);
  expect((await client.call('PUT', '/vault/api/v1/secrets/canary%2Fkept', { body })).status).toBe(200);
  const read = await client.call('GET', '/vault/api/v1/secrets/canary%2Fkept');
  expect(read.body?.['data']).toEqual(data);
  for (const form of ['/vault/api/v1/metadata/secrets/canary%2Fkept', '/vault/api/v1/secrets']) {
    expect((await client.call('GET', form)).text).not.toContain(marker);
  }

  await walkThroughAccounts(client, admin, marker);
  const ofSecretsSafe = await walkThroughSecretsSafe(client, admin, marker);

  // Where they do not: every operation gets them as unknown members, wrong types, broken JSON, text, headers.
  // Logging out ends the session of the call, and all others must still be admitted after it.
  const leaving = await createApiClient(platform);
  for (const { method, path: pattern } of await listOperations(client)) {
    const caller = /\/(?:logout|oauth-expiration|signout)$/i.test(pattern) ? leaving : client;
    const target = pattern.replace(/\{\w+\}/g, 'canary');
    const bodies = [
      {
        canary: marker,
        password: marker,
        data: marker,
        secret: marker,
        token: marker,
        new_password: marker,
        current_password: marker,
        code: marker,
        totp: marker,
        recovery_code: marker,
        client_secret: marker,
        refresh_token: marker,
        private_key: marker,
        roles: marker,
        script: { value: marker },
      },
      `{"data": {"value": "${marker}`,
      `{"name": ["${marker}"], "value": ${marker}}`,
      `"${marker}"`,
      [{ id: [marker] }],
      `grant_type=password&username=${marker}&password=${marker}`,
      `grant_type=refresh_token&client_id=privx-ui&refresh_token=${marker}&token=${marker}`,
      `grant_type=authorization_code&client_id=privx-ui&redirect_uri=/privx/oauth-callback&code=${marker}&code_verifier=${marker}`,
    ];
    for (const wrong of ['POST', 'PUT', 'PATCH'].includes(method) ? bodies : [undefined]) {
      note(await caller.call(method, target, { body: wrong }));
    }
    note(await caller.call(method, target, { token: marker }));
    note(await caller.call(method, target, { headers: { authorization: `Basic ${btoa(`x:${marker}`)}` } }));
    note(await caller.call(method, `${target}?offset=${marker}&limit=${number}&sortdir=${marker}`));
    note(await caller.call(method, target, { headers: { traceparent: marker, 'x-request-id': marker } }));
  }
  await leaving.close();
  note(await client.signIn(platform.credentials.api_client.id, marker));
  note(await client.signIn(marker, marker));
  expect((await client.call('DELETE', '/vault/api/v1/secrets/canary%2Fkept')).status).toBe(200);
  await client.call('POST', '/vault/api/v1/secrets', { body });

  // A random secret of the platform's own must not lie in clear either.
  const made = await client.call('POST', '/local-user-store/api/v1/api-clients', {
    body: { name: 'canary client', roles: [admin] },
  });
  const apiClient = await client.call(
    'GET',
    `/local-user-store/api/v1/api-clients/${String(made.body?.['id'])}`,
  );
  const madeSecret = String(apiClient.body?.['secret']);
  expect(madeSecret).toHaveLength(43);
  const secretsOfAuth = [...(await walkThroughAuth(client, marker)), ...ofSecretsSafe];
  expect(secretsOfAuth.every(secret => secret.length >= 20)).toBe(true);

  expect(errors.length).toBeGreaterThan(100);
  expect(errors.filter(text => text.includes(marker) || text.includes(number))).toEqual([]);
  const secrets = [marker, number, madeSecret, ...secretsOfAuth];
  const { leaks, blind, controls } = await searchRemains(running.remains(), secrets);
  expect(leaks).toEqual([]);
  // The search itself works: what is known to be there was found.
  expect([blind, controls > 1]).toEqual([[], true]);
});
