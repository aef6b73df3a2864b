import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Bus } from '@strongroom/bus/bus';
import { createMemoryBus } from '@strongroom/bus/memory-bus';
import type { AuditRecorded } from '@strongroom/contracts/audit';
import { openDatabase, type Database } from '@strongroom/db/database';
import type { MigrationSet } from '@strongroom/db/migrate';
import { unauthenticated } from '@strongroom/errors/common-errors';
import { AUTHENTICATED, ok, PUBLIC, route } from '@strongroom/http/route';
import { silentLogger } from '@strongroom/log/logger';
import { createTestDatabase, type TestDatabase } from '@strongroom/testing/database';
import { eventually } from '@strongroom/testing/eventually';
import { createLink, type Link } from '@strongroom/testing/link';
import { openFoundations, type FoundationOptions } from '../src/foundations.ts';
import { serve, type RunningService, type ServeOptions } from '../src/serve.ts';
import type { ServiceConfig } from '../src/service-config.ts';

let directory: string;
let migrations: MigrationSet[];
let server: TestDatabase;
let link: Link;
/** What the tests look through; it does not go through the link. */
let observer: Database;
let bus: Bus;
let recorded: string[];
let running: RunningService[] = [];

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'strongroom-service-'));
  await writeFile(path.join(directory, '0001_init.sql'), 'CREATE TABLE things (name text);');
  migrations = [{ name: 'own', directory }];
});
afterAll(() => rm(directory, { recursive: true }));

beforeEach(async () => {
  server = await createTestDatabase('vault');
  observer = openDatabase(databaseSettings(server.url), silentLogger);
  link = await createLink(Number(new URL(server.url).port));
  bus = createMemoryBus([]);
  recorded = [];
  await bus.subscribe({
    queue: 'trail',
    types: ['vault.audit.recorded'],
    handle: events => {
      for (const { data } of events)
        recorded.push(...(data as AuditRecorded).records.map(record => record.name));
      return Promise.resolve();
    },
  });
});
afterEach(async () => {
  link.mend();
  await Promise.all(running.map(service => service.stop()));
  running = [];
  await observer.close();
  await link.close();
  await server.close();
});

const databaseSettings = (url: string) => ({
  url,
  password: server.password,
  schema: 'vault',
  poolSize: 3,
  deadlineMs: 5_000,
});

function config(overrides: Partial<ServiceConfig> = {}): ServiceConfig {
  const url = new URL(server.url);
  url.port = String(link.port);
  return {
    service: 'vault',
    schema: 'vault',
    version: '1.2.3',
    host: '127.0.0.1',
    port: 0,
    databaseUrl: url.href,
    databasePoolSize: 3,
    databaseDeadlineMs: 300,
    authUrl: 'http://127.0.0.1:1',
    issuer: 'https://issuer.test',
    callerRateLimitPerSecond: 0,
    shutdownDeadlineMs: 600_000,
    logLevel: 'error',
    ...overrides,
  };
}

const openOwn = (options: Partial<FoundationOptions> = {}, overrides: Partial<ServiceConfig> = {}) =>
  openFoundations(
    config(overrides),
    { databasePassword: server.password },
    { bus, log: silentLogger },
    { migrations, ...options },
  );

async function start(
  options: Partial<ServeOptions> = {},
  overrides: Partial<ServiceConfig> = {},
): Promise<RunningService> {
  const service = await serve(await openOwn({}, overrides), {
    prefixes: ['/vault/api/v1'],
    routes: [],
    authenticate: () => {
      throw unauthenticated();
    },
    bodyLimitBytes: 1_000,
    ...options,
  });
  running.push(service);
  return service;
}

async function get(service: RunningService, target: string) {
  const response = await fetch(service.url + target);
  return { status: response.status, json: (await response.json()) as Record<string, unknown> };
}

async function tables(): Promise<string[]> {
  const rows = await observer.query<{ table_name: string }>(
    "SELECT table_name FROM information_schema.tables WHERE table_schema = 'vault' ORDER BY table_name",
  );
  return rows.map(row => row.table_name);
}

describe('a service', () => {
  test('that stops is not ready at once and serves on while the gateway learns of it', async () => {
    const service = await start({}, { drainMs: 500 });
    const stopped = service.stop();
    expect((await get(service, '/readyz')).status).toBe(503);
    expect((await get(service, '/vault/api/v1/status')).json).toMatchObject({ status: 'RUNNING' });
    await stopped;
    await expect(get(service, '/readyz')).rejects.toThrow();
  });

  test('brings its schema up to date, answers, and records its start and its stop', async () => {
    const service = await start();
    expect((await get(service, '/healthz')).status).toBe(200);
    expect((await get(service, '/readyz')).status).toBe(200);
    const { json } = await get(service, '/vault/api/v1/status');
    expect(json).toMatchObject({
      status: 'RUNNING',
      status_message: 'OK',
      version: '1.2.3',
      app_id: 'vault',
      'server-mode': 'PRODUCTION',
    });
    expect(new Date(String(json['start_time'])).toISOString()).toBe(json['start_time']);
    await eventually('the start is told', () => recorded.includes('Service-running'));
    await service.stop();
    expect(recorded).toEqual(['Service-running', 'Service-stopped']);
    expect(await tables()).toEqual(['inbox', 'outbox', 'schema_migrations', 'things']);
    await expect(fetch(`${service.url}/healthz`)).rejects.toThrow();
  });

  test('starts as several replicas at once on an empty schema', async () => {
    const services = await Promise.all([start(), start(), start()]);
    for (const service of services) expect((await get(service, '/readyz')).status).toBe(200);
    await eventually('each start is told once', () => recorded.length === 3);
  });

  test('keeps its own routes behind its own check of the token', async () => {
    const common = { method: 'get', tag: 'test', summary: '', handle: () => ok({}) } as const;
    const service = await start({
      routes: [
        route({ ...common, path: '/vault/api/v1/closed', operationId: 'closed', access: AUTHENTICATED }),
        route({ ...common, path: '/vault/api/v1/open', operationId: 'open', access: PUBLIC }),
      ],
    });
    expect((await get(service, '/vault/api/v1/closed')).status).toBe(401);
    expect((await get(service, '/vault/api/v1/open')).status).toBe(200);
  });

  test('is not ready without its database, lives on, and is ready again by itself', async () => {
    const service = await start();
    for (const breakLink of [() => link.cut(), () => link.freeze()]) {
      breakLink();
      expect((await get(service, '/readyz')).status).toBe(503);
      expect((await get(service, '/healthz')).status).toBe(200);
      expect((await get(service, '/vault/api/v1/status')).json).toMatchObject({ status: 'ERROR' });
      link.mend();
      await eventually('it is ready', async () => (await get(service, '/readyz')).status === 200);
    }
  });
});

describe('stop', () => {
  test('answers what is under way, then ends consumers, then the database', async () => {
    const steps: string[] = [];
    let release: () => void = () => undefined;
    let arrive: () => void = () => undefined;
    const arrived = new Promise<void>(resolve => (arrive = resolve));
    const service = await start({
      routes: [
        route({
          method: 'get',
          path: '/slow',
          operationId: 'slow',
          tag: 'test',
          summary: '',
          access: PUBLIC,
          handle: async () => {
            arrive();
            await new Promise<void>(resolve => (release = resolve));
            steps.push('answered');
            return ok({ done: true });
          },
        }),
      ],
      beforeClose: async () => {
        await eventually('the relay still works', () => recorded.includes('Service-running'));
        steps.push('consumers ended');
      },
    });
    const answer = get(service, '/slow');
    await arrived;
    const stopped = service.stop();
    release();
    expect((await answer).json).toEqual({ done: true });
    await stopped;
    expect(steps).toEqual(['answered', 'consumers ended']);
    expect(recorded).toContain('Service-stopped');
  });

  test('ends also when the database is gone', async () => {
    const service = await start();
    link.cut();
    await service.stop();
    await expect(fetch(`${service.url}/healthz`)).rejects.toThrow();
  });

  test('may be called twice', async () => {
    const service = await start();
    await eventually('the start is told', () => recorded.length > 0);
    await Promise.all([service.stop(), service.stop()]);
    expect(recorded).toEqual(['Service-running', 'Service-stopped']);
  });
});

describe('a start that fails leaves nothing open', () => {
  const connections = async () => {
    const rows = await observer.query(
      `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND usename = current_user
         AND pid <> pg_backend_pid()`,
    );
    return rows.length;
  };

  test('because of the check before the migrations, and then nothing was migrated', async () => {
    const beforeMigration = async (db: Database) => {
      await db.query('SELECT 1');
      throw new Error('wrong root key');
    };
    await expect(openOwn({ beforeMigration })).rejects.toThrow('wrong root key');
    expect(await tables()).toEqual([]);
    await eventually('no connection is left', async () => (await connections()) === 0);
  });

  test('because there is no database', async () => {
    link.cut();
    await expect(openOwn()).rejects.toMatchObject({ code: 'DATABASE_ERROR' });
  });

  test('because the start cannot be recorded', async () => {
    await (await openOwn()).close();
    await observer.query('ALTER TABLE outbox ADD CONSTRAINT closed CHECK (false) NOT VALID');
    await expect(openOwn()).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
    await eventually('no connection is left', async () => (await connections()) === 0);
  });

  test('because its port is taken', async () => {
    const first = await start();
    const foundations = await openOwn();
    const taken = {
      ...foundations,
      config: { ...foundations.config, port: Number(new URL(first.url).port) },
    };
    const options = {
      prefixes: [],
      routes: [],
      authenticate: () => Promise.reject(unauthenticated()),
      bodyLimitBytes: 1,
    };
    await expect(serve(taken, options)).rejects.toThrow('EADDRINUSE');
    await first.stop();
    running = [];
    await eventually('no connection is left', async () => (await connections()) === 0);
  });
});
