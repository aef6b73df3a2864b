import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PERMISSIONS } from '@strongroom/contracts/permissions';
import { fingerprint } from '@strongroom/crypto/root-key';
import { SecretBytes } from '@strongroom/crypto/secret-bytes';
import {
  API_CLIENTS,
  makeBootstrap,
  randomSecret,
  ROLES,
  startTestAuth,
  withTestAuth,
  type TestAuth,
} from './support.ts';

let auth: TestAuth;

beforeAll(async () => {
  auth = await startTestAuth();
});
afterAll(() => auth.stop());

const count = async (table: string) => {
  const [row] = await auth.superuser.query<{ count: number }>(
    `SELECT count(*)::integer AS count FROM ${table}`,
  );
  return row?.count;
};
const counts = async () =>
  Promise.all(
    ['roles', 'api_clients', 'oauth_clients', 'users', 'signing_keys', 'key_encryption_keys'].map(count),
  );

describe('the first start makes what clients expect (contract 12)', () => {
  test('four roles, two of them of the system, one with all permissions', async () => {
    const { body } = await auth.call('GET', ROLES);
    const roles = body['items'] as { name: string; permissions: string[]; system: boolean }[];
    expect(roles.map(({ name, permissions, system }) => ({ name, permissions, system }))).toEqual([
      { name: 'linux-admin', permissions: [], system: false },
      { name: 'privx-admin', permissions: [...PERMISSIONS], system: true },
      { name: 'privx-user', permissions: [], system: true },
      { name: 'strongroom-credentials', permissions: [], system: true },
      { name: 'terraform-provider', permissions: [], system: false },
    ]);
  });

  test('the API client, with its roles, its secrets and the OAuth client that goes with it', async () => {
    const { api_client, oauth_client } = auth.secrets.bootstrap;
    const { body } = await auth.call('GET', `${API_CLIENTS}/${api_client.id}`);
    expect(body).toMatchObject({
      id: api_client.id,
      secret: api_client.secret,
      name: 'bootstrap',
      author: 'system',
      oauth_client_id: oauth_client.id,
      oauth_client_secret: oauth_client.secret,
    });
    expect((body['roles'] as { name: string }[]).map(role => role.name)).toEqual([
      'privx-admin',
      'privx-user',
      'terraform-provider',
    ]);
  });

  test('one administrator, whose password is hashed with argon2id', async () => {
    const users = await auth.superuser.query<Record<string, string>>(
      `SELECT username, password_hash, (
         SELECT string_agg(r.name, ' ' ORDER BY r.name) FROM user_roles ur JOIN roles r ON r.id = ur.role_id
         WHERE ur.user_id = u.id) AS roles
       FROM users u`,
    );
    expect(users).toEqual([
      {
        username: 'admin',
        password_hash: expect.stringMatching(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/),
        roles: 'privx-admin privx-user',
      },
    ]);
  });
});

describe('a later start', () => {
  test('adds nothing, and leaves deleted what an operator deleted', async () => {
    const before = await counts();
    const { body } = await auth.call('POST', `${ROLES}/resolve`, { body: '["linux-admin"]' });
    const [role] = body['items'] as { id: string }[];
    expect((await auth.call('DELETE', `${ROLES}/${role!.id}`)).status).toBe(200);
    await (await auth.startReplica()).stop();
    expect(await counts()).toEqual([before[0]! - 1, ...before.slice(1)]);
    const again = await auth.call('POST', `${ROLES}/resolve`, { body: '["linux-admin"]' });
    expect(again.body).toEqual({ count: 0, items: [] });
  });

  test('also the API client itself', async () => {
    await withTestAuth({}, async other => {
      const { id } = other.secrets.bootstrap.api_client;
      expect((await other.call('DELETE', `${API_CLIENTS}/${id}`)).status).toBe(200);
      await (await other.startReplica()).stop();
      expect((await other.signIn()).status).toBe(400);
    });
  });

  test('does not change secrets to those of a newer credentials file', async () => {
    const { api_client, ...rest } = auth.secrets.bootstrap;
    const newer = { ...rest, api_client: { ...api_client, secret: randomSecret() } };
    await (await auth.startReplica({ bootstrap: newer })).stop();
    expect((await auth.signIn()).status).toBe(200);
    expect((await auth.signIn(newer.api_client)).status).toBe(400);
  });

  test('needs no credentials file any more', async () => {
    const replica = await auth.startReplica({ bootstrap: undefined });
    expect((await fetch(`${replica.url}/readyz`)).status).toBe(200);
    await replica.stop();
  });
});

test('instances that start at once on a new database make everything once, and trust the same keys', async () => {
  await withTestAuth({}, async other => {
    await other.superuser.query('DROP SCHEMA auth CASCADE');
    await other.superuser.query('CREATE SCHEMA auth AUTHORIZATION strongroom_auth');
    const replicas = await Promise.all([other.startReplica(), other.startReplica(), other.startReplica()]);
    const rows = await other.superuser.query<{ roles: number; clients: number; users: number; keys: number }>(
      `SELECT (SELECT count(*) FROM roles)::integer AS roles, (SELECT count(*) FROM api_clients)::integer AS clients,
            (SELECT count(*) FROM users)::integer AS users, (SELECT count(*) FROM signing_keys)::integer AS keys`,
    );
    expect(rows).toEqual([{ roles: 5, clients: 1, users: 1, keys: 2 }]);
    const keySets = await Promise.all(
      replicas.map(async ({ url }) => (await fetch(`${url}/auth/api/v1/oauth/jwks`)).json()),
    );
    expect(keySets[1]).toEqual(keySets[0]);
    expect(keySets[2]).toEqual(keySets[0]);
  });
});

test('a token of one instance is taken by the other, also after a restart', async () => {
  const { bearer } = await auth.clientWith('roles-view');
  const replica = await auth.startReplica();
  const { status } = await fetch(`${replica.url}${ROLES}`, { headers: { authorization: bearer } });
  expect(status).toBe(200);
  await replica.stop();
});

test('an API client whose id is written in capitals can sign in', async () => {
  const bootstrap = makeBootstrap();
  bootstrap.api_client.id = randomUUID().toUpperCase();
  await withTestAuth({ bootstrap }, async other => {
    expect((await other.signIn()).status).toBe(200);
  });
});

test('a start with the wrong root key names both keys and changes nothing', async () => {
  const state = async () => ({
    migrations: await auth.superuser.query('SELECT * FROM schema_migrations ORDER BY id'),
    keys: await auth.superuser.query('SELECT * FROM key_encryption_keys'),
    counts: await counts(),
  });
  const before = await state();
  const wrong = new SecretBytes(randomBytes(32));
  const refusal: unknown = await auth.startReplica({ rootKey: wrong }).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(Error);
  expect((refusal as Error).message).toContain(fingerprint(wrong));
  expect((refusal as Error).message).toContain(fingerprint(auth.secrets.rootKey));
  expect(await state()).toEqual(before);
});
