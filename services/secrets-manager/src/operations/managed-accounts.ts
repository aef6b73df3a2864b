import type { By, Told } from '@strongroom/audit/change-on-record';
import { findUnknownRole } from '@strongroom/auth-client/role-directory';
import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Transaction } from '@strongroom/db/database';
import { invalidField } from '@strongroom/errors/common-errors';
import type { SecretsManagerContext } from '../context.ts';
import { onRecord } from '../domain/account-path.ts';
import { managedAccountNotFound, rotationDisabled, rotationUnderWay } from '../domain/errors.ts';
import {
  keyOfManaged,
  type AccountIdentity,
  type ManagedAccount,
  type ManagedAccountSettings,
} from '../domain/managed-account.ts';
import {
  deleteManagedAccount as deleteRow,
  findManagedAccounts,
  isUnsettled,
  lockManagedAccounts,
  updateManagedAccount as updateRow,
} from '../store/managed-accounts.ts';
import { forgetPlan } from '../store/rotation-plans.ts';
import { makeDue } from './rotate-password.ts';
import { setPassword } from './set-password.ts';

/** What a client says of an account; what it does not say stays. */
export type ManagedAccountChange = Partial<AccountIdentity & ManagedAccountSettings>;

export async function editManagedAccounts(
  ctx: SecretsManagerContext,
  by: By,
  domainId: string,
  ids: readonly string[],
  change: ManagedAccountChange,
): Promise<void> {
  const before = await findManagedAccounts(ctx.db, domainId, ids);
  await requireKnownRoles(
    ctx,
    change.roles,
    before.flatMap(({ roles }) => roles),
  );
  await changeEach(ctx, by, domainId, ids, async (tx, account) => {
    const next = { ...account, ...change, updatedAt: ctx.now(), updatedBy: by.caller.id };
    if (next.username !== account.username) throw nameStays();
    if (next.passwordPolicyId !== account.passwordPolicyId) await forgetPlan(tx, keyOfManaged(account));
    await updateRow(tx, next);
    return { type: AUDIT_EVENTS.managedAccountModified, message: told(account) };
  });
}

/** Its passwords in vault are found by it. */
const nameStays = () =>
  invalidField('username', 'The name of a managed account cannot be changed', 'VALUE_INCORRECT_FORMAT');

/** Refused while an account may have either of two passwords. What vault keeps stays. */
export const deleteManagedAccounts = (
  ctx: SecretsManagerContext,
  by: By,
  domainId: string,
  ids: readonly string[],
): Promise<void> =>
  changeEach(ctx, by, domainId, ids, async (tx, account) => {
    const key = keyOfManaged(account);
    if (await isUnsettled(tx, key)) throw rotationUnderWay();
    await deleteRow(tx, key);
    return { type: AUDIT_EVENTS.managedAccountRemoved, message: told(account) };
  });

/** Makes rotations of them due now. */
export const rotateManagedAccounts = (
  ctx: SecretsManagerContext,
  by: By,
  domainId: string,
  ids: readonly string[],
): Promise<void> =>
  changeEach(ctx, by, domainId, ids, (tx, account) => {
    if (!account.rotationEnabled) throw rotationDisabled();
    return makeDue(ctx, tx, by, keyOfManaged(account));
  });

/** Stores the password that somebody knows the account to have; the directory is not asked. */
export async function setManagedPassword(
  ctx: SecretsManagerContext,
  by: By,
  domainId: string,
  id: string,
  password: string,
): Promise<void> {
  const [account] = await findManagedAccounts(ctx.db, domainId, [id]);
  if (account === undefined) throw managedAccountNotFound();
  await setPassword(ctx, by, keyOfManaged(account), password);
}

/** All of them, or none: each is locked, and what is done to it goes on the record with it. */
async function changeEach(
  ctx: SecretsManagerContext,
  by: By,
  domainId: string,
  ids: readonly string[],
  work: (tx: Transaction, account: ManagedAccount) => Promise<Told>,
): Promise<void> {
  const wanted = new Set(ids);
  await ctx.db.transaction(async tx => {
    const accounts = await lockManagedAccounts(tx, domainId, [...wanted]);
    if (accounts.length < wanted.size) throw managedAccountNotFound();
    for (const account of accounts) await ctx.audit.append(tx, { ...(await work(tx, account)), ...by });
  });
  ctx.ring();
}

export const told = (account: Pick<ManagedAccount, 'id' | 'domainId' | 'username'>) => ({
  managedAccountID: account.id,
  ...onRecord(keyOfManaged(account)),
});

/** A role that an account has already may stay, although it was deleted since. */
export async function requireKnownRoles(
  ctx: Pick<SecretsManagerContext, 'roles'>,
  roles: readonly string[] = [],
  kept: readonly string[] = [],
): Promise<void> {
  if (roles.length === 0) return;
  const unknown = await findUnknownRole(ctx.roles, roles, kept);
  if (unknown !== -1) throw invalidField(`roles.${unknown}.id`, 'No role has this id');
}
