import { randomUUID } from 'node:crypto';
import type { Bus } from '@strongroom/bus/bus';
import { createMemoryBus } from '@strongroom/bus/memory-bus';
import type { AuditRecord } from '@strongroom/contracts/audit';
import { cloudEvent, type CloudEvent } from '@strongroom/contracts/cloud-event';
import { DURABLE_QUEUES } from '@strongroom/contracts/queues';
import { SecretBytes } from '@strongroom/crypto/secret-bytes';
import { openDatabase, type Database } from '@strongroom/db/database';
import { silentLogger } from '@strongroom/log/logger';
import type { Metrics } from '@strongroom/metrics/metrics';
import { createTestDatabase, type TestDatabase } from '@strongroom/testing/database';
import { createTokenIssuer, type TokenIssuer } from '@strongroom/testing/tokens';
import type { ForwardingConfig, MonitorConfig } from '../src/config.ts';
import { startMonitor } from '../src/service.ts';

export const AUDIT_KEY = new SecretBytes(Buffer.alloc(32, 5));
export const EVENTS = '/monitor-service/api/v1/auditevents';
export const SEARCH = `${EVENTS}/search`;

export interface Item {
  service_id: string;
  service_name: string;
  event_id: string;
  event_name: string;
  created: string;
  message: Record<string, string>;
}

export interface Answer {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
  /** Of the list envelope. */
  count: unknown;
  items: Item[];
}

export interface CallOptions {
  /** Authorization header; absent: a caller with logs-view. `null`: none. */
  as?: string | null;
  /** Text goes as it is, all else as JSON. */
  body?: unknown;
  headers?: Record<string, string>;
}

export interface TestMonitor {
  readonly issuer: TokenIssuer;
  readonly database: TestDatabase;
  /** Past all rights: for tests that look into tables. */
  readonly superuser: Database;
  readonly bus: Bus;
  readonly url: string;
  /** What was logged as an error. */
  readonly errors: readonly string[];
  call: (method: string, path: string, options?: CallOptions) => Promise<Answer>;
  stopService: () => Promise<void>;
  stop: () => Promise<void>;
}

export interface TestMonitorOptions {
  /** Absent: a database of its own, which ends with it. */
  database?: TestDatabase;
  bus?: Bus;
  auditKey?: SecretBytes;
  now?: () => Date;
  /** Absent: nobody answers there. */
  vaultUrl?: string;
  metrics?: Metrics;
  forwarding?: ForwardingConfig;
  auditHttpToken?: string;
}

export async function startTestMonitor(options: TestMonitorOptions = {}): Promise<TestMonitor> {
  const database = options.database ?? (await createTestDatabase('monitor'));
  const issuer = await createTokenIssuer();
  const superuser = openDatabase(
    {
      url: database.superuserUrl,
      password: decodeURIComponent(new URL(database.superuserUrl).password),
      schema: 'monitor',
      poolSize: 2,
      deadlineMs: 20_000,
    },
    silentLogger,
  );
  const bus = options.bus ?? createMemoryBus(DURABLE_QUEUES);
  const config: MonitorConfig = {
    service: 'monitor',
    schema: 'monitor',
    version: '0.0.0',
    host: '127.0.0.1',
    port: 0,
    databaseUrl: database.url,
    databasePoolSize: 5,
    databaseDeadlineMs: 5_000,
    authUrl: issuer.url,
    vaultUrl: options.vaultUrl ?? 'http://127.0.0.1:1',
    issuer: issuer.issuer,
    callerRateLimitPerSecond: 0,
    shutdownDeadlineMs: 10_000,
    logLevel: 'error',
    checkpointMinutes: 60,
    retentionMonths: 0,
    ...(options.forwarding === undefined ? {} : { forwarding: options.forwarding }),
  };
  const errors: string[] = [];
  const log = {
    ...silentLogger,
    error: (message: string) => void errors.push(message),
    with: () => log,
  };
  const service = await startMonitor(
    config,
    {
      databasePassword: database.password,
      machineSecret: 'machine-secret-of-monitor',
      auditKey: options.auditKey ?? AUDIT_KEY,
      auditHttpToken: options.auditHttpToken,
    },
    {
      bus,
      log,
      ...(options.now && { now: options.now }),
      ...(options.metrics && { metrics: options.metrics }),
    },
  ).catch(async (error: unknown) => {
    await issuer.stop();
    await superuser.close();
    throw error;
  });
  const reader = await issuer.bearer({ sub: randomUUID(), permissions: ['logs-view'] });
  let stopping: Promise<void> | undefined;
  const stopService = () => (stopping ??= service.stop());

  return {
    issuer,
    database,
    superuser,
    bus,
    url: service.url,
    errors,
    async call(method, path, { as = reader, body, headers } = {}) {
      const response = await fetch(`${service.url}${path}`, {
        method,
        headers: { ...(as === null ? {} : { authorization: as }), ...headers },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const parsed = (await response.json()) as Record<string, unknown>;
      return {
        status: response.status,
        headers: response.headers,
        body: parsed,
        count: parsed['count'],
        items: (parsed['items'] ?? []) as Item[],
      };
    },
    stopService,
    async stop() {
      await stopService();
      await issuer.stop();
      await superuser.close();
      if (options.database === undefined) await database.close();
    },
  };
}

/** Of a user whom nobody else is, unless `message` says otherwise. */
export const recordOf = (
  message: Record<string, string> = {},
  other: Partial<AuditRecord> = {},
): AuditRecord => ({
  id: randomUUID(),
  time: '2026-03-04T05:06:07.890Z',
  code: 5102,
  name: 'Secret-read',
  message: { userID: randomUUID(), ...message },
  ...other,
});

export const eventOf = (...records: readonly unknown[]): CloudEvent =>
  cloudEvent('vault', 'audit.recorded', randomUUID(), new Date(), { records });
