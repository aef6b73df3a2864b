import { randomBytes } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createApiClient, type ApiClient } from '@strongroom/testing/api-client';
import {
  makeDataDirectory,
  removeDataDirectory,
  startStandalone,
  type Standalone,
} from '@strongroom/testing/standalone';

let dataDirectory: string;
let platform: Standalone | undefined;
beforeAll(async () => {
  dataDirectory = await makeDataDirectory();
});
afterAll(async () => {
  await platform?.stop();
  await removeDataDirectory(dataDirectory);
});

const SECRETS = '/vault/api/v1/secrets';
const fileOf = (name: string) => path.join(dataDirectory, name);

async function withClient<T>(work: (client: ApiClient) => Promise<T>): Promise<T> {
  platform ??= await startStandalone(dataDirectory);
  const client = await createApiClient(platform);
  return work(client).finally(() => client.close());
}
async function restart(): Promise<void> {
  await platform?.stop();
  platform = undefined;
  platform = await startStandalone(dataDirectory);
}
const fingerprints = (client: ApiClient) =>
  Promise.all(
    ['vault', 'auth', 'secrets-manager'].map(async service => {
      const { body } = await client.call('GET', `/${service}/api/v1/keys`);
      const { items } = body as unknown as { items: { root_key_fingerprint: string }[] };
      return items.map(item => item.root_key_fingerprint);
    }),
  );

test('the root key is replaced as the runbook says it, and a start in between takes either key', async () => {
  await withClient(async client => {
    const before = await fingerprints(client);
    const { body } = await client.call('POST', '/role-store/api/v1/roles/resolve', { body: ['privx-admin'] });
    const roles = body?.['items'];
    const secret = { name: 'root', data: { value: 'kept' }, read_roles: roles, write_roles: roles };
    expect((await client.call('POST', SECRETS, { body: secret })).status).toBe(201);

    const missing = await client.call('POST', '/vault/api/v1/keys/rotate-root');
    expect([missing.status, missing.body?.['error_code']]).toEqual([409, 'NEW_ROOT_KEY_MISSING']);
    await writeFile(fileOf('new-root.key'), `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600 });
    for (const service of ['vault', 'auth', 'secrets-manager']) {
      const changed = await client.call('POST', `/${service}/api/v1/keys/rotate-root`);
      expect([changed.status, changed.body]).toMatchObject([
        200,
        { rewrapped: 1, keys_under_other_root_keys: 0 },
      ]);
    }
    const after = await fingerprints(client);
    expect(after.flat()).not.toEqual(before.flat());
  });
  // A start in between takes either key; afterwards the new one stands alone.
  await restart();
  await rename(fileOf('root.key'), fileOf('old-root.key'));
  await rename(fileOf('new-root.key'), fileOf('root.key'));
  for (const isRestarted of [false, true]) {
    if (isRestarted) await restart();
    await withClient(async client => {
      const read = await client.call('GET', `${SECRETS}/root`);
      expect([read.status, read.body?.['data']]).toEqual([200, { value: 'kept' }]);
    });
  }
  await platform?.stop();
  platform = undefined;
  await rename(fileOf('root.key'), fileOf('kept.key'));
  await rename(fileOf('old-root.key'), fileOf('root.key'));
  await expect(startStandalone(dataDirectory)).rejects.toThrow('is not the one that schema');
  await rm(fileOf('root.key'));
  await rename(fileOf('kept.key'), fileOf('root.key'));
  await restart();
});
