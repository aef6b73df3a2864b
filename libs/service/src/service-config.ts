import type { Settings } from '@strongroom/config/settings';
import type { LogLevel } from '@strongroom/log/logger';

/** The settings that every service has. Secrets are kept apart, so that a config can be printed. */
export interface ServiceConfig {
  /** e.g. `vault`; also the name in logs, events and audit records. */
  readonly service: string;
  /** PostgreSQL schema, e.g. `secrets_manager`. */
  readonly schema: string;
  readonly version: string;
  readonly host: string;
  readonly port: number;
  readonly databaseUrl: string;
  readonly databasePoolSize: number;
  /** Bounds the wait for a connection, and each statement. */
  readonly databaseDeadlineMs: number;
  /** Base address of auth, for its keys and for machine tokens. */
  readonly authUrl: string;
  /** The `iss` of access tokens. */
  readonly issuer: string;
  /** Requests that one caller may make in a second, on all replicas of the service together; 0: any number. */
  readonly callerRateLimitPerSecond: number;
  readonly shutdownDeadlineMs: number;
  /** How long a stopping replica serves on while the gateway learns of it. Absent: nobody has a choice of replicas. */
  readonly drainMs?: number;
  readonly logLevel: LogLevel;
}

export interface ServiceSecrets {
  readonly databasePassword: string;
}

export const VERSION = '0.1.0';

export function readServiceConfig(settings: Settings, service: string): ServiceConfig {
  const schema = service.replaceAll('-', '_');
  return Object.freeze({
    service,
    schema,
    version: VERSION,
    host: settings.text('STRONGROOM_LISTEN_HOST', '127.0.0.1'),
    port: settings.integer('STRONGROOM_LISTEN_PORT', { min: 0, max: 65_535 }, 8080),
    databaseUrl: settings.url('STRONGROOM_DATABASE_URL'),
    databasePoolSize: settings.integer('STRONGROOM_DATABASE_POOL_SIZE', { min: 2, max: 200 }, 10),
    databaseDeadlineMs: settings.integer('STRONGROOM_DATABASE_DEADLINE_MS', { min: 100, max: 60_000 }, 5_000),
    authUrl: settings.url('STRONGROOM_AUTH_URL'),
    issuer: settings.url('STRONGROOM_ISSUER'),
    ...readCallerLimits(settings),
    shutdownDeadlineMs: settings.integer('STRONGROOM_SHUTDOWN_DEADLINE_MS', { min: 0, max: 300_000 }, 10_000),
    drainMs: settings.integer('STRONGROOM_DRAIN_MS', { min: 0, max: 60_000 }, 3_000),
    logLevel: settings.choice('STRONGROOM_LOG_LEVEL', ['debug', 'info', 'warn', 'error'], 'info'),
  });
}

/** Also for the standalone platform, which makes the rest of the configuration itself. */
export const readCallerLimits = (settings: Settings): Pick<ServiceConfig, 'callerRateLimitPerSecond'> => ({
  // As much as the gateway admits from one address by default: it binds those who come from many.
  callerRateLimitPerSecond: settings.integer(
    'STRONGROOM_CALLER_RATE_LIMIT_PER_SECOND',
    { min: 0, max: 1_000_000 },
    500,
  ),
});

export const readServiceSecrets = (settings: Settings): ServiceSecrets => ({
  databasePassword: settings.text('STRONGROOM_DATABASE_PASSWORD'),
});
