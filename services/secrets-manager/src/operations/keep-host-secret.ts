import type { Transaction } from '@strongroom/db/database';
import { invalidField } from '@strongroom/errors/common-errors';
import type { SecretsManagerContext } from '../context.ts';
import { hostAccount } from '../domain/account-path.ts';
import type { HostSecretSettings } from '../domain/host-secret.ts';
import { accountObjectId, sealColumn } from '../domain/sealed-column.ts';
import { deleteUnusedHostSecret, dropAccountsBut, putAccount, putHostSecret } from '../store/host-secrets.ts';
import { findPasswordPolicy } from '../store/password-policies.ts';
import { findScriptTemplate } from '../store/script-templates.ts';
import { forgetPlansOfHost } from '../store/rotation-plans.ts';
import type { By } from '@strongroom/audit/change-on-record';

export interface HostSecretInput {
  readonly settings: HostSecretSettings;
  /** What names of members in the body begin with, for what is refused. */
  readonly at: string;
  /** Name → initial password; empty text: none is given. */
  readonly accounts: ReadonlyMap<string, string>;
  /** Empty text: none is given. */
  readonly mainPassword?: string;
}

/** Stores how passwords on a host are changed, and of which accounts. The host is locked, or new. */
export async function keepHostSecret(
  ctx: Pick<SecretsManagerContext, 'keyring' | 'now'>,
  tx: Transaction,
  by: By,
  hostId: string,
  { settings, at, accounts, mainPassword = '' }: HostSecretInput,
): Promise<void> {
  if ((await findPasswordPolicy(tx, settings.passwordPolicyId)) === undefined) {
    throw invalidField(`${at}password_policy_id`, 'No password policy has this id');
  }
  if (settings.scriptTemplateId !== null) {
    const template = await findScriptTemplate(tx, settings.scriptTemplateId);
    if (template === undefined) {
      throw invalidField(`${at}script_template_id`, 'No script template has this id');
    }
    if (template.operatingSystem !== settings.operatingSystem) {
      throw invalidField(`${at}script_template_id`, 'The script template is for another operating system');
    }
  }
  const now = ctx.now();
  const actor = by.caller.id;
  const sealedMain =
    mainPassword === ''
      ? null
      : sealColumn(ctx.keyring, { table: 'host_secrets', field: 'main_password' }, hostId, mainPassword);
  await forgetPlansOfHost(tx, hostId, settings.passwordPolicyId);
  await putHostSecret(tx, { ...settings, hostId, updatedAt: now, updatedBy: actor }, sealedMain);
  await dropAccountsBut(tx, hostId, [...accounts.keys()]);
  for (const [account, password] of accounts) {
    const sealed = password === '' ? null : sealInitialPassword(ctx, hostId, account, password);
    await putAccount(tx, { hostId, account, createdAt: now, createdBy: actor }, sealed);
  }
}

const sealInitialPassword = (
  ctx: Pick<SecretsManagerContext, 'keyring'>,
  hostId: string,
  account: string,
  password: string,
): Buffer =>
  sealColumn(
    ctx.keyring,
    { table: 'accounts', field: 'initial_password' },
    accountObjectId(hostAccount(hostId, account)),
    password,
  );

/** Rotation was switched off: nothing is changed any more. What was stored for an account stays. */
export async function removeHostSecret(tx: Transaction, hostId: string): Promise<void> {
  await dropAccountsBut(tx, hostId, []);
  await deleteUnusedHostSecret(tx, hostId);
}
