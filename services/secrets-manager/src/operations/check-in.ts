import type { By } from '@strongroom/audit/change-on-record';
import { mayLookAfter, type AccountKey } from '../domain/account-path.ts';
import { isExpired, type Checkout } from '../domain/checkout.ts';
import { accountNotFound, notCheckedOut } from '../domain/errors.ts';
import { findActive, findCheckout } from '../store/checkouts.ts';
import { isUsable } from '../store/usable-accounts.ts';
import { takeAccount } from './check-out.ts';
import type { CheckoutContext } from './checkout-context.ts';
import { releaseCheckout } from './release-checkout.ts';

/**
 * The caller gives the account back, if he has it; whoever does not have it has given it back already. By force, which
 * takes the right to look after accounts, it is taken from everybody who has it.
 */
export async function checkIn(ctx: CheckoutContext, by: By, key: AccountKey, force: boolean): Promise<void> {
  const mayManage = mayLookAfter(by.caller, key.system);
  const held = await heldOf(ctx, key);
  const own = held.filter(({ userId }) => userId === by.caller.id);
  const mayKnow = own.length > 0 || mayManage || (await isUsable(ctx.db, by.caller.roles, key));
  if (!mayKnow || (force && !mayManage)) throw accountNotFound();
  for (const { id } of force ? held : own) await releaseCheckout(ctx, by, id);
}

/** Until when the caller has it then: so much longer, or as long as may be, and never beyond what the policy says. */
export async function extendCheckOut(
  ctx: CheckoutContext,
  by: By,
  key: AccountKey,
  moreMs: number | undefined,
): Promise<Date> {
  if (!(await isUsable(ctx.db, by.caller.roles, key))) throw accountNotFound();
  const own = (await heldOf(ctx, key)).find(({ userId }) => userId === by.caller.id);
  if (own === undefined) throw notCheckedOut();
  const wantedMs = moreMs === undefined ? undefined : own.expiresAt.getTime() + moreMs - ctx.now().getTime();
  const extended = await findCheckout(ctx.db, await takeAccount(ctx, by, key, wantedMs));
  if (extended === undefined) throw notCheckedOut();
  return extended.expiresAt;
}

async function heldOf({ db, now }: CheckoutContext, key: AccountKey): Promise<Checkout[]> {
  const active = await findActive(db, key);
  return active.filter(checkout => checkout.state === 'held' && !isExpired(checkout, now()));
}
