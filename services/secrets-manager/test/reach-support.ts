import { randomUUID } from 'node:crypto';
import { createAudit } from '@strongroom/audit/audit';
import { createMemoryBus } from '@strongroom/bus/memory-bus';
import { createMemoryCache } from '@strongroom/cache/memory-cache';
import { staticRootKey } from '@strongroom/crypto/root-key';
import { openDatabase } from '@strongroom/db/database';
import { openLiveKeyring } from '@strongroom/keys/live-keyring';
import { silentLogger } from '@strongroom/log/logger';
import { silentMetrics } from '@strongroom/metrics/metrics';
import type { SecretsManagerContext } from '../src/context.ts';
import { hostAccount } from '../src/domain/account-path.ts';
import { credentialName } from '../src/domain/credential-names.ts';
import { describeAccount } from '../src/operations/describe-account.ts';
import { openAccount } from '../src/operations/open-account.ts';
import { openTarget } from '../src/targets/open-target.ts';
import { findNamed, HOSTS, type Json } from './host-support.ts';
import { POLICIES, TEMPLATES, uniqueName, type TestSecretsManager } from './support.ts';

/** One more replica, as far as its operations go, with a vault that holds what the test says. */
export interface Replica {
  readonly ctx: SecretsManagerContext;
  /** Says that this is the newest version of an account's secret. */
  store: (hostId: string, account: string, password: string) => void;
  close: () => Promise<void>;
}

export async function openReplica(
  sm: TestSecretsManager,
  change: Partial<SecretsManagerContext> = {},
): Promise<Replica> {
  const db = openDatabase(sm.databaseSettings, silentLogger);
  const now = () => new Date();
  const newId = () => randomUUID();
  const ring = () => undefined;
  const passwords = new Map<string, string>();
  const unused = () => Promise.reject(new Error('no test needs it'));
  const ctx: SecretsManagerContext = {
    config: sm.config,
    db,
    databaseSettings: sm.databaseSettings,
    bus: createMemoryBus([]),
    cache: createMemoryCache(),
    metrics: silentMetrics,
    instance: { id: newId(), hostname: 'replica', startedAt: now() },
    audit: createAudit({ service: sm.config.service, db, newId, now, ring }),
    ring,
    log: silentLogger,
    now,
    newId,
    isReady: () => Promise.resolve(true),
    close: () => Promise.resolve(),
    keyring: await openLiveKeyring({
      db,
      schema: sm.config.schema,
      rootKeys: staticRootKey(sm.rootKey),
      now,
    }),
    roles: {
      names: () => new Map(),
      refresh: () => Promise.resolve(new Map()),
      invalidate: () => undefined,
    },
    vault: {
      read: name => {
        const password = passwords.get(name);
        return Promise.resolve(
          password === undefined ? { version: 0, content: undefined } : { version: 1, content: { password } },
        );
      },
      readVersion: unused,
      versions: unused,
      write: unused,
      keepVersions: unused,
    },
    rotation: sm.config.rotation,
    openTarget: description => openTarget(description, sm.config.rotation),
    onRotationFinished: [],
    ...change,
  };
  return {
    ctx,
    store: (hostId, account, password) =>
      void passwords.set(credentialName(hostAccount(hostId, account)), password),
    close: () => db.close(),
  };
}

/** A host that is rotated, with what the test says of it. Its id. */
export async function addRotatedHost(
  sm: TestSecretsManager,
  { password_rotation = {}, ...host }: Json,
): Promise<string> {
  return sm.create(HOSTS, {
    common_name: uniqueName('h'),
    external_id: randomUUID(),
    addresses: ['127.0.0.1'],
    password_rotation_enabled: true,
    password_rotation: {
      operating_system: 'LINUX',
      password_policy_id: await findNamed(sm, POLICIES, 'PrivX default password policy'),
      script_template_id: await findNamed(sm, TEMPLATES, 'Linux per account command template'),
      ...(password_rotation as Json),
    },
    ...host,
  });
}

/** What a rotation does to an account, less all that keeps it from being lost. */
export async function change(
  { ctx }: Replica,
  hostId: string,
  account: string,
  passwords: { current?: string; next: string },
): Promise<void> {
  const described = await describeAccount(ctx, hostAccount(hostId, account));
  if (described === undefined) throw new Error('no account');
  const target = openAccount(ctx, described);
  const by = await described.authority(passwords.current);
  await target.setPassword({ account, by, newPassword: passwords.next, script: described.script }, LIMITS);
}

export async function proves(
  { ctx }: Replica,
  hostId: string,
  account: string,
  password: string,
): Promise<string> {
  const described = await describeAccount(ctx, hostAccount(hostId, account));
  if (described === undefined) throw new Error('no account');
  return openAccount(ctx, described).proves(account, password, LIMITS);
}

const LIMITS = { deadlineMs: 60_000 };
