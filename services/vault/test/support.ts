import { randomBytes, randomUUID } from 'node:crypto';
import { Agent, request as httpRequest } from 'node:http';
import type { Bus } from '@strongroom/bus/bus';
import { createMemoryBus } from '@strongroom/bus/memory-bus';
import type { AuditRecord } from '@strongroom/contracts/audit';
import type { CloudEvent } from '@strongroom/contracts/cloud-event';
import { SecretBytes } from '@strongroom/crypto/secret-bytes';
import { type Database } from '@strongroom/db/database';
import { silentLogger } from '@strongroom/log/logger';
import type { ServiceDependencies } from '@strongroom/service/foundations';
import type { RunningService } from '@strongroom/service/serve';
import { createRecordingBus, recordsOf } from '@strongroom/testing/recording-bus';
import { openSuperuser } from '@strongroom/testing/superuser';
import { createTestDatabase, type TestDatabase } from '@strongroom/testing/database';
import { createTokenIssuer, type TokenIssuer } from '@strongroom/testing/tokens';
import type { VaultConfig, VaultSecrets } from '../src/config.ts';
import { startVault } from '../src/service.ts';
export const SECRETS = '/vault/api/v1/secrets';
export const METADATA = '/vault/api/v1/metadata/secrets';
export const MOVE = '/vault/api/v1/move/secrets';
export const FOLDERS = '/vault/api/v1/folders';
export const SCHEMAS = '/vault/api/v1/schemas';
export const SEARCH = '/vault/api/v1/search/secrets';

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  /** The parsed body; an empty object when there is none. */
  body: Record<string, unknown>;
}

export interface CallOptions {
  /** Authorization header; absent: a caller who may do everything. `null`: none. */
  as?: string | null;
  /** Text and bytes go as they are, all else as JSON. */
  body?: unknown;
  headers?: Record<string, string>;
}

export interface TestVault {
  readonly url: string;
  readonly issuer: TokenIssuer;
  readonly database: TestDatabase;
  /** Past all rights, as its superuser: for tests that look into tables or tamper with them. */
  readonly superuser: Database;
  readonly bus: Bus;
  readonly config: VaultConfig;
  readonly secrets: VaultSecrets;
  /** Everything that was published so far. */
  readonly events: readonly CloudEvent[];
  /** A role that auth knows and that the default caller holds. */
  readonly role: { id: string; name: string };
  /** The path goes onto the wire as it is written here; `at` is another instance's address. */
  call: (method: string, path: string, options?: CallOptions, at?: string) => Promise<Answer>;
  /** One more instance on the same database, with other secrets if need be. */
  startReplica: (
    secrets?: Partial<VaultSecrets>,
    dependencies?: Partial<ServiceDependencies>,
  ) => Promise<RunningService>;
  /** A role that auth knows from now on. */
  addRole: (name: string) => { id: string; name: string };
  /** The audit records of all calls that were answered before. */
  trail: () => Promise<AuditRecord[]>;
  stop: () => Promise<void>;
}

export async function startTestVault(
  options: {
    now?: () => Date;
    newRootKey?: () => SecretBytes | undefined;
    secretsManagerUrl?: string;
  } = {},
): Promise<TestVault> {
  const now = options.now ?? (() => new Date());
  const database = await createTestDatabase('vault');
  const issuer = await createTokenIssuer(now);
  const superuser = openSuperuser(database);
  const { bus, events, until } = await createRecordingBus();
  const config: VaultConfig = {
    service: 'vault',
    schema: 'vault',
    version: '0.0.0',
    host: '127.0.0.1',
    port: 0,
    databaseUrl: database.url,
    databasePoolSize: 10,
    databaseDeadlineMs: 5_000,
    authUrl: issuer.url,
    issuer: issuer.issuer,
    callerRateLimitPerSecond: 0,
    // Nobody: rules are tested with a service that plays it, and through the gateway.
    secretsManagerUrl: options.secretsManagerUrl ?? 'http://127.0.0.1:1',
    expiryWarningDays: 14,
    shutdownDeadlineMs: 10_000,
    logLevel: 'error',
  };
  const secrets: VaultSecrets = {
    databasePassword: database.password,
    rootKey: new SecretBytes(randomBytes(32)),
    machineSecret: 'machine-secret-of-vault',
    ...(options.newRootKey === undefined ? {} : { newRootKey: options.newRootKey }),
  };
  const replicas = new Set<RunningService>();
  const startReplica: TestVault['startReplica'] = async (other, more) => {
    const dependencies = { bus: createMemoryBus([]), log: silentLogger, now, ...more };
    const started = await startVault(config, { ...secrets, ...other }, dependencies);
    const replica = {
      url: started.url,
      stop() {
        replicas.delete(replica);
        return started.stop();
      },
    };
    replicas.add(replica);
    return replica;
  };
  const service = await startVault(config, secrets, { bus, log: silentLogger, now });
  const addRole = (name: string) => {
    const role = { id: randomUUID(), name };
    issuer.roles.push(role);
    return role;
  };
  const role = addRole('everything');
  const everything = await issuer.bearer({
    sub: randomUUID(),
    permissions: ['vault-add', 'vault-manage'],
    roles: [role.id],
  });
  const agent = new Agent({ keepAlive: true });

  const call: TestVault['call'] = (method, path, { as = everything, body, headers } = {}, at = service.url) =>
    send(agent, at, method, path, body, {
      ...(as === null ? {} : { authorization: as }),
      ...headers,
    });

  return {
    url: service.url,
    issuer,
    database,
    superuser,
    bus,
    config,
    secrets,
    events,
    role,
    call,
    startReplica,
    addRole,
    async trail() {
      // The relay keeps the order: once the last record is out, so are all before it.
      const last = randomUUID();
      await call('GET', SECRETS, { headers: { 'x-request-id': last } });
      await until(() => recordsOf(events).some(record => record.message['requestID'] === last));
      return recordsOf(events).filter(record => record.message['requestID'] !== last);
    },
    async stop() {
      agent.destroy();
      // Also those that a failed test left behind.
      for (const replica of replicas) await replica.stop();
      await service.stop();
      await issuer.stop();
      await superuser.close();
      await database.close();
    },
  };
}

/** An installation of its own for one test, stopped whatever the test comes to. */
export async function withTestVault(work: (vault: TestVault) => Promise<void>): Promise<void> {
  const vault = await startTestVault();
  await work(vault).finally(() => vault.stop());
}

/** node:http rather than fetch, which would resolve `..` and encode anew what a test wants sent raw. */
function send(
  agent: Agent,
  base: string,
  method: string,
  path: string,
  body: unknown,
  headers: Record<string, string>,
): Promise<Answer> {
  const payload =
    body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  const { hostname, port } = new URL(base);
  return new Promise((resolve, reject) => {
    const request = httpRequest({ agent, hostname, port, method, path, headers }, response => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        const parsed = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, body: parsed });
      });
    });
    request.on('error', reject);
    if (payload !== undefined) request.setHeader('content-length', Buffer.byteLength(payload));
    request.end(payload);
  });
}

/** Breaks every connection of the service, as a restart of the database would; the test's own stay. */
export const cutConnections = (superuser: Database) =>
  superuser.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND usename = 'strongroom_vault'`,
  );

/** The path of a secret as the SDKs write it: `/` encoded too. */
export const pathOf = (name: string, prefix = SECRETS): string => `${prefix}/${encodeURIComponent(name)}`;

/** The same on the versioned API. */
export const versioned = (
  what: 'data' | 'metadata' | 'keys' | 'delete' | 'undelete' | 'destroy',
  name: string,
): string => pathOf(name, `/vault/api/v1/secret/${what}`);

export const uniqueName = (prefix: string): string => `${prefix}-${randomUUID()}`;
