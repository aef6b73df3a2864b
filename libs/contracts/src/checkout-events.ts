/**
 * An account was given back, and the rotation that must follow has failed: whoever had it still knows its password, so
 * nobody else gets it. secrets-manager tries on.
 */
export const CHECKOUT_RELEASE_FAILED = 'checkout.release-failed';

export interface CheckoutReleaseFailed {
  readonly checkoutId: string;
  readonly hostId: string;
  readonly account: string;
  /** Who had it. */
  readonly holderId: string;
  /** Failed rotations of this release so far. */
  readonly failures: number;
}
