import type { Act } from '@strongroom/audit/audit';
import type { By } from '@strongroom/audit/change-on-record';
import { AUDIT_EVENTS, type AuditEventType } from '@strongroom/contracts/audit';
import type { Transaction } from '@strongroom/db/database';
import { keyOf, onRecord, type AccountKey } from '../domain/account-path.ts';
import { isExpired, needsRotation, type Checkout } from '../domain/checkout.ts';
import { findActive, findCheckoutPolicy, markReleased, markReleasing } from '../store/checkouts.ts';
import type { CheckoutContext } from './checkout-context.ts';
import { requestRotation } from './request-rotation.ts';

/** How long a release may take before it is looked at whether its rotation is still to come. */
export const LOOK_MS = 60_000;

/**
 * Ends a checkout that is held; the checkouts of its account are locked. When the password must change, the account stays
 * taken and the rotation is asked for, in one transaction: none is freed without its rotation, and none stays taken
 * without one to come. Returns what is to go on the record.
 */
export async function endCheckout(
  ctx: CheckoutContext,
  tx: Transaction,
  checkout: Checkout,
  by?: By,
): Promise<Act> {
  const now = ctx.now();
  const { id } = checkout;
  const others = (await findActive(tx, checkout)).filter(other => other.id !== id);
  const rotates = needsRotation(await findCheckoutPolicy(tx, checkout), others);
  if (rotates) {
    const requestedBy = by?.caller.id ?? ctx.config.service;
    const rotationId = await requestRotation(ctx, tx, {
      ...keyOf(checkout),
      trigger: 'release',
      requestedBy,
    });
    await markReleasing(tx, id, { now, lookAt: new Date(now.getTime() + LOOK_MS), rotationId });
  } else {
    await markReleased(tx, id, now);
  }
  return {
    type: endedBy(checkout, now, by),
    ...by,
    message: { ...told(checkout), rotation: rotates ? 'requested' : 'none' },
  };
}

function endedBy(checkout: Checkout, now: Date, by: By | undefined): AuditEventType {
  if (by === undefined || isExpired(checkout, now)) return AUDIT_EVENTS.checkoutExpired;
  return by.caller.id === checkout.userId ? AUDIT_EVENTS.checkoutReleased : AUDIT_EVENTS.checkoutTakenAway;
}

export const told = (checkout: AccountKey & Pick<Checkout, 'id' | 'userId'>) => ({
  checkoutID: checkout.id,
  ...onRecord(checkout),
  holderID: checkout.userId,
});
