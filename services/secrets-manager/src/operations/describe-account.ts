import type { SecretsManagerContext } from '../context.ts';
import { ENABLED, type HostDocument } from '../domain/host.ts';
import type { HostSecret } from '../domain/host-secret.ts';
import type { PasswordPolicy } from '../domain/password-policy.ts';
import { NotRotatable } from '../domain/rotation-failure.ts';
import { compileScript } from '../domain/script-template.ts';
import { openColumn } from '../domain/sealed-column.ts';
import { findStoredAccount, type StoredAccount } from '../store/accounts.ts';
import { findHostSecret } from '../store/host-secrets.ts';
import { findHost } from '../store/hosts.ts';
import { findPasswordPolicy } from '../store/password-policies.ts';
import { findScriptTemplate } from '../store/script-templates.ts';
import { describeHostKey, type HostKey } from '../targets/host-key.ts';
import type { Authority, Credential, TargetDescription } from '../targets/target.ts';
import { readCurrentPassword } from './current-password.ts';

/** All that it takes to change and to prove the password of an account. */
export interface DescribedAccount {
  readonly hostName: string;
  readonly target: TargetDescription;
  readonly policy: PasswordPolicy;
  readonly script: string | undefined;
  /** False: nothing new is to be begun. */
  readonly mayBegin: boolean;
  /** Who changes the password. `current` is the account's own. */
  readonly authority: (current: string | undefined) => Promise<Authority>;
}

type Describing = Pick<SecretsManagerContext, 'db' | 'keyring' | 'vault'>;

/** Undefined: the account, or its host, is no more. */
export async function describeAccount(
  ctx: Describing,
  hostId: string,
  account: string,
): Promise<DescribedAccount | undefined> {
  const [host, secret, stored] = await Promise.all([
    findHost(ctx.db, hostId),
    findHostSecret(ctx.db, hostId),
    findStoredAccount(ctx.db, hostId, account),
  ]);
  if (host === undefined || secret === undefined || stored === undefined) return undefined;
  const policy = await findPasswordPolicy(ctx.db, secret.passwordPolicyId);
  const template = await findScriptTemplate(ctx.db, secret.scriptTemplateId);
  // Neither can be deleted while the host secret names it.
  if (policy === undefined || template === undefined) return undefined;
  const hostName = host.document.common_name ?? '';
  const { address } = secret;
  return {
    hostName,
    target: describeTarget(secret, host.document),
    policy,
    script: compileScript(template.operatingSystem, template.script, {
      username: account,
      hostname: hostName,
      address,
    }),
    mayBegin: stored.isRotated && host.disabled === ENABLED,
    authority: current => authorityOf(ctx, secret, stored, account, current),
  };
}

function describeTarget({ protocol, address, port }: HostSecret, document: HostDocument): TargetDescription {
  return protocol === 'WINRM'
    ? { kind: 'winrm', host: address, port }
    : { kind: 'ssh', host: address, port, hostKeys: pinnedKeys(document) };
}

/** Those that came with the host, as lines of `known_hosts` have them. */
function pinnedKeys(document: HostDocument): HostKey[] {
  const given = (document['ssh_host_public_keys'] ?? []) as readonly { key?: string }[];
  return given.flatMap(({ key = '' }) => {
    const [, encoded] = key.trim().split(/\s+/);
    return encoded === undefined ? [] : [describeHostKey(Buffer.from(encoded, 'base64'))];
  });
}

async function authorityOf(
  ctx: Describing,
  secret: HostSecret,
  stored: StoredAccount,
  account: string,
  current: string | undefined,
): Promise<Authority> {
  if (!secret.useMainAccount) {
    if (current === undefined) throw new NotRotatable('password-unknown');
    return { kind: 'self', currentPassword: current };
  }
  const { mainAccount } = secret;
  const known =
    mainAccount === account ? current : (await readCurrentPassword(ctx, secret.hostId, mainAccount)).password;
  const password = known ?? (await openMainPassword(ctx, secret.hostId, stored.sealedMainPassword));
  if (password === undefined) throw new NotRotatable('main-password-unknown');
  return { kind: 'main', account: mainAccount, credential: credentialOf(password) };
}

async function openMainPassword(
  ctx: Describing,
  hostId: string,
  sealed: Buffer | null,
): Promise<string | undefined> {
  if (sealed === null) return undefined;
  return openColumn(ctx.keyring, { table: 'host_secrets', field: 'main_password' }, hostId, sealed);
}

const PRIVATE_KEY = /^\s*-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----/;

const credentialOf = (secret: string): Credential =>
  PRIVATE_KEY.test(secret) ? { kind: 'key', privateKey: secret } : { kind: 'password', password: secret };
