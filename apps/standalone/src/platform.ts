import { hostname } from 'node:os';
import path from 'node:path';
import type { GatewayLimits } from '@strongroom/api-gateway/config';
import { startGateway } from '@strongroom/api-gateway/service';
import type { AuthSettings } from '@strongroom/auth/config';
import { startAuth } from '@strongroom/auth/service';
import { createMemoryBus } from '@strongroom/bus/memory-bus';
import { DURABLE_QUEUES } from '@strongroom/contracts/queues';
import { randomToken } from '@strongroom/crypto/random';
import type { SecretBytes } from '@strongroom/crypto/secret-bytes';
import { provisionDatabase, roleName } from '@strongroom/db/provision';
import { makeDirectory } from '@strongroom/embedded-postgres/account';
import { startEmbeddedPostgres } from '@strongroom/embedded-postgres/start';
import { storeExampleSecret } from '@strongroom/installation/example-secret';
import { baseUrlOf, hostOf } from '@strongroom/installation/public-address';
import { prepareTls } from '@strongroom/installation/tls';
import type { Logger } from '@strongroom/log/logger';
import { createMetrics, silentMetrics } from '@strongroom/metrics/metrics';
import type { ForwardingConfig, TrailSettings } from '@strongroom/monitor/config';
import { startMonitor } from '@strongroom/monitor/service';
import type { RotationSettings } from '@strongroom/secrets-manager/config';
import { startSecretsManager } from '@strongroom/secrets-manager/service';
import { startObservability, type ObservabilitySettings } from '@strongroom/service/observability';
import { VERSION, type ServiceConfig } from '@strongroom/service/service-config';
import type { VaultSettings } from '@strongroom/vault/config';
import { startVault } from '@strongroom/vault/service';
import { openDataDirectory, type DataPaths } from './data-directory.ts';

const DATABASE = 'strongroom';
const SUPERUSER = 'strongroom';
const SCHEMAS = ['auth', 'vault', 'secrets_manager', 'monitor'] as const;

export interface PlatformOptions {
  dataDirectory: string;
  host: string;
  port: number;
  /** Given by the operator instead of those in the data directory. */
  rootKey: SecretBytes | undefined;
  auditKey: SecretBytes | undefined;
  newRootKey: () => SecretBytes | undefined;
  limits: GatewayLimits;
  /** Of each service; 0: none. */
  callerRateLimitPerSecond: number;
  /** Told to clients, and stated in tokens; absent: where the gateway listens. */
  publicUrl: string | undefined;
  auth: AuthSettings;
  vault: VaultSettings;
  rotation: RotationSettings;
  observability: ObservabilitySettings;
  trail: TrailSettings;
  forwarding: ForwardingConfig;
  auditHttpToken: string | undefined;
  /** Opens the log once the data directory is there. */
  openLog: (file: string) => Logger;
}

export interface Platform {
  baseUrl: string;
  paths: DataPaths;
  /** False when the operator has taken credentials.json away. */
  hasCredentials: boolean;
  /** Resolves if the database ends by itself: the platform is then of no use and must be stopped. */
  databaseExited: Promise<void>;
  /** Drains requests, then stops everything in the reverse order of the start. */
  stop: () => Promise<void>;
}

/**
 * The whole platform in one process, on a PostgreSQL of its own. The services talk over HTTP and verify
 * tokens as they do in the cluster; only the bus is in memory.
 */
export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  const stops: (() => Promise<void>)[] = [];
  const stopAll = async () => {
    for (let stop = stops.pop(); stop !== undefined; stop = stops.pop()) await stop();
  };
  try {
    return await start(options, stops, stopAll);
  } catch (error) {
    await stopAll();
    throw error;
  }
}

async function start(
  options: PlatformOptions,
  stops: (() => Promise<void>)[],
  stopAll: () => Promise<void>,
): Promise<Platform> {
  const {
    dataDirectory,
    host,
    port,
    rootKey,
    auditKey,
    limits,
    callerRateLimitPerSecond,
    publicUrl,
    auth: authSettings,
    observability,
    trail,
    openLog,
  } = options;
  const baseUrl = publicUrl ?? baseUrlOf(host, port);
  const directory = await openDataDirectory(dataDirectory, { baseUrl, rootKey, auditKey });
  stops.push(directory.close);
  const { paths, material, firstStart } = directory;
  const log = openLog(path.join(paths.root, 'strongroom.log'));
  stops.push(log.close);
  await makeDirectory(paths.tls);
  const metrics = observability.metricsPort === 0 ? silentMetrics : createMetrics('standalone');
  stops.push(
    await startObservability(observability, { service: 'standalone', version: VERSION, metrics, log }),
  );
  const tls = await prepareTls({
    directory: paths.tls,
    host: publicUrl === undefined ? host : hostOf(publicUrl),
    hostname: hostname(),
    now: new Date(),
  });

  const postgres = await startEmbeddedPostgres({
    dataDirectory: paths.database,
    superuser: SUPERUSER,
    password: material.database.superuser_password,
    durable: true,
    logFile: paths.databaseLog,
    log,
  });
  stops.push(postgres.stop);
  await provisionDatabase(
    { host: postgres.host, port: postgres.port, user: SUPERUSER, password: postgres.password },
    DATABASE,
    SCHEMAS.map(schema => ({ schema, password: material.database.role_passwords[schema] })),
  );

  const serviceConfig = (service: string, schema: string, authUrl: string): ServiceConfig => ({
    service,
    schema,
    version: VERSION,
    host: '127.0.0.1',
    port: 0,
    databaseUrl: `postgres://${roleName(schema)}@${postgres.host}:${postgres.port}/${DATABASE}`,
    databasePoolSize: 10,
    databaseDeadlineMs: 5_000,
    authUrl,
    issuer: baseUrl,
    callerRateLimitPerSecond,
    shutdownDeadlineMs: limits.shutdownDeadlineMs,
    logLevel: 'info',
  });
  const passwords = material.database.role_passwords;
  const dependencies = { bus: createMemoryBus(DURABLE_QUEUES), metrics, log };
  // Services know each other's machine secrets for as long as this process lives.
  const machineSecrets = {
    'strongroom-vault': randomToken(),
    'strongroom-secrets-manager': randomToken(),
    'strongroom-monitor': randomToken(),
  };

  const auth = await startAuth(
    { ...serviceConfig('auth', 'auth', ''), ...authSettings },
    {
      databasePassword: passwords.auth,
      rootKey: material.rootKey,
      newRootKey: options.newRootKey,
      machineSecrets,
      bootstrap: material.credentials,
    },
    dependencies,
  );
  stops.push(auth.stop);
  const addresses = { secretsManager: '' };
  const vault = await startVault(
    {
      ...serviceConfig('vault', 'vault', auth.url),
      ...options.vault,
      // It starts after vault, which it needs.
      get secretsManagerUrl() {
        return addresses.secretsManager;
      },
    },
    {
      databasePassword: passwords.vault,
      rootKey: material.rootKey,
      newRootKey: options.newRootKey,
      machineSecret: machineSecrets['strongroom-vault'],
    },
    dependencies,
  );
  stops.push(vault.stop);
  const monitor = await startMonitor(
    {
      ...serviceConfig('monitor', 'monitor', auth.url),
      ...trail,
      vaultUrl: vault.url,
      forwarding: options.forwarding,
    },
    {
      databasePassword: passwords.monitor,
      machineSecret: machineSecrets['strongroom-monitor'],
      auditKey: material.auditKey,
      auditHttpToken: options.auditHttpToken,
    },
    dependencies,
  );
  // Beneath auth and vault, though it starts after: monitor stops last, so that the last records of all reach the trail.
  stops.splice(-2, 0, monitor.stop);
  const secretsManager = await startSecretsManager(
    {
      ...serviceConfig('secrets-manager', 'secrets_manager', auth.url),
      vaultUrl: vault.url,
      rotation: options.rotation,
    },
    {
      databasePassword: passwords.secrets_manager,
      rootKey: material.rootKey,
      newRootKey: options.newRootKey,
      machineSecret: machineSecrets['strongroom-secrets-manager'],
    },
    dependencies,
  );
  stops.push(secretsManager.stop);
  addresses.secretsManager = secretsManager.url;

  if (firstStart && material.credentials !== undefined) {
    await storeExampleSecret(auth.url, vault.url, material.credentials);
  }
  const gateway = await startGateway(
    {
      ...limits,
      host,
      port,
      tls: { cert: tls.certificate, key: tls.key },
      upstreams: {
        auth: auth.url,
        vault: vault.url,
        'secrets-manager': secretsManager.url,
        monitor: monitor.url,
      },
      logLevel: 'info',
    },
    { log: log.with({ service: 'api-gateway' }), metrics, bus: dependencies.bus },
  );
  stops.push(gateway.stop);

  return {
    baseUrl,
    paths,
    hasCredentials: material.credentials !== undefined,
    databaseExited: postgres.exited,
    stop: stopAll,
  };
}
