import type { Act } from '@strongroom/audit/audit';
import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import { CHECKOUT_RELEASE_FAILED, type CheckoutReleaseFailed } from '@strongroom/contracts/checkout-events';
import { cloudEvent } from '@strongroom/contracts/cloud-event';
import type { Transaction } from '@strongroom/db/database';
import { appendEvents } from '@strongroom/outbox/outbox';
import type { SecretsManagerContext } from '../context.ts';
import { inEvents } from '../domain/account-path.ts';
import { waitAfterFailure, type Checkout } from '../domain/checkout.ts';
import type { OnRotationFinished } from '../domain/rotation.ts';
import { findCheckoutPolicy, lockReleasing, markReleased, noteFailedRotation } from '../store/checkouts.ts';
import { told } from './end-checkout.ts';

type Settling = Pick<SecretsManagerContext, 'audit' | 'config' | 'newId' | 'now'>;

/**
 * A rotation has ended for which an account was waiting: with a new password it is free, otherwise it stays taken and
 * somebody is told. One that was cancelled is looked after when its time has come. In the rotation's own transaction.
 */
export const settleReleases =
  (ctx: Settling): OnRotationFinished =>
  async (tx, finished) => {
    const { id, outcome } = finished;
    const acts: Act[] = [];
    for (const checkout of await lockReleasing(tx, finished, id)) {
      if (outcome === 'succeeded') {
        await markReleased(tx, checkout.id, ctx.now());
        acts.push({ type: AUDIT_EVENTS.checkoutCompleted, message: told(checkout) });
      } else if (outcome === 'failed') {
        acts.push(await noteFailure(ctx, tx, checkout));
      }
    }
    if (acts.length > 0) await ctx.audit.append(tx, ...acts);
  };

async function noteFailure(ctx: Settling, tx: Transaction, checkout: Checkout): Promise<Act> {
  const now = ctx.now();
  const failures = checkout.failedRotations + 1;
  const policy = await findCheckoutPolicy(tx, checkout);
  // Without a policy there is nothing to wait for.
  const waitMs = policy === undefined ? 0 : waitAfterFailure(policy, failures);
  await noteFailedRotation(tx, checkout.id, { now, lookAt: new Date(now.getTime() + waitMs) });
  const { id: checkoutId, userId: holderId } = checkout;
  await appendEvents(tx, [
    cloudEvent<CheckoutReleaseFailed>(ctx.config.service, CHECKOUT_RELEASE_FAILED, ctx.newId(), now, {
      checkoutId,
      ...inEvents(checkout),
      holderId,
      failures,
    }),
  ]);
  return {
    type: AUDIT_EVENTS.checkoutRotationFailed,
    message: { ...told(checkout), failures: String(failures) },
  };
}
