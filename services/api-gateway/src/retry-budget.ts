/** Second tries, as a share of first ones: when everything fails, trying again must not double the load. */
export interface RetryBudget {
  /** A first try. */
  earn: () => void;
  /** Whether one more try may be made; it is then counted. */
  spend: () => boolean;
}

const SHARE = 0.2;
/** What may be saved up: one replica of several may die with many requests under way. */
const BURST = 256;

export function createRetryBudget(share = SHARE, burst = BURST): RetryBudget {
  let credit = burst;
  return {
    earn() {
      credit = Math.min(burst, credit + share);
    },
    spend() {
      if (credit < 1) return false;
      credit -= 1;
      return true;
    },
  };
}
