import { randomBytes, randomUUID } from 'node:crypto';
import { createAudit } from '@strongroom/audit/audit';
import type { Bus } from '@strongroom/bus/bus';
import { createMemoryBus } from '@strongroom/bus/memory-bus';
import { createMemoryCache } from '@strongroom/cache/memory-cache';
import { CREDENTIALS_ROLE } from '@strongroom/contracts/credentials-role';
import { PERMISSIONS } from '@strongroom/contracts/permissions';
import { ROTATIONS_QUEUE } from '@strongroom/contracts/queues';
import { staticRootKey } from '@strongroom/crypto/root-key';
import { SecretBytes } from '@strongroom/crypto/secret-bytes';
import { openDatabase } from '@strongroom/db/database';
import { openLiveKeyring } from '@strongroom/keys/live-keyring';
import { silentLogger } from '@strongroom/log/logger';
import { silentMetrics } from '@strongroom/metrics/metrics';
import type { SecretsManagerConfig } from '@strongroom/secrets-manager/config';
import { MACHINE_CLIENT_ID, startSecretsManager } from '@strongroom/secrets-manager/service';
import type { RunningService } from '@strongroom/service/serve';
import { createTestDatabase } from '@strongroom/testing/database';
import { openSuperuser } from '@strongroom/testing/superuser';
import { createTokenIssuer } from '@strongroom/testing/tokens';
import { startVault } from '@strongroom/vault/service';
import { createVaultClient } from '../../../services/secrets-manager/src/clients/vault-client.ts';
import type { SecretsManagerContext } from '../../../services/secrets-manager/src/context.ts';
import { openTarget } from '../../../services/secrets-manager/src/targets/open-target.ts';

/** secrets-manager with a vault of its own, both on real databases, and a stand-in for auth. */

export type Json = Record<string, unknown>;

export const SECRETS_MANAGER = '/secrets-manager/api/v1';
export const HOSTS = '/host-store/api/v1/hosts';

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly body: Json;
}

export type RotationLab = Awaited<ReturnType<typeof startRotationLab>>;

export async function startRotationLab() {
  const databases = {
    vault: await createTestDatabase('vault'),
    manager: await createTestDatabase('secrets_manager'),
  };
  const issuer = await createTokenIssuer();
  issuer.roles.push({ ...CREDENTIALS_ROLE });
  Object.assign(issuer.machine, {
    sub: MACHINE_CLIENT_ID,
    permissions: ['roles-view', 'vault-add'],
    roles: [CREDENTIALS_ROLE.id],
  });
  const admin = await issuer.bearer({ permissions: [...PERMISSIONS], roles: [CREDENTIALS_ROLE.id] });
  const superuser = openSuperuser(databases.manager);
  const shared = {
    version: '0.0.0',
    host: '127.0.0.1',
    databasePoolSize: 10,
    databaseDeadlineMs: 5_000,
    authUrl: issuer.url,
    issuer: issuer.issuer,
    callerRateLimitPerSecond: 0,
    shutdownDeadlineMs: 10_000,
    logLevel: 'error',
  } as const;
  const vaultRootKey = new SecretBytes(randomBytes(32));
  const managerKey = randomBytes(32);
  const managerRootKey = new SecretBytes(Buffer.from(managerKey));

  const startVaultAt = (port: number): Promise<RunningService> =>
    startVault(
      {
        ...shared,
        port,
        service: 'vault',
        schema: 'vault',
        databaseUrl: databases.vault.url,
        secretsManagerUrl: 'http://127.0.0.1:1',
        expiryWarningDays: 14,
      },
      {
        databasePassword: databases.vault.password,
        rootKey: vaultRootKey,
        machineSecret: 'machine-secret-of-vault',
      },
      { bus: createMemoryBus([]), log: silentLogger },
    );
  let vault = await startVaultAt(0);
  const vaultUrl = vault.url;

  const config: SecretsManagerConfig = {
    ...shared,
    port: 0,
    service: 'secrets-manager',
    schema: 'secrets_manager',
    databaseUrl: databases.manager.url,
    vaultUrl,
    rotation: {
      concurrency: 4,
      deadlineMs: 10_000,
      allowLoopback: true,
      trustOnFirstUse: true,
      tickMs: 3_600_000,
      heartbeatIntervalMs: 0,
    },
  };
  const secrets = {
    databasePassword: databases.manager.password,
    rootKey: managerRootKey,
    machineSecret: 'machine-secret-of-secrets-manager',
  };
  const startManager = (
    bus: Bus = createMemoryBus([ROTATIONS_QUEUE]),
    change: Partial<SecretsManagerConfig> = {},
  ): Promise<RunningService> =>
    startSecretsManager({ ...config, ...change }, secrets, { bus, log: silentLogger });

  async function call(base: string, method: string, path: string, body?: unknown): Promise<Answer> {
    const response = await fetch(`${base}${path}`, {
      method,
      headers: { authorization: admin },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, text, body: (text === '' ? {} : JSON.parse(text)) as Json };
  }

  /** Content of the newest version that an administrator with the role sees; undefined: there is none. */
  async function stored(name: string): Promise<Json | undefined> {
    const { status, body } = await call(vaultUrl, 'GET', `/vault/api/v1/secrets/${encodeURIComponent(name)}`);
    return status === 200 ? (body['data'] as Json) : undefined;
  }

  const db = openDatabase(
    {
      url: config.databaseUrl,
      password: secrets.databasePassword,
      schema: config.schema,
      poolSize: 5,
      deadlineMs: 5_000,
    },
    silentLogger,
  );

  /** What a replica's operations work with, for tests that put something of their own in. */
  async function inside(change: Partial<SecretsManagerContext> = {}): Promise<SecretsManagerContext> {
    const now = () => new Date();
    const newId = () => randomUUID();
    const ring = () => undefined;
    return {
      config,
      db,
      databaseSettings: { ...config, url: config.databaseUrl, password: '', poolSize: 5, deadlineMs: 5_000 },
      bus: createMemoryBus([]),
      cache: createMemoryCache(),
      metrics: silentMetrics,
      instance: { id: newId(), hostname: 'lab', startedAt: now() },
      audit: createAudit({ service: config.service, db, newId, now, ring }),
      ring,
      log: silentLogger,
      now,
      newId,
      isReady: () => Promise.resolve(true),
      close: () => Promise.resolve(),
      keyring: await openLiveKeyring({
        db,
        schema: config.schema,
        rootKeys: staticRootKey(managerRootKey),
        now,
      }),
      roles: {
        names: () => new Map(),
        refresh: () => Promise.resolve(new Map()),
        invalidate: () => undefined,
      },
      vault: createVaultClient({
        vaultUrl,
        token: () => issuer.token(issuer.machine),
        machineId: MACHINE_CLIENT_ID,
      }),
      rotation: config.rotation,
      openTarget: description => openTarget(description, { allowLoopback: true }),
      onRotationFinished: [],
      ...change,
    };
  }

  return {
    issuer,
    superuser,
    databases,
    config,
    db,
    vaultUrl,
    startManager,
    /** Settings of a process of its own; without a broker it finds what is due by looking. */
    environment: {
      STRONGROOM_DATABASE_URL: config.databaseUrl,
      STRONGROOM_DATABASE_PASSWORD: secrets.databasePassword,
      STRONGROOM_RABBITMQ_URL: 'amqp://127.0.0.1:1',
      STRONGROOM_AUTH_URL: issuer.url,
      STRONGROOM_VAULT_URL: vaultUrl,
      STRONGROOM_ISSUER: issuer.issuer,
      STRONGROOM_ROOT_KEY: managerKey.toString('base64url'),
      STRONGROOM_MACHINE_SECRET: secrets.machineSecret,
      STRONGROOM_ROTATION_ALLOW_LOOPBACK: 'true',
    },
    inside,
    call,
    stored,
    stopVault: () => vault.stop(),
    async startVaultAgain() {
      vault = await startVaultAt(Number(new URL(vaultUrl).port));
    },
    /** Leases, retries and deadlines of all rotations are over. */
    letTimePass: () =>
      superuser.query('UPDATE rotations SET claimable_at = clock_timestamp() WHERE finished_at IS NULL'),
    async stop() {
      await vault.stop();
      await db.close();
      await superuser.close();
      await issuer.stop();
      await databases.manager.close();
      await databases.vault.close();
    },
  };
}

/** A host with accounts to be rotated through a main account, as clients send it. Returns its id. */
export async function addHost(
  lab: RotationLab,
  manager: string,
  host: {
    readonly accounts: Readonly<Record<string, string>>;
    /** One of them, which changes the passwords of all. */
    readonly mainAccount?: string;
    readonly port?: number;
    readonly hostKeys?: readonly string[];
    readonly tofu?: boolean;
    readonly policy?: Json;
    /** Absent: the one that is there from the start. */
    readonly script?: string;
  },
): Promise<string> {
  const { body: template } = await lab.call(manager, 'GET', `${SECRETS_MANAGER}/script-templates`);
  const policy = await lab.call(manager, 'POST', `${SECRETS_MANAGER}/password-policy`, {
    name: `policy ${randomUUID()}`,
    ...host.policy,
  });
  if (policy.status !== 201) throw new Error(`no policy was made: ${policy.text}`);
  const own =
    host.script === undefined
      ? undefined
      : await lab.call(manager, 'POST', `${SECRETS_MANAGER}/script-template`, {
          name: `script ${randomUUID()}`,
          operating_system: 'LINUX',
          script: host.script,
        });
  const { mainAccount } = host;
  const { status, body, text } = await lab.call(manager, 'POST', HOSTS, {
    common_name: `host ${randomUUID().slice(0, 8)}`,
    addresses: ['127.0.0.1'],
    tofu: host.tofu ?? false,
    ssh_host_public_keys: (host.hostKeys ?? []).map(key => ({ key })),
    services: [
      { service: 'SSH', address: '127.0.0.1', port: host.port ?? 22, use_for_password_rotation: true },
    ],
    password_rotation_enabled: true,
    password_rotation: {
      use_main_account: mainAccount !== undefined,
      operating_system: 'LINUX',
      protocol: 'SSH',
      password_policy_id: policy.body['id'],
      script_template_id: own?.body['id'] ?? (template['items'] as { id: string }[])[0]?.id,
    },
    principals: Object.entries(host.accounts).map(([principal, passphrase]) => ({
      principal,
      passphrase,
      rotate: true,
      use_for_password_rotation: principal === mainAccount,
    })),
  });
  if (status !== 201) throw new Error(`no host was made: ${text}`);
  return String(body['id']);
}
