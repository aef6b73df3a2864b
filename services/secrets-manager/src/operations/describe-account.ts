import { hostAccount, keyOf, type AccountKey } from '../domain/account-path.ts';
import type { Host } from '../domain/host.ts';
import type { HostSecret } from '../domain/host-secret.ts';
import { NotRotatable } from '../domain/rotation-failure.ts';
import { compileScript } from '../domain/script-template.ts';
import { openColumn } from '../domain/sealed-column.ts';
import { findStoredAccount, type StoredAccount } from '../store/accounts.ts';
import { findTrustedKey } from '../store/host-keys.ts';
import { findHostSecret } from '../store/host-secrets.ts';
import { findHost } from '../store/hosts.ts';
import { findPasswordPolicy } from '../store/password-policies.ts';
import { findScriptTemplate } from '../store/script-templates.ts';
import type { HostKey } from '../targets/host-key.ts';
import type { Authority, Credential, TargetDescription } from '../targets/target.ts';
import { readCurrentPassword } from './current-password.ts';
import { describeInDomain } from './describe-domain-account.ts';
import type { DescribedAccount, Describing } from './described-account.ts';
import { givenKeys, hasGivenKeys } from './host-keys.ts';
import { openPassphrases } from './host-passphrases.ts';

/** Undefined: the account, or its system, is no more. */
export async function describeAccount(
  ctx: Describing,
  key: AccountKey,
): Promise<DescribedAccount | undefined> {
  const stored = await findStoredAccount(ctx.db, key);
  if (stored === undefined) return undefined;
  const describeIn = key.system === 'host' ? describeOnHost : describeInDomain;
  return describeIn(ctx, keyOf(key), stored);
}

async function describeOnHost(
  ctx: Describing,
  key: AccountKey,
  stored: StoredAccount,
): Promise<DescribedAccount | undefined> {
  const { systemId: hostId, account } = key;
  const [host, secret] = await Promise.all([findHost(ctx.db, hostId), findHostSecret(ctx.db, hostId)]);
  if (host === undefined || secret === undefined) return undefined;
  const { scriptTemplateId } = secret;
  const [policy, template, trusted] = await Promise.all([
    findPasswordPolicy(ctx.db, secret.passwordPolicyId),
    scriptTemplateId === null ? undefined : findScriptTemplate(ctx.db, scriptTemplateId),
    findTrustedKey(ctx.db, hostId),
  ]);
  // Neither can be deleted while the host secret names it.
  if (policy === undefined || (template === undefined && scriptTemplateId !== null)) return undefined;
  const { document } = host;
  const isGiven = hasGivenKeys(document);
  const known = trusted === undefined ? [] : [trusted];
  const target = describeTarget(secret, isGiven ? givenKeys(document) : known);
  return {
    key,
    systemName: stored.systemName,
    target,
    trustsFirstKey:
      target.kind === 'ssh' &&
      !isGiven &&
      trusted === undefined &&
      document.tofu === true &&
      ctx.rotation.trustOnFirstUse,
    policy,
    script:
      template &&
      compileScript(template.operatingSystem, template.script, {
        username: account,
        hostname: stored.systemName,
        address: secret.address,
      }),
    mayBegin: stored.isRotated && stored.isEnabled,
    authority: current => authorityOf(ctx, { host, secret, stored, account, current }),
  };
}

function describeTarget(secret: HostSecret, hostKeys: readonly HostKey[]): TargetDescription {
  const { address: host, port, certificateValidationOptions, trustAnchors } = secret;
  const trust = trustAnchors === '' ? {} : { ca: trustAnchors };
  const tls = certificateValidationOptions === 'ENABLED' ? trust : 'unchecked';
  switch (secret.protocol) {
    case 'SSH':
      return { kind: 'ssh', host, port, hostKeys };
    case 'WINRM':
      return { kind: 'winrm', host, port };
    case 'POSTGRESQL':
      return { kind: 'postgresql', host, port, tls };
    case 'MYSQL':
      return { kind: 'mysql', host, port, tls };
  }
}

interface Known {
  readonly host: Host;
  readonly secret: HostSecret;
  readonly stored: StoredAccount;
  readonly account: string;
  readonly current: string | undefined;
}

async function authorityOf(ctx: Describing, known: Known): Promise<Authority> {
  const { secret, account, current } = known;
  if (!secret.useMainAccount) {
    if (current === undefined) throw new NotRotatable('password-unknown');
    return { kind: 'self', currentPassword: current };
  }
  const { hostId, mainAccount } = secret;
  const given = await openMainSecret(ctx, known);
  // A key stays what signs in, also where the main account's own password is rotated.
  if (given !== undefined && PRIVATE_KEY.test(given)) {
    return { kind: 'main', account: mainAccount, credential: { kind: 'key', privateKey: given } };
  }
  const own =
    mainAccount === account
      ? current
      : (await readCurrentPassword(ctx, hostAccount(hostId, mainAccount))).password;
  const password = own ?? given;
  if (password === undefined) throw new NotRotatable('main-password-unknown');
  const credential: Credential = { kind: 'password', password };
  return { kind: 'main', account: mainAccount, credential };
}

/** A password or a private key (PEM, OpenSSH): that of the host secret, else the passphrase of the principal. */
async function openMainSecret(ctx: Describing, { host, secret, stored }: Known): Promise<string | undefined> {
  if (stored.sealedMainPassword !== null) {
    const column = { table: 'host_secrets', field: 'main_password' } as const;
    return openColumn(ctx.keyring, column, host.id, stored.sealedMainPassword);
  }
  const passphrases = await openPassphrases(ctx.keyring, host);
  const { principals = [] } = host.document;
  const found = principals.findIndex(
    ({ principal }, index) => principal === secret.mainAccount && (passphrases[index] ?? '') !== '',
  );
  return passphrases[found];
}

const PRIVATE_KEY = /^\s*-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----/;
