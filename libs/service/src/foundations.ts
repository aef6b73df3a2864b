import { hostname } from 'node:os';
import { v7 as uuidv7 } from 'uuid';
import { createAudit, type Audit } from '@strongroom/audit/audit';
import type { Bus } from '@strongroom/bus/bus';
import type { Cache } from '@strongroom/cache/cache';
import { createMemoryCache } from '@strongroom/cache/memory-cache';
import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import { openDatabase, type Database, type DatabaseSettings } from '@strongroom/db/database';
import { migrate, type MigrationSet } from '@strongroom/db/migrate';
import type { Logger } from '@strongroom/log/logger';
import { silentMetrics, type Metrics } from '@strongroom/metrics/metrics';
import { createRelayBell, outboxMigrations, probeAppend } from '@strongroom/outbox/outbox';
import { startRelay } from '@strongroom/outbox/relay';
import type { ServiceConfig, ServiceSecrets } from './service-config.ts';

/** What comes from outside: one per process in standalone, one per service in the cluster. */
export interface ServiceDependencies {
  bus: Bus;
  log: Logger;
  /** Absent: a memory of this process alone. */
  cache?: Cache;
  /** Absent: none are kept. */
  metrics?: Metrics;
  /** Tests pass their own clock. */
  now?: () => Date;
}

/** What every service stands on, and what its operations may use. */
export interface Foundations {
  readonly config: ServiceConfig;
  readonly db: Database;
  readonly databaseSettings: DatabaseSettings;
  readonly bus: Bus;
  readonly cache: Cache;
  readonly metrics: Metrics;
  /** This replica, for as long as it runs. */
  readonly instance: Instance;
  readonly audit: Audit;
  /** Wakes the relay after a commit that appended events. */
  readonly ring: () => void;
  readonly log: Logger;
  readonly now: () => Date;
  /** UUID version 7: new rows land at the end of an index. */
  readonly newId: () => string;
  /** Whether acts can be recorded now. Without that nothing may be answered, so it is what ready means. */
  readonly isReady: () => Promise<boolean>;
  close: () => Promise<void>;
}

export interface Instance {
  readonly id: string;
  readonly hostname: string;
  readonly startedAt: Date;
}

export interface FoundationOptions {
  /** The service's own migrations; the outbox's come with it. */
  migrations: readonly MigrationSet[];
  /** Runs before any migration, e.g. the root-key self-test. */
  beforeMigration?: (db: Database) => Promise<void>;
}

/** Opens the database, brings the schema up to date and starts the relay. */
export async function openFoundations(
  config: ServiceConfig,
  secrets: ServiceSecrets,
  dependencies: ServiceDependencies,
  options: FoundationOptions,
): Promise<Foundations> {
  const log = dependencies.log.with({ service: config.service });
  const metrics = (dependencies.metrics ?? silentMetrics).forService(config.service);
  const now = dependencies.now ?? (() => new Date());
  const databaseSettings: DatabaseSettings = {
    url: config.databaseUrl,
    password: secrets.databasePassword,
    schema: config.schema,
    poolSize: config.databasePoolSize,
    deadlineMs: config.databaseDeadlineMs,
  };
  const db = openDatabase(databaseSettings, log, metrics);
  try {
    await options.beforeMigration?.(db);
    await migrate(databaseSettings, [outboxMigrations, ...options.migrations], log);
  } catch (error) {
    await db.close();
    throw error;
  }
  const newId = () => uuidv7();
  const bell = createRelayBell(db, config.schema);
  const audit = createAudit({ service: config.service, db, newId, now, ring: bell.ring, metrics });
  const relay = startRelay({ db, settings: databaseSettings, bus: dependencies.bus, log, metrics });
  const release = async () => {
    bell.stop();
    await relay.stop();
    await db.close();
  };
  try {
    await audit.write({ type: AUDIT_EVENTS.serviceRunning, message: { version: config.version } });
  } catch (error) {
    await release();
    throw error;
  }

  return {
    config,
    db,
    databaseSettings,
    bus: dependencies.bus,
    cache: dependencies.cache ?? createMemoryCache(),
    metrics,
    instance: { id: newId(), hostname: hostname(), startedAt: now() },
    audit,
    ring: bell.ring,
    log,
    now,
    newId,
    isReady: () =>
      probeAppend(db).then(
        () => true,
        () => false,
      ),
    async close() {
      await audit.write({ type: AUDIT_EVENTS.serviceStopped }).catch((error: unknown) => {
        log.error('the stop could not be recorded', error);
      });
      await release();
    },
  };
}
