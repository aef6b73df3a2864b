import type { By } from '@strongroom/audit/change-on-record';
import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Transaction } from '@strongroom/db/database';
import { invalidField } from '@strongroom/errors/common-errors';
import type { SecretsManagerContext } from '../context.ts';
import { scannedAccountNotFound, targetDomainNotFound } from '../domain/errors.ts';
import {
  keyOfManaged,
  type AccountIdentity,
  type ManagedAccount,
  type ManagedAccountSettings,
} from '../domain/managed-account.ts';
import {
  findScannedIdentities,
  findScannedIdentity,
  findUntaken,
  holdDomain,
  insertManagedAccount,
  type DomainHandle,
} from '../store/managed-accounts.ts';
import { requireKnownRoles, told } from './managed-accounts.ts';
import { requestRotation } from './request-rotation.ts';

export interface TakeUp {
  readonly settings: Partial<ManagedAccountSettings>;
  /** Its password is changed at once. */
  readonly rotate: boolean;
}

/**
 * Manages an account from now on. What is not said of it is what a scan found under its name: one that the directory has
 * renamed since is still found by that.
 */
export async function createManagedAccount(
  ctx: SecretsManagerContext,
  by: By,
  domainId: string,
  given: Partial<AccountIdentity> & Pick<AccountIdentity, 'username'>,
  takeUp: TakeUp,
): Promise<string> {
  await requireKnownRoles(ctx, takeUp.settings.roles);
  return inDomain(ctx, domainId, async (tx, domain) => {
    const scanned = await findScannedIdentity(tx, domainId, given.username);
    return manage(ctx, tx, domain, { ...UNKNOWN, ...scanned, ...given }, takeUp, by);
  });
}

/** The same for accounts that scans have found: all of them, or none. Their ids, in that order. */
export async function manageScannedAccounts(
  ctx: SecretsManagerContext,
  by: By,
  domainId: string,
  scannedIds: readonly string[],
  takeUp: TakeUp,
): Promise<string[]> {
  await requireKnownRoles(ctx, takeUp.settings.roles);
  return inDomain(ctx, domainId, async (tx, domain) => {
    const scanned = await findScannedIdentities(tx, domainId, scannedIds);
    const ids: string[] = [];
    for (const scannedId of new Set(scannedIds.map(each => each.toLowerCase()))) {
      const identity = scanned.get(scannedId);
      if (identity === undefined) throw scannedAccountNotFound();
      ids.push(await manage(ctx, tx, domain, identity, takeUp, by));
    }
    return ids;
  });
}

/**
 * What a scan does with accounts that it has found, where the target domain says so: those that are not managed yet are
 * from now on, under its policy, and their passwords are changed by it. Returns how many. `actor`: id of who is told to
 * have made them.
 */
export async function onboardAccounts(
  ctx: SecretsManagerContext,
  tx: Transaction,
  domain: DomainHandle,
  found: readonly AccountIdentity[],
  actor: string,
): Promise<number> {
  const untaken = await findUntaken(tx, domain.id, found);
  for (const identity of untaken) {
    await manage(ctx, tx, domain, identity, { settings: { rotationEnabled: true }, rotate: false }, actor);
  }
  return untaken.length;
}

const UNKNOWN: Omit<AccountIdentity, 'username'> = {
  sourceId: '',
  securityId: '',
  samAccountName: '',
  email: '',
  fullName: '',
  additionalData: {},
};

/** Nobody may check it out, and nothing is changed, unless that is said. */
const DEFAULTS: Omit<ManagedAccountSettings, 'passwordPolicyId'> = {
  enabled: true,
  rotationEnabled: false,
  explicitCheckout: true,
  disableRdpCertAuth: false,
  roles: [],
  comment: '',
};

async function manage(
  ctx: SecretsManagerContext,
  tx: Transaction,
  domain: DomainHandle,
  identity: AccountIdentity,
  { settings, rotate }: TakeUp,
  by: By | string,
): Promise<string> {
  const passwordPolicyId = settings.passwordPolicyId ?? domain.autoOnboardingPolicyId;
  if (passwordPolicyId === null) throw policyMissing();
  const actor = typeof by === 'string' ? by : by.caller.id;
  const now = ctx.now();
  const account: ManagedAccount = {
    ...DEFAULTS,
    ...settings,
    ...identity,
    passwordPolicyId,
    id: ctx.newId(),
    domainId: domain.id,
    createdAt: now,
    createdBy: actor,
    updatedAt: now,
    updatedBy: actor,
  };
  await insertManagedAccount(tx, account);
  if (rotate && account.rotationEnabled && account.enabled) {
    await requestRotation(ctx, tx, { ...keyOfManaged(account), trigger: 'request', requestedBy: actor });
  }
  await ctx.audit.append(tx, {
    type: AUDIT_EVENTS.managedAccountAdded,
    ...(typeof by === 'string' ? {} : by),
    message: told(account),
  });
  return account.id;
}

const policyMissing = () =>
  invalidField(
    'password_policy.id',
    'The account needs a password policy; the target domain has none for it',
    'REQUIRED_VALUE_MISSING',
  );

async function inDomain<T>(
  ctx: SecretsManagerContext,
  domainId: string,
  work: (tx: Transaction, domain: DomainHandle) => Promise<T>,
): Promise<T> {
  const result = await ctx.db.transaction(async tx => {
    const domain = await holdDomain(tx, domainId);
    if (domain === undefined) throw targetDomainNotFound();
    return work(tx, domain);
  });
  ctx.ring();
  return result;
}
