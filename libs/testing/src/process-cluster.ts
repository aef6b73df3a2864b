import { randomBytes, randomUUID } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { provisionDatabase, roleName } from '@strongroom/db/provision';
import { freePort } from '@strongroom/embedded-postgres/free-port';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '@strongroom/embedded-postgres/start';
import { silentLogger } from '@strongroom/log/logger';
import { startBroker, type OwnBroker } from './broker.ts';
import { createProcessClient, type ProcessClient } from './process-client.ts';
import { prepareService, type ServiceProcess } from './service-process.ts';

const DATABASE = 'strongroom';
const SUPERUSER = 'strongroom';
const SCHEMAS = ['auth', 'vault', 'secrets_manager', 'monitor'] as const;
const ISSUER = 'https://localhost:8443';

/** The platform as the cluster runs it, without containers and without a gateway. */
export interface ProcessCluster {
  /** The database and what the services log. The broker has a place of its own. */
  readonly directory: string;
  readonly database: {
    /** As its superuser, with the password. */
    readonly url: string;
    /** kill -9 of the server and all its sessions, and a start. */
    crash: () => Promise<void>;
  };
  readonly broker: OwnBroker;
  readonly auth: ServiceProcess;
  readonly monitor: ServiceProcess;
  readonly vault: ServiceProcess;
  /** The replicas of secrets-manager. */
  readonly rotators: readonly ServiceProcess[];
  /** Signed in as the API client of the installation, who is an administrator. */
  readonly client: ProcessClient;
  readonly apiClientId: string;
  /** For good; `keepFiles` leaves `directory` to the caller. */
  stop: (options?: { keepFiles?: boolean }) => Promise<void>;
}

export interface ProcessClusterOptions {
  readonly rotators: number;
  /** Settings of every process of secrets-manager. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly logLevel?: string;
}

/** Secrets are made here, and travel in the environment of the processes. */
export async function startProcessCluster(options: ProcessClusterOptions): Promise<ProcessCluster> {
  const stops: (() => Promise<void>)[] = [];
  const stop = async ({ keepFiles = false } = {}) => {
    for (let each = stops.pop(); each !== undefined; each = stops.pop()) await each();
    if (!keepFiles) await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  };
  const directory = await mkdtemp(path.join(tmpdir(), 'strongroom-processes-'));
  // As root the database runs under another account, which must be able to enter.
  await chmod(directory, 0o711);
  try {
    return await start(directory, options, stops, stop);
  } catch (error) {
    // The logs say why.
    await stop({ keepFiles: true });
    throw error;
  }
}

async function start(
  directory: string,
  options: ProcessClusterOptions,
  stops: (() => Promise<void>)[],
  stop: ProcessCluster['stop'],
): Promise<ProcessCluster> {
  const [database, broker] = await Promise.all([startDatabase(directory), startBroker()]);
  stops.push(database.stop, broker.stop);

  const machine = { vault: token(), secretsManager: token(), monitor: token() };
  const apiClient = { id: randomUUID(), secret: token() };
  const oauthClient = { id: 'privx-external', secret: token() };
  const common = {
    STRONGROOM_ISSUER: ISSUER,
    STRONGROOM_RABBITMQ_URL: broker.url,
    STRONGROOM_CALLER_RATE_LIMIT_PER_SECOND: '0',
    STRONGROOM_DRAIN_MS: '0',
    STRONGROOM_LOG_LEVEL: options.logLevel ?? 'info',
  };
  const rootKey = { STRONGROOM_ROOT_KEY: token() };
  const prepare = (service: string, name: string, settings: Readonly<Record<string, string>>) =>
    prepareService(
      service,
      { ...common, ...database.settingsOf(service.replaceAll('-', '_')), ...settings },
      path.join(directory, `${name}.log`),
    );

  const auth = await prepare('auth', 'auth', {
    ...rootKey,
    // It has nobody to ask.
    STRONGROOM_AUTH_URL: 'http://127.0.0.1:1',
    STRONGROOM_MACHINE_SECRET_VAULT: machine.vault,
    STRONGROOM_MACHINE_SECRET_SECRETS_MANAGER: machine.secretsManager,
    STRONGROOM_MACHINE_SECRET_MONITOR: machine.monitor,
    STRONGROOM_BOOTSTRAP: JSON.stringify({
      admin: { username: 'admin', password: token() },
      oauth_client: oauthClient,
      api_client: apiClient,
    }),
  });
  const authUrl = { STRONGROOM_AUTH_URL: auth.url };
  const vault = await prepare('vault', 'vault', {
    ...rootKey,
    ...authUrl,
    // Nobody has a password made by a rule there.
    STRONGROOM_SECRETS_MANAGER_URL: 'http://127.0.0.1:1',
    STRONGROOM_MACHINE_SECRET: machine.vault,
  });
  const monitor = await prepare('monitor', 'monitor', {
    ...authUrl,
    STRONGROOM_VAULT_URL: vault.url,
    STRONGROOM_MACHINE_SECRET: machine.monitor,
    STRONGROOM_AUDIT_KEY: token(),
  });
  const rotators = await Promise.all(
    Array.from({ length: options.rotators }, (_, index) =>
      prepare('secrets-manager', `secrets-manager-${index + 1}`, {
        ...rootKey,
        ...authUrl,
        STRONGROOM_VAULT_URL: vault.url,
        STRONGROOM_MACHINE_SECRET: machine.secretsManager,
        ...options.settings,
      }),
    ),
  );
  const services = [auth, monitor, vault, ...rotators];
  stops.push(async () => {
    await Promise.all(services.map(service => service.stop()));
  });
  await auth.start();
  await Promise.all([monitor, vault, ...rotators].map(service => service.start()));
  const client = await createProcessClient({ auth, monitor, vault, rotators }, { apiClient, oauthClient });
  const apiClientId = apiClient.id;
  return { directory, database, broker, auth, monitor, vault, rotators, client, apiClientId, stop };
}

async function startDatabase(directory: string) {
  const port = await freePort();
  const password = token();
  const launch = (): Promise<EmbeddedPostgres> =>
    startEmbeddedPostgres({
      dataDirectory: path.join(directory, 'database'),
      logFile: path.join(directory, 'database.log'),
      superuser: SUPERUSER,
      password,
      port,
      durable: true,
      settings: { max_connections: '200' },
      log: silentLogger,
    });
  let server = await launch();
  const passwords = SCHEMAS.map(schema => ({ schema, password: token() }));
  await provisionDatabase({ host: '127.0.0.1', port, user: SUPERUSER, password }, DATABASE, passwords);
  return {
    url: `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/${DATABASE}`,
    settingsOf: (schema: string) => ({
      STRONGROOM_DATABASE_URL: `postgres://${roleName(schema)}@127.0.0.1:${port}/${DATABASE}`,
      STRONGROOM_DATABASE_PASSWORD: passwords.find(each => each.schema === schema)?.password ?? '',
    }),
    async crash() {
      // The server leads a process group of its own: the minus sign means all of it.
      process.kill(-server.pid, 'SIGKILL');
      await server.exited;
      server = await launch();
    },
    stop: () => server.stop(),
  };
}

/** 32 bytes, so that it is a key, too. */
const token = (): string => randomBytes(32).toString('base64url');
