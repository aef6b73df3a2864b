import type { Transaction } from '@strongroom/db/database';
import { repeatEvery } from '@strongroom/service/repeat-every';
import type { SecretsManagerContext } from '../context.ts';
import { keyOf, type AccountKey } from '../domain/account-path.ts';
import { parseDuration } from '../domain/duration.ts';
import { nextRotation, placeOf, soonRotation, type Pace } from '../domain/rotation-schedule.ts';
import type { OnRotationFinished } from '../domain/rotation.ts';
import { isOpen } from '../domain/rotation-window.ts';
import { forgetPlan, planRotations, takeUnplanned, type PlannedAccount } from '../store/rotation-plans.ts';

/** Makes a rotation due now, in the transaction; one that is under way already stays the only one. */
export type RequestRotation = (
  tx: Transaction,
  account: AccountKey & { readonly trigger: 'schedule' },
) => Promise<unknown>;

type Scheduler = Pick<SecretsManagerContext, 'db' | 'now' | 'ring' | 'log'>;

const BATCH = 100;
/** A round leaves the rest to the next one: after an outage the queue of rotations grows no faster than that. */
const BATCHES_OF_A_ROUND = 10;

/**
 * Works out when accounts are rotated that have no time yet, and makes due rotations of those whose time has come and
 * whose window is open. Returns how many rotations.
 */
export async function scheduleRotations(ctx: Scheduler, request: RequestRotation): Promise<number> {
  let requested = 0;
  for (let batch = 0; batch < BATCHES_OF_A_ROUND; batch += 1) {
    const taken = await ctx.db.transaction(async tx => {
      const now = ctx.now();
      const accounts = await takeUnplanned(tx, now, BATCH);
      const due = accounts.filter(account => isDue(account, now));
      for (const account of due) await request(tx, { ...keyOf(account), trigger: 'schedule' });
      const plans = accounts.map(account => ({
        ...keyOf(account),
        at: due.includes(account) ? nextRotation(now, paceOf(account)) : planOf(account, now),
      }));
      if (plans.length > 0) await planRotations(tx, plans);
      requested += due.length;
      return accounts.length;
    });
    if (taken < BATCH) break;
  }
  if (requested > 0) ctx.ring();
  return requested;
}

const isDue = ({ nextRotation: planned, rotationWindow }: PlannedAccount, now: Date): boolean =>
  planned !== null && (rotationWindow === null || isOpen(rotationWindow, now));

/** What was missed, or is new, is not done at once, since much may have been missed. */
function planOf(account: PlannedAccount, now: Date): Date {
  const pace = paceOf(account);
  const next = account.lastRotated === null ? now : nextRotation(account.lastRotated, pace);
  return next > now ? next : soonRotation(now, pace);
}

function paceOf(account: PlannedAccount): Pace {
  const { rotationInterval, rotationWindow } = account;
  const intervalMs = parseDuration(rotationInterval);
  if (intervalMs === undefined) throw new Error('a password policy has an interval that is none');
  return { intervalMs, window: rotationWindow ?? undefined, place: placeOf(account) };
}

/** A success, for whatever reason, counts as the last rotation. After a failure the time that was planned stays. */
export const planAnew: OnRotationFinished = async (tx, finished) => {
  if (finished.outcome === 'succeeded') await forgetPlan(tx, finished);
};

/** Every replica does it: what one has taken, the others pass over. Returns the stop. */
export function startScheduling(
  ctx: Scheduler,
  request: RequestRotation,
  intervalMs: number,
): () => Promise<void> {
  return repeatEvery(
    intervalMs,
    () => scheduleRotations(ctx, request),
    error => ctx.log.error('rotations could not be scheduled; the next round tries again', error),
  );
}
