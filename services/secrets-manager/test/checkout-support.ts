import { randomBytes, randomUUID } from 'node:crypto';
import path from 'node:path';
import type { By } from '@strongroom/audit/change-on-record';
import type { AuditRecord } from '@strongroom/contracts/audit';
import { staticRootKey } from '@strongroom/crypto/root-key';
import { SecretBytes } from '@strongroom/crypto/secret-bytes';
import type { Database } from '@strongroom/db/database';
import { checkRootKey, keyMigrations } from '@strongroom/keys/key-store';
import { openLiveKeyring } from '@strongroom/keys/live-keyring';
import { silentLogger } from '@strongroom/log/logger';
import { openFoundations } from '@strongroom/service/foundations';
import { createTestDatabase } from '@strongroom/testing/database';
import { createRecordingBus, recordsOf } from '@strongroom/testing/recording-bus';
import { openSuperuser } from '@strongroom/testing/superuser';
import type { SecretVersion, VaultClient } from '../src/clients/vault-client.ts';
import type { SecretsManagerConfig } from '../src/config.ts';
import type { SecretsManagerContext } from '../src/context.ts';
import { hostAccount, type AccountKey } from '../src/domain/account-path.ts';
import { credentialName } from '../src/domain/credential-names.ts';
import type { GivenPolicy } from '../src/domain/password-policy.ts';
import type { RotationOutcome } from '../src/domain/rotation.ts';
import { createHost } from '../src/operations/hosts.ts';
import { createPasswordPolicy } from '../src/operations/password-policies.ts';
import { settleReleases } from '../src/operations/settle-releases.ts';
import { listScriptTemplates } from '../src/store/script-templates.ts';

/**
 * Replicas of secrets-manager without the parts that serve requests and change passwords on hosts: the tests do what
 * those would, when they want it. Database, audit and outbox are real.
 */

export interface TestReplica {
  readonly ctx: SecretsManagerContext;
  close: () => Promise<void>;
}

/** A vault that keeps passwords of accounts in memory. */
export interface TestVault extends VaultClient {
  /** The next version of the account's password. */
  put: (key: AccountKey, password: string) => number;
  /** Runs before the next read is answered. */
  beforeRead: (() => Promise<void>) | undefined;
}

export interface CheckoutPlatform {
  readonly clock: { now: Date };
  readonly vault: TestVault;
  readonly superuser: Database;
  replica: () => Promise<TestReplica>;
  records: () => Promise<AuditRecord[]>;
  events: () => readonly { type: string; data: unknown }[];
  /** Everything that went onto the bus, as text. */
  published: () => Promise<string>;
  stop: () => Promise<void>;
}

export async function startCheckoutPlatform(): Promise<CheckoutPlatform> {
  const database = await createTestDatabase('secrets_manager');
  const superuser = openSuperuser(database);
  const { bus, events, until } = await createRecordingBus();
  const clock = { now: new Date('2026-03-10T10:00:00Z') };
  const vault = createTestVault(clock);
  const rootKeys = staticRootKey(new SecretBytes(randomBytes(32)));
  const config: SecretsManagerConfig = {
    service: 'secrets-manager',
    schema: 'secrets_manager',
    version: '0.0.0',
    host: '127.0.0.1',
    port: 0,
    databaseUrl: database.url,
    databasePoolSize: 5,
    databaseDeadlineMs: 5_000,
    authUrl: 'http://127.0.0.1:1',
    issuer: 'https://issuer.test',
    vaultUrl: 'http://127.0.0.1:1',
    rotation: {
      concurrency: 1,
      deadlineMs: 1_000,
      allowLoopback: false,
      trustOnFirstUse: false,
      tickMs: 60_000,
      heartbeatIntervalMs: 60_000,
    },
    callerRateLimitPerSecond: 0,
    shutdownDeadlineMs: 10_000,
    logLevel: 'error',
  };
  const replicas: TestReplica[] = [];

  async function replica(): Promise<TestReplica> {
    const foundations = await openFoundations(
      config,
      { databasePassword: database.password },
      { bus, log: silentLogger, now: () => clock.now },
      {
        beforeMigration: db => checkRootKey(db, config.schema, rootKeys),
        migrations: [
          keyMigrations,
          { name: 'secrets-manager', directory: path.join(import.meta.dirname, '../migrations') },
        ],
      },
    );
    const names = new EveryRole();
    const roles = { names: () => names, refresh: () => Promise.resolve(names), invalidate: () => undefined };
    const { db, now } = foundations;
    const keyring = await openLiveKeyring({ db, schema: config.schema, rootKeys, now });
    const ctx: SecretsManagerContext = {
      ...foundations,
      keyring,
      roles,
      vault,
      rotation: config.rotation,
      openTarget() {
        throw new Error('checkouts reach no host');
      },
      onRotationFinished: [settleReleases(foundations)],
    };
    let closing: Promise<void> | undefined;
    const opened = { ctx, close: () => (closing ??= foundations.close()) };
    replicas.push(opened);
    return opened;
  }

  /** The relay keeps the order: once the last record is out, so are all before it. */
  async function settled(): Promise<void> {
    const last = randomUUID();
    const act = { type: { code: 1, name: 'Last', description: '' }, message: { last } };
    await replicas[0]?.ctx.audit.write(act);
    await until(() => recordsOf(events).some(record => record.message['last'] === last));
  }

  return {
    clock,
    vault,
    superuser,
    replica,
    async records() {
      await settled();
      return recordsOf(events);
    },
    events: () => events.map(({ type, data }) => ({ type, data })),
    async published() {
      await settled();
      return JSON.stringify(events);
    },
    async stop() {
      for (const each of replicas) await each.close();
      await superuser.close();
      await database.close();
    },
  };
}

class EveryRole extends Map<string, string> {
  override has(): boolean {
    return true;
  }
}

function createTestVault(clock: { now: Date }): TestVault {
  const kept = new Map<string, { password: string; created: string }[]>();
  const of = (name: string) => kept.get(name) ?? [];
  const unused = () => Promise.reject(new Error('checkouts write nothing to vault'));
  const vault: TestVault = {
    beforeRead: undefined,
    put(key, password) {
      const name = credentialName(key);
      const versions = [...of(name), { password, created: clock.now.toISOString() }];
      kept.set(name, versions);
      return versions.length;
    },
    async read(name) {
      const before = vault.beforeRead;
      vault.beforeRead = undefined;
      await before?.();
      const newest = of(name).at(-1);
      return {
        version: of(name).length,
        content: newest === undefined ? undefined : { password: newest.password },
      };
    },
    readVersion(name, version) {
      const found = of(name)[version - 1];
      return Promise.resolve(found === undefined ? undefined : { password: found.password });
    },
    versions: name =>
      Promise.resolve(of(name).map(({ created }, index): SecretVersion => ({ version: index + 1, created }))),
    write: unused,
    keepVersions: unused,
  };
  return vault;
}

export interface Person {
  readonly by: By;
  readonly id: string;
}

/** Somebody with these roles and permissions. */
export function person(roles: readonly string[] = [], permissions: readonly string[] = []): Person {
  const id = randomUUID();
  const caller = {
    id,
    kind: 'user',
    name: 'somebody',
    sessionId: randomUUID(),
    clientId: 'privx-ui',
    roles,
    permissions: new Set(permissions),
    authTime: 0,
    authMethods: [],
  } as const;
  return { id, by: { caller, request: { id: randomUUID(), remoteAddress: '192.0.2.1', userAgent: '' } } };
}

/** Makes a policy; what is not given is as when a client leaves it out. */
export async function addPolicy(
  ctx: SecretsManagerContext,
  given: Partial<Omit<GivenPolicy, 'name'>>,
): Promise<string> {
  const { by } = person();
  const { id } = await createPasswordPolicy(ctx, by.caller, by.request, {
    ...({} as GivenPolicy),
    ...given,
    name: `policy ${randomUUID()}`,
  });
  return id;
}

/** Makes a host with these accounts, each open to these roles. */
export async function addHost(
  ctx: SecretsManagerContext,
  policy: string,
  accounts: Readonly<Record<string, readonly string[]>>,
  more: Record<string, unknown> = {},
): Promise<string> {
  const template = (await listScriptTemplates(ctx.db)).find(each => each.operatingSystem === 'LINUX');
  return createHost(ctx, person().by, {
    document: {
      common_name: 'Db-7',
      addresses: ['db-7.example.com'],
      services: [{ service: 'SSH' }],
      password_rotation_enabled: true,
      password_rotation: {
        operating_system: 'LINUX',
        password_policy_id: policy,
        script_template_id: template?.id ?? '',
      },
      principals: Object.entries(accounts).map(([principal, roles]) => ({
        principal,
        rotate: true,
        roles: roles.map(id => ({ id })),
      })),
      ...more,
    },
    disabled: undefined,
    deployable: undefined,
  });
}

/** What the end of a rotation does, in one transaction. False: none of the account is unfinished. */
export async function finishRotation(
  ctx: SecretsManagerContext,
  hostId: string,
  account: string,
  outcome: RotationOutcome,
): Promise<boolean> {
  const finished = await ctx.db.transaction(async tx => {
    const [row] = await tx.query<{ id: string; requestedAt: Date }>(
      `UPDATE rotations SET outcome = $3, finished_at = clock_timestamp()
       WHERE system_id = $1 AND account = $2 AND finished_at IS NULL RETURNING id, created_at AS "requestedAt"`,
      [hostId, account, outcome],
    );
    if (row === undefined) return false;
    const rotation = {
      ...row,
      ...hostAccount(hostId, account),
      trigger: 'release',
      outcome,
      reason: '',
    } as const;
    for (const then of ctx.onRotationFinished) await then(tx, rotation);
    return true;
  });
  ctx.ring();
  return finished;
}
