import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { runPlatform, type RunningPlatform } from './support.ts';

/** What a script against Secret Server does; all that an administrator prepares is an account, a role and a secret. */

interface Secret {
  id: number;
  name: string;
  folderId: number;
  items: { itemId: number; slug: string; itemValue: string }[];
}

const PASSWORD = 'tall green ladders';

let running: RunningPlatform;
beforeAll(async () => {
  running = await runPlatform();
});
afterAll(() => running.stop());

async function call(method: string, path: string, body: unknown, status = 200): Promise<string> {
  const answer = await running.client.call(method, path, { body });
  expect([path, answer.status]).toEqual([path, status]);
  return String(answer.body?.['id']);
}

/** An application account, and the number of a secret that its role may read and write. */
async function prepare(folder: string): Promise<{ username: string; id: number }> {
  const username = `svc-${randomUUID()}`;
  const user = await call(
    'POST',
    '/local-user-store/api/v1/users',
    { username, password: { password: PASSWORD }, application_account: true },
    201,
  );
  // Renaming takes what moving takes.
  const permissions = ['vault-manage'];
  const role = await call('POST', '/role-store/api/v1/roles', { name: folder, permissions }, 201);
  await call('PUT', `/role-store/api/v1/users/${user}/roles`, [{ id: role }]);
  const roles = { read_roles: [{ id: role }], write_roles: [{ id: role }] };
  await call('POST', '/vault/api/v1/folders', { path: folder, ...roles }, 201);
  const name = `${folder}/Database`;
  const data = { user: 'app', pass: 'plum-5510', comment: 'of the shop' };
  await call('POST', '/vault/api/v1/secrets', { name, schema: 'credentials', data }, 201);
  const path = `/vault/api/v1/metadata/secrets/${encodeURIComponent(name)}`;
  return { username, id: Number((await running.client.call('GET', path)).body?.['number']) };
}

test('a script signs in, gets a secret, finds an item by its slug, changes it, puts it back and renames it', async () => {
  const folder = `scripts ${randomUUID()}`;
  const { username, id } = await prepare(folder);
  const { client } = running;

  const signedIn = await client.call('POST', '/SecretServer/oauth2/token', {
    token: null,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ username, password: PASSWORD, grant_type: 'password' }).toString(),
  });
  expect(signedIn.status).toBe(200);
  const token = String(signedIn.body?.['access_token']);
  const secrets = '/SecretServer/api/v1/secrets';
  const get = async (): Promise<Secret> => {
    const { status, text } = await client.call('GET', `${secrets}/${id}`, { token });
    expect(status).toBe(200);
    return JSON.parse(text) as Secret;
  };
  const valueOf = (secret: Secret, slug: string) => secret.items.find(item => item.slug === slug)?.itemValue;

  const secret = await get();
  expect([secret.id, secret.name, valueOf(secret, 'pass')]).toEqual([id, 'Database', 'plum-5510']);
  const changed = {
    ...secret,
    items: secret.items.map(item => (item.slug === 'pass' ? { ...item, itemValue: 'sloe-7721' } : item)),
  };
  const put = await client.call('PUT', `${secrets}/${id}`, { token, body: changed });
  expect(put.status).toBe(200);
  expect(await get()).toEqual(changed);

  const renamed = await client.call('PUT', `${secrets}/${id}`, {
    token,
    body: { ...changed, name: 'Database of the shop' },
  });
  expect(renamed.status).toBe(200);
  expect(await get()).toEqual({ ...changed, name: 'Database of the shop' });

  // The old name is gone, and whoever asks by the new one finds what the script wrote.
  const named = (name: string) =>
    client.call('GET', `/vault/api/v1/secrets/${encodeURIComponent(`${folder}/${name}`)}`, { token });
  expect((await named('Database')).status).toBe(404);
  expect((await named('Database of the shop')).body?.['data']).toEqual({
    user: 'app',
    pass: 'sloe-7721',
    comment: 'of the shop',
  });
});
