import { execFile } from 'node:child_process';
import { readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { randomToken } from '@strongroom/crypto/random';
import { createApiClient, type ApiClient } from '@strongroom/testing/api-client';
import {
  makeDataDirectory,
  removeDataDirectory,
  startStandalone,
  type Standalone,
} from '@strongroom/testing/standalone';

const run = promisify(execFile);

let dataDirectory: string;
let platform: Standalone;
let client: ApiClient;

beforeAll(async () => {
  dataDirectory = await makeDataDirectory();
  platform = await startStandalone(dataDirectory);
  client = await createApiClient(platform);
});

afterAll(async () => {
  await client.close();
  await platform.stop();
  await removeDataDirectory(dataDirectory);
});

async function restart(environment: Record<string, string> = {}): Promise<void> {
  await client.close();
  expect(await platform.stop()).toBe(0);
  platform = await startStandalone(dataDirectory, environment);
  client = await createApiClient(platform);
}

const role = async (name: string) => {
  const { body } = await client.call('POST', '/role-store/api/v1/roles/resolve', { body: [name] });
  return (body as { items: { id: string; name: string }[] }).items[0]!;
};

describe('a first start', () => {
  test('says where everything is, in one banner without a secret', () => {
    const output = platform.output();
    expect(output).toContain(platform.baseUrl);
    expect(output).toContain(path.join(dataDirectory, 'credentials.json'));
    expect(output).toContain(platform.credentials.ca_file);
    expect(output).toContain('Ctrl-C');
    for (const secret of secretsOf(platform)) expect(output).not.toContain(secret);
  });

  test('writes credentials of the stated shape, for their owner alone', async () => {
    const { credentials } = platform;
    const secret = expect.stringMatching(/^[A-Za-z0-9_-]{43}$/) as unknown;
    expect(credentials).toEqual({
      base_url: platform.baseUrl,
      ca_file: path.join(dataDirectory, 'tls/ca.pem'),
      admin: { username: 'admin', password: secret },
      oauth_client: { id: 'privx-external', secret },
      api_client: { id: expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown, secret },
    });
    expect(new Set(secretsOf(platform)).size).toBe(3);
    for (const file of ['credentials.json', 'root.key', 'database.json', 'tls/server.key', 'tls/ca.key']) {
      expect((await stat(path.join(dataDirectory, file))).mode & 0o777).toBe(0o600);
    }
  });

  test('has the objects that clients expect', async () => {
    const names = ['privx-admin', 'privx-user', 'linux-admin', 'terraform-provider'];
    const roles = await client.call('POST', '/role-store/api/v1/roles/resolve', { body: names });
    expect((roles.body as { items: { name: string }[] }).items.map(item => item.name)).toEqual(names);
    const own = await client.call(
      'GET',
      `/local-user-store/api/v1/api-clients/${platform.credentials.api_client.id}`,
    );
    const held = (own.body as { roles: { name: string }[] }).roles.map(item => item.name);
    expect(held).toEqual(expect.arrayContaining(['privx-admin', 'terraform-provider']));
    expect((await client.call('GET', '/vault/api/v1/secrets/example')).status).toBe(200);
    const policies = await client.call('GET', '/secrets-manager/api/v1/password-policies');
    expect(policies.text).toContain('PrivX default password policy');
    const templates = await client.call('GET', '/secrets-manager/api/v1/script-templates');
    expect(templates.text).toContain('Linux per account command template');
  });

  test('gives each service a database role that reaches its own schema only', async () => {
    const { role_passwords: passwords } = JSON.parse(
      await readFile(path.join(dataDirectory, 'database.json'), 'utf8'),
    ) as { role_passwords: Record<string, string> };
    const port = Number(
      (await readFile(path.join(dataDirectory, 'database/postmaster.pid'), 'utf8')).split('\n')[3],
    );
    const tables: Record<string, string> = {
      auth: 'auth.api_clients',
      vault: 'vault.secrets',
      secrets_manager: 'secrets_manager.password_policies',
      monitor: 'monitor.audit_events',
    };
    for (const [own, password] of Object.entries(passwords)) {
      const database = new pg.Client({
        host: '127.0.0.1',
        port,
        user: `strongroom_${own}`,
        password,
        database: 'strongroom',
      });
      await database.connect();
      for (const [schema, table] of Object.entries(tables)) {
        const outcome = await database.query(`SELECT count(*) FROM ${table}`).then(
          () => 'allowed',
          (error: unknown) => (error as { code?: string }).code,
        );
        expect([own, schema, outcome]).toEqual([own, schema, schema === own ? 'allowed' : '42501']);
      }
      await expect(database.query('CREATE TABLE public.mine ()')).rejects.toMatchObject({ code: '42501' });
      await database.end();
    }
  });
});

describe('a later start', () => {
  test('keeps secrets, roles and credentials, and Ctrl-C leaves nothing running', async () => {
    const admin = await role('privx-admin');
    const value = randomToken();
    await client.call('POST', '/vault/api/v1/secrets', {
      body: { name: 'kept/over a restart', data: { value }, read_roles: [admin], write_roles: [admin] },
    });
    const before = platform.credentials;
    await client.close();
    expect(await platform.stop()).toBe(0);
    const { stdout } = await run('ps', ['-eo', 'args']);
    expect(stdout.split('\n').filter(line => line.includes(dataDirectory))).toEqual([]);

    platform = await startStandalone(dataDirectory);
    client = await createApiClient(platform);
    expect({ ...platform.credentials, base_url: '' }).toEqual({ ...before, base_url: '' });
    const read = await client.call('GET', '/vault/api/v1/secrets/kept%2Fover%20a%20restart');
    expect(read.body?.['data']).toEqual({ value });
  });

  test('works when the operator has taken credentials.json away', async () => {
    const { credentials } = platform;
    await client.close();
    await platform.stop();
    const file = path.join(dataDirectory, 'credentials.json');
    const aside = path.join(path.dirname(dataDirectory), 'aside.json');
    await rename(file, aside);
    platform = await startStandalone(dataDirectory, {}, credentials);
    client = await createApiClient(platform);
    expect((await client.call('GET', '/vault/api/v1/secrets/example')).status).toBe(200);
    // New ones would open nothing.
    expect(await readdir(dataDirectory)).not.toContain('credentials.json');
    expect(platform.output()).toContain('taken away');
    await rename(aside, file);
    await restart();
  });

  test('recovers after kill -9 of the process and its database', async () => {
    const admin = await role('privx-admin');
    const value = randomToken();
    const { status } = await client.call('POST', '/vault/api/v1/secrets', {
      body: { name: 'survivor', data: { value }, read_roles: [admin], write_roles: [admin] },
    });
    expect(status).toBe(201);
    await client.close();
    await platform.kill();
    platform = await startStandalone(dataDirectory);
    client = await createApiClient(platform);
    const read = await client.call('GET', '/vault/api/v1/secrets/survivor');
    expect(read.body?.['data']).toEqual({ value });
  });
});

describe('a start that must fail', () => {
  test('lists all wrong settings at once', async () => {
    const fresh = await makeDataDirectory();
    const attempt = startStandalone(fresh, {
      STRONGROOM_PORT: 'eighty',
      STRONGROOM_HOST: 'no host',
      STRONGROOM_LOG_LEVEL: 'loud',
      STRONGROOM_RATE_LIMIT_PER_SECOND: '0',
    });
    const message = await attempt.catch((error: unknown) => (error as Error).message);
    for (const name of ['PORT', 'HOST', 'LOG_LEVEL', 'RATE_LIMIT_PER_SECOND']) {
      expect(message).toContain(`STRONGROOM_${name} must`);
    }
    await removeDataDirectory(fresh);
  });

  test('names a wrong root key by its fingerprint, and changes nothing', async () => {
    await client.close();
    await platform.stop();
    const attempt = await startStandalone(dataDirectory, { STRONGROOM_ROOT_KEY: randomToken() }).catch(
      (error: unknown) => (error as Error).message,
    );
    expect(attempt).toMatch(/fingerprint [0-9a-f]{16}[^]*fingerprint [0-9a-f]{16}[^]*Nothing was changed/);
    platform = await startStandalone(dataDirectory);
    client = await createApiClient(platform);
    expect((await client.call('GET', '/vault/api/v1/secrets/example')).status).toBe(200);
  });

  test('refuses a directory that another Strongroom uses', async () => {
    await expect(startStandalone(dataDirectory)).rejects.toThrow(/another Strongroom/i);
  });

  test('refuses a damaged root key without showing it', async () => {
    const fresh = await makeDataDirectory();
    const damaged = path.join(path.dirname(fresh), 'damaged.key');
    await writeFile(damaged, 'not-a-key-but-secret');
    const message = await startStandalone(fresh, { STRONGROOM_ROOT_KEY_FILE: damaged }).catch(
      (error: unknown) => (error as Error).message,
    );
    expect(message).toContain('STRONGROOM_ROOT_KEY must be 32 bytes');
    expect(message).not.toContain('not-a-key');
    await removeDataDirectory(fresh);
  });
});

test('another host gets a certificate that clients of the same CA accept', async () => {
  const { ca } = platform;
  // Not among the names that every certificate has, so the handshake fails unless one is issued for it.
  await restart({ STRONGROOM_HOST: '127.0.0.2' });
  expect(platform.baseUrl).toMatch(/^https:\/\/127\.0\.0\.2:/);
  expect(platform.ca).toBe(ca);
  expect((await client.call('GET', '/healthz', { token: null })).status).toBe(200);
});

const secretsOf = ({ credentials }: Standalone): string[] => [
  credentials.admin.password,
  credentials.oauth_client.secret,
  credentials.api_client.secret,
];
