import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import { repeatEvery } from '@strongroom/service/repeat-every';
import type { SecretsManagerContext } from '../context.ts';
import { keyOf } from '../domain/account-path.ts';
import type { Checkout } from '../domain/checkout.ts';
import {
  awaitRotation,
  countHeldUp,
  deleteReleased,
  findCheckout,
  findCheckoutPolicy,
  findExpired,
  findToLookAt,
  isEnabled,
  isRotationToCome,
  lockCheckouts,
  lookAgain,
  markReleased,
} from '../store/checkouts.ts';
import type { CheckoutContext } from './checkout-context.ts';
import { LOOK_MS, told } from './end-checkout.ts';
import { expireCheckout } from './release-checkout.ts';
import { requestRotation } from './request-rotation.ts';

const INTERVAL_MS = 5_000;
const AT_ONCE = 100;
const KEPT_MS = 30 * 86_400_000;

/** Ends what has run out, sees to releases that wait for a rotation, and forgets what ended long ago. */
export async function lookAfterCheckouts(ctx: CheckoutContext): Promise<void> {
  for (const checkout of await findExpired(ctx.db, ctx.now(), AT_ONCE)) {
    await each(ctx, () => expireCheckout(ctx, checkout));
  }
  for (const checkout of await findToLookAt(ctx.db, ctx.now(), AT_ONCE)) {
    await each(ctx, () => pursueRelease(ctx, checkout));
  }
  await deleteReleased(ctx.db, new Date(ctx.now().getTime() - KEPT_MS), AT_ONCE);
}

/** One account that is in trouble must not hold up the others. */
async function each(ctx: CheckoutContext, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    ctx.log.error('a checkout could not be looked after; the next round tries again', error);
  }
}

/**
 * A release whose rotation has failed, or was lost with its account. The rotation is asked for before the row is touched:
 * whoever finishes one holds it, and wants the row then (settle-releases).
 */
async function pursueRelease(ctx: CheckoutContext, known: Checkout): Promise<void> {
  const { id } = known;
  const now = ctx.now();
  const lookAt = new Date(now.getTime() + LOOK_MS);
  // First of all, so that one that fails over and over goes behind the others.
  await lookAgain(ctx.db, id, lookAt);
  await ctx.db.transaction(async tx => {
    await lockCheckouts(tx, known);
    const checkout = await findCheckout(tx, id);
    if (checkout?.state !== 'releasing') return;
    const policy = await findCheckoutPolicy(tx, checkout);
    if (policy?.rotateOnRelease !== true) {
      await markReleased(tx, id, now);
      await ctx.audit.append(tx, {
        type: AUDIT_EVENTS.checkoutCompleted,
        message: { ...told(checkout), rotation: 'none' },
      });
    } else if (!(await isRotationToCome(tx, checkout)) && (await isEnabled(tx, checkout))) {
      const requestedBy = ctx.config.service;
      await awaitRotation(
        tx,
        id,
        await requestRotation(ctx, tx, { ...keyOf(checkout), trigger: 'release', requestedBy }),
      );
    }
  });
  ctx.ring();
}

/** Every replica does it; what one has ended, another finds ended. Returns the stop. */
export function startLookingAfterCheckouts(
  ctx: CheckoutContext & Pick<SecretsManagerContext, 'metrics'>,
): () => Promise<void> {
  ctx.metrics.gauge(
    'strongroom_checkouts_held_up',
    'Accounts that were given back and are not free, because their password could not be changed',
    () => countHeldUp(ctx.db),
  );
  return repeatEvery(
    INTERVAL_MS,
    () => lookAfterCheckouts(ctx),
    error => ctx.log.error('checkouts were not looked after; the next round tries again', error),
  );
}
