import { createSecureContext } from 'node:tls';
import { readSettings, type Environment, type Settings } from '@strongroom/config/settings';
import type { LogLevel } from '@strongroom/log/logger';
import { UPSTREAM_NAMES, type UpstreamName } from './routes.ts';

/** What the gateway holds callers and services to. */
export interface GatewayLimits {
  /** Per client address; the burst is the same number. */
  readonly rateLimitPerSecond: number;
  /** Per client address, for the requests that check a password or a client secret. */
  readonly signInRateLimitPerSecond: number;
  readonly maxBodyBytes: number;
  readonly upstreamTimeoutMs: number;
  readonly shutdownDeadlineMs: number;
  readonly accessLog: boolean;
}

export interface GatewayConfig extends GatewayLimits {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /**
   * PEM texts. Absent: plain HTTP, for tests and for running behind a balancer that ends TLS; the
   * environment must then say STRONGROOM_TLS=off, so that it never happens by forgetting a file.
   */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Origins, such as `http://vault:8080`. */
  readonly upstreams: Readonly<Record<UpstreamName, string>>;
  /** How long a stopping gateway serves on, so that balancers see its `/readyz`. Absent: it has none before it. */
  readonly drainMs?: number;
  readonly logLevel: LogLevel;
}

const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** Throws SettingsError with every fault at once. */
export function readGatewayConfig(environment: Environment): GatewayConfig {
  const settings = readSettings(environment);
  const tls = readTls(settings);
  const config: GatewayConfig = {
    host: settings.text('STRONGROOM_HOST', '127.0.0.1'),
    port: settings.integer('STRONGROOM_PORT', { min: 1, max: 65_535 }, 8443),
    ...(tls === undefined ? {} : { tls }),
    upstreams: readUpstreams(settings),
    ...readGatewayLimits(settings),
    drainMs: settings.integer('STRONGROOM_DRAIN_MS', { min: 0, max: 60_000 }, 3_000),
    logLevel: settings.choice('STRONGROOM_LOG_LEVEL', LOG_LEVELS, 'info'),
  };
  settings.finish();
  return Object.freeze(config);
}

const RATE = { min: 1, max: 1_000_000 };
const DURATION_MS = { min: 100, max: 600_000 };

/** Also for the standalone platform, which makes the rest of the configuration itself. */
export const readGatewayLimits = (settings: Settings): GatewayLimits => ({
  rateLimitPerSecond: settings.integer('STRONGROOM_RATE_LIMIT_PER_SECOND', RATE, 500),
  signInRateLimitPerSecond: settings.integer('STRONGROOM_SIGN_IN_RATE_LIMIT_PER_SECOND', RATE, 50),
  maxBodyBytes: settings.integer('STRONGROOM_MAX_BODY_BYTES', { min: 1024, max: 2 ** 30 }, 4 * 2 ** 20),
  upstreamTimeoutMs: settings.integer('STRONGROOM_UPSTREAM_TIMEOUT_MS', DURATION_MS, 30_000),
  shutdownDeadlineMs: settings.integer('STRONGROOM_SHUTDOWN_DEADLINE_MS', DURATION_MS, 10_000),
  accessLog: settings.boolean('STRONGROOM_ACCESS_LOG', false),
});

function readTls(settings: Settings): GatewayConfig['tls'] {
  const cert = settings.optionalText('STRONGROOM_TLS_CERT');
  const key = settings.optionalText('STRONGROOM_TLS_KEY');
  if (settings.choice('STRONGROOM_TLS', ['on', 'off'], 'on') === 'off') {
    if (cert !== undefined || key !== undefined) {
      settings.fault('STRONGROOM_TLS is off, so STRONGROOM_TLS_CERT and STRONGROOM_TLS_KEY must not be set');
    }
    return undefined;
  }
  if (cert === undefined || key === undefined) {
    settings.fault('STRONGROOM_TLS_CERT and STRONGROOM_TLS_KEY are required (or each as _FILE)');
    return undefined;
  }
  try {
    createSecureContext({ cert, key });
  } catch {
    // The cause may quote the key, so it is not repeated.
    settings.fault('STRONGROOM_TLS_CERT and STRONGROOM_TLS_KEY must be a certificate and its key, both PEM');
  }
  return Object.freeze({ cert, key });
}

const UPSTREAM_SETTINGS: Readonly<Record<UpstreamName, string>> = {
  auth: 'STRONGROOM_AUTH_URL',
  vault: 'STRONGROOM_VAULT_URL',
  'secrets-manager': 'STRONGROOM_SECRETS_MANAGER_URL',
  monitor: 'STRONGROOM_MONITOR_URL',
};

function readUpstreams(settings: Settings): GatewayConfig['upstreams'] {
  const origins = UPSTREAM_NAMES.map(name => [name, readOrigin(settings, UPSTREAM_SETTINGS[name])] as const);
  return Object.freeze(Object.fromEntries(origins) as Record<UpstreamName, string>);
}

/** Paths go upstream unchanged, so an upstream is an origin and nothing more. */
function readOrigin(settings: Settings, name: string): string {
  const text = settings.url(name);
  if (!URL.canParse(text)) return '';
  const url = new URL(text);
  const isOrigin = url.href === `${url.origin}/`;
  if (!/^https?:$/.test(url.protocol) || !isOrigin) {
    settings.fault(`${name} must be an origin such as http://host:8080`);
  }
  return url.origin;
}
