/**
 * How often somebody may guess. Every attempt counts before its work is done and is taken back when it
 * succeeds; failures are forgotten one by one as time passes.
 */

export interface Limit {
  /** Attempts that are free. */
  readonly burst: number;
  /** Seconds after which one failure is forgotten. */
  readonly forgetSeconds: number;
  /** Seconds until the next attempt, after `excess` attempts beyond the burst. */
  readonly delaySeconds: (excess: number) => number;
}

export interface Failures {
  readonly failures: number;
  readonly firstAt: Date;
  /** Up to when forgetting is reckoned. */
  readonly lastAt: Date;
  readonly blockedUntil: Date | null;
}

const MAX_DELAY_SECONDS = 900;

export const LIMITS = {
  /** Contract 1.3: a burst of five, then one a minute. */
  identityAtAddress: { burst: 5, forgetSeconds: 60, delaySeconds: () => 60 },
  /** For guesses from many addresses. Never a lock: that would be a way to shut somebody out for good. */
  identity: {
    burst: 30,
    forgetSeconds: MAX_DELAY_SECONDS,
    delaySeconds: excess => Math.min(15 * 2 ** excess, MAX_DELAY_SECONDS),
  },
  /** For one password against many identities. An office behind one address fits. */
  address: { burst: 300, forgetSeconds: 6, delaySeconds: () => 6 },
} as const satisfies Record<string, Limit>;

/** Counters that rested this long stand at zero by every limit above, and may be deleted. */
export const FORGOTTEN_SECONDS = 86_400;

/** Whole seconds until an attempt is admitted; 0: now. */
export function secondsBlocked(state: Failures | undefined, now: Date): number {
  const until = state?.blockedUntil?.getTime() ?? 0;
  return Math.max(0, Math.ceil((until - now.getTime()) / 1_000));
}

/** The counter after one more attempt. */
export function countAttempt(state: Failures | undefined, limit: Limit, now: Date): Failures {
  const { failures: left, firstAt, lastAt } = forget(state, limit, now);
  const failures = left + 1;
  return {
    failures,
    firstAt,
    lastAt,
    blockedUntil:
      failures < limit.burst
        ? null
        : new Date(now.getTime() + limit.delaySeconds(failures - limit.burst) * 1_000),
  };
}

function forget(state: Failures | undefined, limit: Limit, now: Date): Omit<Failures, 'blockedUntil'> {
  const fresh = { failures: 0, firstAt: now, lastAt: now };
  if (state === undefined) return fresh;
  // The clocks of two replicas differ a little: time that ran backwards forgets nothing.
  const elapsed = Math.max(0, now.getTime() - state.lastAt.getTime()) / 1_000;
  if (elapsed >= FORGOTTEN_SECONDS) return fresh;
  const forgotten = Math.floor(elapsed / limit.forgetSeconds);
  if (forgotten >= state.failures) return fresh;
  return {
    failures: state.failures - forgotten,
    firstAt: state.firstAt,
    lastAt: new Date(state.lastAt.getTime() + forgotten * limit.forgetSeconds * 1_000),
  };
}
