import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { runPlatform, type RunningPlatform } from './support.ts';

/** Accounts on hosts as PrivX's SDKs ask for them (contract 11.1), through the gateway and with a real vault. */

const SECRETS = '/authorizer/api/v1/secrets';
const CHECKOUTS = `${SECRETS}/checkouts`;
/** A name that needs encoding in the path. */
const ACCOUNT = 'svc/app 1';

let running: RunningPlatform;
let holder: { id: string; token: string };
let stranger: { id: string; token: string };
let hostId: string;

const create = async (path: string, body: unknown): Promise<string> => {
  const answer = await running.client.call('POST', path, { body });
  expect([path, answer.status]).toEqual([path, 201]);
  return String(answer.body?.['id']);
};

/** A program with these roles, signed in. */
async function program(...roles: string[]): Promise<{ id: string; token: string }> {
  const clients = '/local-user-store/api/v1/api-clients';
  const id = await create(clients, {
    name: `program ${randomUUID()}`,
    roles: roles.map(role => ({ id: role })),
  });
  const { body } = await running.client.call('GET', `${clients}/${id}`);
  const granted = await running.client.signIn(id, String(body?.['secret']));
  return { id, token: String(granted.body?.['access_token']) };
}

beforeAll(async () => {
  running = await runPlatform();
  const role = await create('/role-store/api/v1/roles', { name: `dba ${randomUUID()}`, permissions: [] });
  const templates = await running.client.call('GET', '/secrets-manager/api/v1/script-templates');
  const items = templates.body?.['items'] as { id: string; operating_system: string }[];
  hostId = await create('/host-store/api/v1/hosts', {
    common_name: 'Db-1',
    addresses: ['192.0.2.7'],
    services: [{ service: 'SSH' }],
    password_rotation_enabled: true,
    password_rotation: {
      operating_system: 'LINUX',
      password_policy_id: await create('/secrets-manager/api/v1/password-policy', { name: randomUUID() }),
      script_template_id: items.find(item => item.operating_system === 'LINUX')?.id,
    },
    principals: [{ principal: ACCOUNT, rotate: true, passphrase: 'plum-5510', roles: [{ id: role }] }],
  });
  holder = await program(role);
  stranger = await program();
});

afterAll(() => running.stop());

test('an account is found, checked out, read and given back', async () => {
  const { client } = running;
  const { token } = holder;
  // Python's SDK sends no limit when it has none; Go's a bare question mark.
  const listed = await client.call('GET', `${SECRETS}?limit=10&sortdir=DESC`, { token });
  const path = `hosts/${hostId}/svc%2Fapp%201`;
  const host = {
    id: hostId,
    addresses: ['192.0.2.7'],
    common_name: 'Db-1',
    external_id: '',
    instance_id: '',
  };
  const account = { path, type: 'HOST_SECRET', username: ACCOUNT, email: '', full_name: '', host };
  expect([listed.status, listed.body]).toEqual([
    200,
    { count: 1, items: [{ ...account, created: expect.any(String), updated: expect.any(String) }] },
  ]);
  for (const body of [{}, { keywords: 'DB-1' }, { keywords: '', host_id: hostId, username: ACCOUNT }]) {
    const found = await client.call('POST', `${SECRETS}/search?`, { token, body });
    expect([found.status, found.body?.['count']]).toEqual([200, 1]);
  }

  const taken = await client.call('POST', CHECKOUTS, { token, body: { path } });
  expect(taken.status).toBe(200);
  const { count, items } = taken.body as { count: number; items: [{ id: string }] };
  const [{ id }] = items;
  expect([count, items]).toEqual([
    1,
    [
      {
        ...account,
        id: expect.any(String),
        created: expect.any(String),
        expires: expect.any(String),
        explicit_checkout: true,
        secrets: [{ version: 0, secret: 'plum-5510', created: expect.any(String) }],
        user_id: holder.id,
        state: 'held',
        failed_rotations: 0,
      },
    ],
  ]);
  const read = await client.call('GET', `${CHECKOUTS}/${id}`, { token });
  expect([read.status, read.body]).toEqual([200, items[0]]);
  const list = await client.call('GET', `${CHECKOUTS}?`, { token });
  expect(list.body).toEqual({ count: 1, items: [{ ...items[0], secrets: [] }] });

  const released = await client.call('POST', `${CHECKOUTS}/${id}/release`, { token });
  expect([released.status, released.text]).toEqual([200, '']);
  const after = await client.call('GET', `${CHECKOUTS}/${id}`, { token });
  expect(after.body).toMatchObject({ state: 'released', secrets: [] });
});

test('whoever may not use the account gets the answer for one that is not there', async () => {
  const { client } = running;
  const { body: taken } = await client.call('POST', CHECKOUTS, {
    token: holder.token,
    body: { path: `hosts/${hostId}/svc%2Fapp%201` },
  });
  const [{ id }] = (taken as { items: [{ id: string }] }).items;
  const { token } = stranger;
  const answers = [
    await client.call('POST', CHECKOUTS, { token, body: { path: `hosts/${hostId}/svc%2Fapp%201` } }),
    await client.call('POST', CHECKOUTS, { token, body: { path: `hosts/${randomUUID()}/root` } }),
    await client.call('POST', CHECKOUTS, { token, body: { path: 'nonsense' } }),
    await client.call('GET', `${CHECKOUTS}/${id}`, { token }),
    await client.call('GET', `${CHECKOUTS}/${randomUUID()}`, { token }),
    await client.call('POST', `${CHECKOUTS}/${id}/release`, { token }),
  ];
  expect(answers.map(({ status, body }) => [status, body?.['error_code'], body?.['error_message']])).toEqual([
    [404, 'OBJECT_NOT_FOUND', 'Account not found'],
    [404, 'OBJECT_NOT_FOUND', 'Account not found'],
    [404, 'OBJECT_NOT_FOUND', 'Account not found'],
    [404, 'OBJECT_NOT_FOUND', 'Checkout not found'],
    [404, 'OBJECT_NOT_FOUND', 'Checkout not found'],
    [404, 'OBJECT_NOT_FOUND', 'Checkout not found'],
  ]);
  // The platform's administrator takes it away, and reads no password.
  const seen = await client.call('GET', `${CHECKOUTS}/${id}`);
  expect(seen.body).toMatchObject({ id, user_id: holder.id, secrets: [] });
  expect((await client.call('POST', `${CHECKOUTS}/${id}/release`)).status).toBe(200);
});

test('no other part of the authorizer is served', async () => {
  for (const path of ['cas', 'principals', 'accessgroups', 'cert']) {
    const { status, body } = await running.client.call('GET', `/authorizer/api/v1/${path}`);
    expect([path, status, body?.['error_code']]).toEqual([path, 404, 'OBJECT_NOT_FOUND']);
  }
});
