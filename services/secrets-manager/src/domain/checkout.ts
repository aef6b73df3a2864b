import type { Caller } from '@strongroom/contracts/caller';
import { mayLookAfter, type AccountKey } from './account-path.ts';

/**
 * `held`: the holder may read the password. `releasing`: he is done, and what he knows still opens the account, so
 * nobody else gets it until a rotation has succeeded.
 */
export type CheckoutState = 'held' | 'releasing' | 'released';

export interface Checkout extends AccountKey {
  readonly id: string;
  /** The holder. */
  readonly userId: string;
  readonly state: CheckoutState;
  /** Of the password that the holder was shown first; null: none was shown yet. */
  readonly version: number | null;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly endedAt: Date | null;
  /** While releasing, the rotation that is waited for; null: whichever succeeds next. */
  readonly rotationId: string | null;
  readonly failedRotations: number;
  readonly lastFailedAt: Date | null;
}

/** What the password policy of an account says of checkouts. */
export interface CheckoutPolicy {
  readonly maxConcurrent: number;
  readonly maxDurationMs: number;
  readonly rotateOnRelease: boolean;
  readonly retryIntervalMs: number;
}

export type CheckoutDecision =
  | { readonly kind: 'new'; readonly expiresAt: Date }
  /** The caller has it already. */
  | { readonly kind: 'renewed'; readonly checkout: Checkout; readonly expiresAt: Date }
  | { readonly kind: 'refused' };

/** To others a checkout is not there. Who looks after accounts sees who has what, and takes it away; no password. */
export const mayKnow = (caller: Caller, { userId, system }: Checkout): boolean =>
  caller.id === userId || mayLookAfter(caller, system);

export const isExpired = ({ state, expiresAt }: Checkout, now: Date): boolean =>
  state === 'held' && expiresAt <= now;

/**
 * Who may have the account now. `active`: all of its checkouts that are held or releasing, none of them expired. Nobody
 * holds one for longer than the policy says, however often he asks.
 */
export function decideCheckout(
  active: readonly Checkout[],
  userId: string,
  policy: CheckoutPolicy,
  now: Date,
  wantedMs: number = policy.maxDurationMs,
): CheckoutDecision {
  // The password is about to change.
  if (active.some(({ state }) => state === 'releasing')) return { kind: 'refused' };
  const own = active.find(checkout => checkout.userId === userId);
  if (own !== undefined) {
    const wanted = Math.min(now.getTime() + wantedMs, own.createdAt.getTime() + policy.maxDurationMs);
    // What was promised is not taken back when the policy has become shorter.
    const expiresAt = new Date(Math.max(wanted, own.expiresAt.getTime()));
    return { kind: 'renewed', checkout: own, expiresAt };
  }
  if (active.length >= policy.maxConcurrent) return { kind: 'refused' };
  return { kind: 'new', expiresAt: new Date(now.getTime() + Math.min(wantedMs, policy.maxDurationMs)) };
}

/** Whether the password must change before somebody else gets the account: as soon as nobody has it any more. */
export const needsRotation = (policy: CheckoutPolicy | undefined, others: readonly Checkout[]): boolean =>
  policy?.rotateOnRelease === true && others.length === 0;

const LONGEST_WAIT_MS = 3_600_000;

/** After so many failed rotations of one release: doubled by each, up to an hour, or to what the policy says. */
export function waitAfterFailure(
  { retryIntervalMs }: Pick<CheckoutPolicy, 'retryIntervalMs'>,
  failures: number,
): number {
  return Math.max(retryIntervalMs, Math.min(retryIntervalMs * 2 ** (failures - 1), LONGEST_WAIT_MS));
}
