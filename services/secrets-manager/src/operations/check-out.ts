import type { Act } from '@strongroom/audit/audit';
import type { By } from '@strongroom/audit/change-on-record';
import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Transaction } from '@strongroom/db/database';
import { keyOf, onRecord, type AccountKey } from '../domain/account-path.ts';
import { decideCheckout, isExpired, type CheckoutDecision } from '../domain/checkout.ts';
import { accountInUse, accountNotFound } from '../domain/errors.ts';
import {
  extendCheckout,
  findActive,
  findCheckoutPolicy,
  insertCheckout,
  lockCheckouts,
} from '../store/checkouts.ts';
import { findAccountCreation, isUsable } from '../store/usable-accounts.ts';
import type { CheckoutContext } from './checkout-context.ts';
import { endCheckout, told } from './end-checkout.ts';
import { readCheckout, type ReadableCheckout } from './read-checkout.ts';

/** Gives the account to the caller and shows its password. */
export const checkOut = async (
  ctx: CheckoutContext,
  by: By,
  key: AccountKey,
  wantedMs?: number,
): Promise<ReadableCheckout> => readCheckout(ctx, by, await takeAccount(ctx, by, key, wantedMs));

/**
 * Gives the account to the caller, for at most as long and at most as often as its policy says. Whoever has it already
 * gets the checkout that he has. `wantedMs` absent: as long as may be. Returns the id of the checkout.
 */
export async function takeAccount(
  ctx: CheckoutContext,
  by: By,
  key: AccountKey,
  wantedMs?: number,
): Promise<string> {
  if (!(await isUsable(ctx.db, by.caller.roles, key))) return refuse(ctx, by, key);
  const id = await ctx.db.transaction(async tx => {
    await lockCheckouts(tx, key);
    const acts = await endExpired(ctx, tx, key);
    const taken = await take(ctx, tx, by, key, wantedMs);
    acts.push(...taken.acts);
    if (acts.length > 0) await ctx.audit.append(tx, ...acts);
    return taken.id;
  });
  ctx.ring();
  if (id === undefined) throw accountInUse();
  return id;
}

/** What has run out is over now, not when somebody comes by to say so. */
async function endExpired(ctx: CheckoutContext, tx: Transaction, key: AccountKey): Promise<Act[]> {
  const acts: Act[] = [];
  for (const checkout of await findActive(tx, key)) {
    if (isExpired(checkout, ctx.now())) acts.push(await endCheckout(ctx, tx, checkout));
  }
  return acts;
}

interface Taken {
  /** Of the caller's checkout; undefined: he gets none. */
  readonly id: string | undefined;
  readonly acts: readonly Act[];
}

async function take(
  ctx: CheckoutContext,
  tx: Transaction,
  by: By,
  key: AccountKey,
  wantedMs: number | undefined,
): Promise<Taken> {
  const now = ctx.now();
  const userId = by.caller.id;
  const policy = await findCheckoutPolicy(tx, key);
  if (policy === undefined) throw accountNotFound();
  const decision = decideCheckout(await findActive(tx, key), userId, policy, now, wantedMs);
  if (decision.kind === 'refused') return { id: undefined, acts: [refusal(by, key)] };
  if (decision.kind === 'renewed') return renew(tx, by, decision);
  const { expiresAt } = decision;
  const checkout = { ...keyOf(key), id: ctx.newId(), userId, createdAt: now, expiresAt };
  await insertCheckout(tx, checkout, by.caller.name);
  const message = { ...told(checkout), expires: expiresAt.toISOString() };
  return { id: checkout.id, acts: [{ type: AUDIT_EVENTS.accountCheckedOut, ...by, message }] };
}

async function renew(
  tx: Transaction,
  by: By,
  { checkout, expiresAt }: Extract<CheckoutDecision, { kind: 'renewed' }>,
): Promise<Taken> {
  if (expiresAt <= checkout.expiresAt) return { id: checkout.id, acts: [] };
  await extendCheckout(tx, checkout.id, expiresAt);
  const message = { ...told(checkout), expires: expiresAt.toISOString() };
  return { id: checkout.id, acts: [{ type: AUDIT_EVENTS.checkoutExtended, ...by, message }] };
}

/** Somebody who may not use the account gets the same answer as for one that is not there. */
async function refuse(ctx: CheckoutContext, by: By, key: AccountKey): Promise<never> {
  if ((await findAccountCreation(ctx.db, key)) !== undefined) await ctx.audit.write(refusal(by, key));
  throw accountNotFound();
}

const refusal = (by: By, key: AccountKey): Act => ({
  type: AUDIT_EVENTS.checkoutRefused,
  ...by,
  message: onRecord(key),
});
