import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readAuthSettings, type AuthConfig, type AuthSecrets } from '@strongroom/auth/config';
import { startAuth } from '@strongroom/auth/service';
import { createMemoryBus } from '@strongroom/bus/memory-bus';
import { readSettings } from '@strongroom/config/settings';
import { SecretBytes } from '@strongroom/crypto/secret-bytes';
import { silentLogger } from '@strongroom/log/logger';
import type { RunningService } from '@strongroom/service/serve';
import { createTestDatabase, type TestDatabase } from '@strongroom/testing/database';
import { readVaultSettings } from '@strongroom/vault/config';
import { startVault } from '@strongroom/vault/service';
import { announceRights } from '../../../services/auth/src/operations/effects-at-once.ts';
import { openInside, type Inside } from '../../../services/auth/test/inside.ts';

/** What happens at auth counts at every replica of another service (docs/adr/0011-effects-at-once.md). */

const ISSUER = 'https://issuer.test';
const ROLES = '/role-store/api/v1/roles';
const API_CLIENTS = '/local-user-store/api/v1/api-clients';
const secret = () => randomBytes(32).toString('base64url');

const bus = createMemoryBus([]);
const dependencies = { bus, log: silentLogger };
const bootstrap = {
  admin: { username: 'admin', password: secret() },
  oauth_client: { id: 'privx-external', secret: secret() },
  api_client: { id: randomUUID(), secret: secret() },
};
const machineSecrets = {
  'strongroom-vault': secret(),
  'strongroom-secrets-manager': secret(),
  'strongroom-monitor': secret(),
};
const authRootKey = new SecretBytes(randomBytes(32));
const vaultRootKey = new SecretBytes(randomBytes(32));

let databases: Record<'auth' | 'vault', TestDatabase>;
let auth: RunningService;
let inside: Inside;
let vaults: RunningService[] = [];
let admin: string;

const configOf = (service: 'auth' | 'vault', authUrl: string): AuthConfig => ({
  service,
  schema: service,
  version: '0.0.0',
  host: '127.0.0.1',
  port: 0,
  databaseUrl: databases[service].url,
  databasePoolSize: 5,
  databaseDeadlineMs: 5_000,
  authUrl,
  issuer: ISSUER,
  callerRateLimitPerSecond: 0,
  shutdownDeadlineMs: 10_000,
  logLevel: 'error',
  ...readAuthSettings(readSettings({})),
});

const startVaultReplica = () =>
  startVault(
    {
      ...configOf('vault', auth.url),
      ...readVaultSettings(readSettings({})),
      secretsManagerUrl: 'http://127.0.0.1:1',
    },
    {
      databasePassword: databases.vault.password,
      rootKey: vaultRootKey,
      machineSecret: machineSecrets['strongroom-vault'],
    },
    dependencies,
  );

beforeAll(async () => {
  databases = { auth: await createTestDatabase('auth'), vault: await createTestDatabase('vault') };
  const config = configOf('auth', '');
  const secrets: AuthSecrets = {
    databasePassword: databases.auth.password,
    rootKey: authRootKey,
    machineSecrets,
    bootstrap,
  };
  auth = await startAuth(config, secrets, dependencies);
  inside = await openInside(config, secrets);
  vaults = [await startVaultReplica(), await startVaultReplica()];
  admin = (await inside.signIn({ kind: 'api-client', id: bootstrap.api_client.id })).bearer;
});
afterAll(async () => {
  for (const vault of vaults) await vault.stop();
  await inside.close();
  await auth.stop();
  await databases.vault.close();
  await databases.auth.close();
});

async function call(method: string, path: string, body?: unknown) {
  const response = await fetch(`${auth.url}${path}`, {
    method,
    headers: { authorization: admin },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  expect([path, response.status < 300]).toEqual([path, true]);
  const text = await response.text();
  return (text === '' ? {} : JSON.parse(text)) as { id: string };
}

/** An API client that may add secrets, signed in. */
async function clientSignedIn() {
  const name = randomUUID();
  const role = await call('POST', ROLES, { name, permissions: ['vault-add'] });
  const { id } = await call('POST', API_CLIENTS, { name, roles: [{ id: role.id }] });
  const subject = { kind: 'api-client', id } as const;
  const { sid, bearer } = await inside.signIn(subject);
  return { id, name, subject, roleId: role.id, sid, bearer };
}

/** 400 for who may add secrets, since nothing is sent; 403 for who may not; 401 for nobody. */
const tryToAdd = async (url: string, bearer: string) => {
  const headers = { authorization: bearer };
  return (await fetch(`${url}/vault/api/v1/secrets`, { method: 'POST', headers, body: '{}' })).status;
};

/** The promise is a second; the bound is for hangs, since machines are busy. The time is shown. */
const HANG_MS = 30_000;

async function measure(what: string, bearer: string, status: number, change: () => Promise<unknown>) {
  for (const { url } of vaults) expect(await tryToAdd(url, bearer)).toBe(400);
  await change();
  const start = performance.now();
  const times = await Promise.all(
    vaults.map(async ({ url }) => {
      for (;;) {
        if ((await tryToAdd(url, bearer)) === status) return performance.now() - start;
        if (performance.now() - start > HANG_MS) throw new Error(`${what}: still taken after ${HANG_MS} ms`);
      }
    }),
  );
  process.stdout.write(`${what}: ${times.map(ms => `${Math.round(ms)} ms`).join(', ')}\n`);
}

/** A replica that was not there to hear of it refuses with its first answer. */
async function expectRefusedByNewcomer(bearer: string, status: number) {
  const newcomer = await startVaultReplica();
  const answered = await tryToAdd(newcomer.url, bearer).finally(() => newcomer.stop());
  expect(answered).toBe(status);
}

describe('is refused on every replica', () => {
  test('a token whose session was ended', async () => {
    const client = await clientSignedIn();
    const spared = await inside.signIn(client.subject);
    await measure('a session ended', client.bearer, 401, () => inside.end({ id: client.sid }));
    await expectRefusedByNewcomer(client.bearer, 401);
    for (const { url } of vaults) expect(await tryToAdd(url, spared.bearer)).toBe(400);
  });

  test('a token of an API client that was deleted', async () => {
    const { id, bearer } = await clientSignedIn();
    await measure('an API client deleted', bearer, 401, async () => {
      await call('DELETE', `${API_CLIENTS}/${id}`);
      await inside.end({ subjectId: id });
    });
    await expectRefusedByNewcomer(bearer, 401);
  });

  test('what a role does not give any more, and nothing else', async () => {
    const { name, subject, roleId, bearer } = await clientSignedIn();
    await measure('a role reduced', bearer, 403, async () => {
      await call('PUT', `${ROLES}/${roleId}`, { name, permissions: ['roles-view'] });
      await inside.change(tx => announceRights(inside.ctx, tx, [subject]));
    });
    await expectRefusedByNewcomer(bearer, 403);
    const headers = { authorization: bearer };
    for (const { url } of vaults)
      expect((await fetch(`${url}/vault/api/v1/secrets`, { headers })).status).toBe(200);
  });
});

test('a replica starts while auth is away, and learns what it missed when auth is back', async () => {
  const client = await clientSignedIn();
  const { port } = new URL(auth.url);
  const config = configOf('auth', '');
  await auth.stop();
  const newcomer = await startVaultReplica();
  // Nobody tells it by event: what follows happens on a bus that it does not hear.
  await inside.end({ id: client.sid });
  const secrets = {
    databasePassword: databases.auth.password,
    rootKey: authRootKey,
    machineSecrets,
    bootstrap: undefined,
  };
  auth = await startAuth({ ...config, port: Number(port) }, secrets, {
    bus: createMemoryBus([]),
    log: silentLogger,
  });
  const start = performance.now();
  while ((await tryToAdd(newcomer.url, client.bearer)) !== 401) {
    if (performance.now() - start > HANG_MS) throw new Error(`still taken after ${HANG_MS} ms`);
  }
  await newcomer.stop();
});
