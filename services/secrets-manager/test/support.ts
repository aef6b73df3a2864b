import { randomBytes, randomUUID } from 'node:crypto';
import type { AuditRecord } from '@strongroom/contracts/audit';
import { PERMISSIONS, type Permission } from '@strongroom/contracts/permissions';
import { SecretBytes } from '@strongroom/crypto/secret-bytes';
import type { Database, DatabaseSettings } from '@strongroom/db/database';
import { silentLogger } from '@strongroom/log/logger';
import type { RunningService } from '@strongroom/service/serve';
import { createRecordingBus, recordsOf } from '@strongroom/testing/recording-bus';
import { openSuperuser } from '@strongroom/testing/superuser';
import { createTestDatabase, type TestDatabase } from '@strongroom/testing/database';
import { createTokenIssuer, type TokenIssuer } from '@strongroom/testing/tokens';
import type { SecretsManagerConfig } from '../src/config.ts';
import { startSecretsManager } from '../src/service.ts';
export const PREFIX = '/secrets-manager/api/v1';
export const POLICIES = `${PREFIX}/password-policies`;
export const POLICY = `${PREFIX}/password-policy`;
export const TEMPLATES = `${PREFIX}/script-templates`;
export const TEMPLATE = `${PREFIX}/script-template`;

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** The parsed body; an empty object when there is none. */
  body: Record<string, unknown>;
}

export interface CallOptions {
  /** Authorization header; absent: a caller who may do everything. `null`: none. */
  as?: string | null;
  /** Text goes as it is, all else as JSON. */
  body?: unknown;
  headers?: Record<string, string>;
}

export interface TestSecretsManager {
  readonly url: string;
  readonly issuer: TokenIssuer;
  /** Past all rights, for tests that tamper with tables. */
  readonly superuser: Database;
  /** For tests that are replicas themselves: the service's own rights. */
  readonly databaseSettings: DatabaseSettings;
  readonly config: SecretsManagerConfig;
  readonly rootKey: SecretBytes;
  /** Who the default caller is. */
  readonly caller: { sub: string; sid: string; name: string };
  call: (method: string, path: string, options?: CallOptions) => Promise<Answer>;
  /** Creates an object and gives its id. */
  create: (path: string, body: object) => Promise<string>;
  /** The Authorization header of somebody with these permissions. */
  withPermissions: (...permissions: Permission[]) => Promise<string>;
  /** Stops the service and starts it again on the same database. */
  restart: () => Promise<void>;
  /** The audit records of all calls that were answered before. */
  trail: () => Promise<AuditRecord[]>;
  stop: () => Promise<void>;
}

export async function startTestSecretsManager(): Promise<TestSecretsManager> {
  const database: TestDatabase = await createTestDatabase('secrets_manager');
  const issuer = await createTokenIssuer();
  const superuser = openSuperuser(database);
  const { bus, events, until } = await createRecordingBus();
  const config: SecretsManagerConfig = {
    service: 'secrets-manager',
    schema: 'secrets_manager',
    version: '0.0.0',
    host: '127.0.0.1',
    port: 0,
    databaseUrl: database.url,
    databasePoolSize: 5,
    databaseDeadlineMs: 5_000,
    authUrl: issuer.url,
    issuer: issuer.issuer,
    // Nobody: what needs vault is tested with it (apps/standalone/test).
    vaultUrl: 'http://127.0.0.1:1',
    rotation: {
      concurrency: 8,
      deadlineMs: 10_000,
      allowLoopback: true,
      trustOnFirstUse: true,
      // Tests make rounds themselves.
      tickMs: 3_600_000,
      heartbeatIntervalMs: 86_400_000,
    },
    callerRateLimitPerSecond: 0,
    shutdownDeadlineMs: 10_000,
    logLevel: 'error',
  };
  const rootKey = new SecretBytes(randomBytes(32));
  const start = (): Promise<RunningService> =>
    startSecretsManager(
      config,
      {
        databasePassword: database.password,
        rootKey,
        machineSecret: 'machine-secret-of-secrets-manager',
      },
      { bus, log: silentLogger },
    );
  let service = await start();
  const caller = { sub: randomUUID(), sid: randomUUID(), name: 'the tester' };
  const everything = await issuer.bearer({ ...caller, permissions: [...PERMISSIONS] });

  const call: TestSecretsManager['call'] = async (method, path, { as = everything, body, headers } = {}) => {
    const response = await fetch(`${service.url}${path}`, {
      method,
      headers: { ...(as === null ? {} : { authorization: as }), ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const parsed = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
    return { status: response.status, headers: response.headers, text, body: parsed };
  };

  const create: TestSecretsManager['create'] = async (path, body) => {
    const answer = await call('POST', path, { body });
    if (answer.status !== 201) throw new Error(`not created: ${answer.text}`);
    return String(answer.body['id']);
  };

  return {
    get url() {
      return service.url;
    },
    issuer,
    superuser,
    config,
    rootKey,
    databaseSettings: {
      url: config.databaseUrl,
      password: database.password,
      schema: config.schema,
      poolSize: 2,
      deadlineMs: config.databaseDeadlineMs,
    },
    caller,
    call,
    create,
    withPermissions: (...permissions) => issuer.bearer({ permissions }),
    async restart() {
      await service.stop();
      service = await start();
    },
    async trail() {
      // The relay keeps the order: once the last record is out, so are all before it.
      const last = randomUUID();
      await call('POST', TEMPLATE, {
        body: { name: last, operating_system: 'LINUX', script: 'true' },
        headers: { 'x-request-id': last },
      });
      await until(() => recordsOf(events).some(record => record.message['requestID'] === last));
      return recordsOf(events).filter(record => record.message['requestID'] !== last);
    },
    async stop() {
      await service.stop();
      await issuer.stop();
      await superuser.close();
      await database.close();
    },
  };
}

export const uniqueName = (prefix: string): string => `${prefix} ${randomUUID()}`;
