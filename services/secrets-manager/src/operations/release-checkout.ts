import type { By } from '@strongroom/audit/change-on-record';
import { isExpired, mayKnow, type Checkout } from '../domain/checkout.ts';
import { checkoutNotFound } from '../domain/errors.ts';
import { findCheckout, lockCheckouts } from '../store/checkouts.ts';
import type { CheckoutContext } from './checkout-context.ts';
import { endCheckout } from './end-checkout.ts';

/** Gives an account back, or takes it away; one that is given back already stays so. */
export async function releaseCheckout(ctx: CheckoutContext, by: By, id: string): Promise<void> {
  const found = await findCheckout(ctx.db, id);
  if (found === undefined || !mayKnow(by.caller, found)) throw checkoutNotFound();
  await endHeld(ctx, found, () => true, by);
}

/** Ends a checkout whose time is over, unless it was extended meanwhile. Returns it as it is then. */
export async function expireCheckout(ctx: CheckoutContext, checkout: Checkout): Promise<Checkout> {
  await endHeld(ctx, checkout, current => isExpired(current, ctx.now()));
  return (await findCheckout(ctx.db, checkout.id)) ?? checkout;
}

async function endHeld(
  ctx: CheckoutContext,
  known: Checkout,
  mustEnd: (current: Checkout) => boolean,
  by?: By,
): Promise<void> {
  await ctx.db.transaction(async tx => {
    await lockCheckouts(tx, known);
    const current = await findCheckout(tx, known.id);
    if (current?.state !== 'held' || !mustEnd(current)) return;
    await ctx.audit.append(tx, await endCheckout(ctx, tx, current, by));
  });
  ctx.ring();
}
