import type { AccountPlace } from './account-place.ts';

/**
 * An account was given back, and the rotation that must follow has failed: whoever had it still knows its password, so
 * nobody else gets it. secrets-manager tries on.
 */
export const CHECKOUT_RELEASE_FAILED = 'checkout.release-failed';

export type CheckoutReleaseFailed = AccountPlace & {
  readonly checkoutId: string;
  readonly account: string;
  /** Who had it. */
  readonly holderId: string;
  /** Failed rotations of this release so far. */
  readonly failures: number;
};
