import { randomBytes } from 'node:crypto';
import { changeOnRecord, type By } from '@strongroom/audit/change-on-record';
import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Queryable } from '@strongroom/db/database';
import type { AuthContext } from '../context.ts';
import {
  noAddressList,
  noApplicationAccount,
  onboardingKeyShown,
  sdkClientRuleNotFound,
} from '../domain/errors.ts';
import { digestOf } from '../domain/opaque-token.ts';
import { isAddressList, type RuleUser, type SdkClientRule } from '../domain/sdk-client.ts';
import {
  deleteRule as deleteRow,
  findRule,
  insertRule,
  listRules as listRows,
  lockRule,
  updateRule as updateRow,
  updateRuleKey,
} from '../store/sdk-client-rules.ts';
import { findClientIds, type Page } from '../store/sdk-clients.ts';
import { findUserByNumber } from '../store/users.ts';
import { requireRightsOver } from './rights-over.ts';
import { endMachineSessions } from './sdk-clients.ts';

/**
 * Rules by which machines register themselves. A rule hands out the rights of its account, and so does its onboarding
 * key: whoever deals with either must have these rights himself.
 */

export interface RuleInput extends Pick<SdkClientRule, 'name' | 'details' | 'requiresKey'> {
  /** Number of the application account; null: nobody, and the rule admits no machine. */
  readonly userNumber: number | null;
}

export const listRules = (ctx: Pick<AuthContext, 'db'>, page: Page): ReturnType<typeof listRows> =>
  listRows(ctx.db, page);

export async function readRule(ctx: Pick<AuthContext, 'db'>, id: number): Promise<SdkClientRule> {
  const rule = await findRule(ctx.db, id);
  if (rule === undefined) throw sdkClientRuleNotFound();
  return rule;
}

export async function createRule(ctx: AuthContext, by: By, input: RuleInput): Promise<SdkClientRule> {
  requireAddresses(input);
  const rule = await ctx.db.transaction(async tx => {
    const user = await requireAccount(tx, by, input.userNumber);
    const id = await insertRule(tx, { ...input, user }, ctx.now(), by.caller.id);
    const created = { ...ruleOf(input, user), id, keyHash: null };
    await ctx.audit.append(tx, { type: AUDIT_EVENTS.sdkClientRuleAdded, ...by, message: told(created) });
    return created;
  });
  ctx.ring();
  return rule;
}

/** Its machines ask for tokens anew, by what it says then. */
export async function updateRule(
  ctx: AuthContext,
  by: By,
  id: number,
  input: RuleInput,
): Promise<SdkClientRule> {
  requireAddresses(input);
  const rule = await ctx.db.transaction(async tx => {
    const before = await requireRule(tx, by, id);
    const user = await requireAccount(tx, by, input.userNumber);
    const updated = { ...before, ...ruleOf(input, user) };
    await updateRow(tx, updated, ctx.now(), by.caller.id);
    await endMachineSessions(ctx, tx, await findClientIds(tx, id));
    await ctx.audit.append(tx, { type: AUDIT_EVENTS.sdkClientRuleModified, ...by, message: told(updated) });
    return updated;
  });
  ctx.ring();
  return rule;
}

const ruleOf = ({ name, details, requiresKey }: RuleInput, user: RuleUser | null) => ({
  name,
  details,
  requiresKey,
  user,
});

/** With it go the machines that registered by it. */
export async function deleteRule(ctx: AuthContext, by: By, id: number): Promise<void> {
  await changeOnRecord(ctx, by, async tx => {
    const rule = await requireRule(tx, by, id);
    const clientIds = await findClientIds(tx, id);
    await deleteRow(tx, id);
    await endMachineSessions(ctx, tx, clientIds);
    return { type: AUDIT_EVENTS.sdkClientRuleRemoved, message: told(rule) };
  });
}

/** A key in place of the one before; it is answered this once and kept as a digest. */
export async function makeOnboardingKey(
  ctx: AuthContext,
  by: By,
  id: number,
  { isFirst }: { isFirst: boolean },
): Promise<string> {
  const key = randomBytes(32).toString('base64');
  await changeOnRecord(ctx, by, async tx => {
    const rule = await requireRule(tx, by, id);
    if (isFirst && rule.keyHash !== null) throw onboardingKeyShown();
    await updateRuleKey(tx, id, digestOf(key), ctx.now(), by.caller.id);
    return { type: AUDIT_EVENTS.onboardingKeyMade, message: told(rule) };
  });
  return key;
}

async function requireRule(tx: Queryable, { caller }: By, id: number): Promise<SdkClientRule> {
  const rule = await lockRule(tx, id);
  if (rule === undefined) throw sdkClientRuleNotFound();
  if (rule.user !== null) await requireRightsOver(tx, caller, [rule.user.id]);
  return rule;
}

async function requireAccount(
  tx: Queryable,
  { caller }: By,
  number: number | null,
): Promise<RuleUser | null> {
  if (number === null) return null;
  const user = await findUserByNumber(tx, number);
  if (!user?.isApplication) throw noApplicationAccount();
  await requireRightsOver(tx, caller, [user.id]);
  return { id: user.id, number: user.number, username: user.username };
}

function requireAddresses({ details }: RuleInput): void {
  if (details.length > 250 || !isAddressList(details)) throw noAddressList();
}

const told = (rule: Pick<SdkClientRule, 'id' | 'name' | 'details' | 'requiresKey' | 'user'>) => ({
  ruleID: String(rule.id),
  rule: rule.name,
  details: rule.details,
  requiresKey: String(rule.requiresKey),
  subjectID: rule.user?.id ?? '',
});
