import { CAPACITY, type Cache, type LimiterOptions } from './cache.ts';
import { createExpiringSet, type ExpiringSet } from './expiring-set.ts';
import { createWindowLimiter, type Lease } from './window-limiter.ts';

/** The memory of a single process. */
export function createMemoryCache(now: () => Date = () => new Date()): Cache {
  const claims = createExpiringSet(now, CAPACITY);
  const sets = new Map<string, ExpiringSet>();
  return {
    createLimiter: options =>
      createWindowLimiter({ lease: () => wholeWindow(options), nowMs: () => now().getTime() }),
    claimOnce(key, ttlSeconds) {
      if (claims.has(key)) return Promise.resolve(false);
      claims.put(key, ttlSeconds);
      return Promise.resolve(true);
    },
    release(key) {
      claims.delete(key);
      return Promise.resolve();
    },
    remember(set, members, ttlSeconds) {
      const kept = sets.get(set) ?? createExpiringSet(now, CAPACITY);
      sets.set(set, kept);
      for (const member of members) kept.put(member, ttlSeconds);
      return Promise.resolve();
    },
    recall: set => Promise.resolve(sets.get(set)?.list() ?? []),
    close: () => Promise.resolve(),
  };
}

/** Everything at once, for who shares with nobody. */
export const wholeWindow = ({ points, durationSeconds }: LimiterOptions): Lease => ({
  points,
  endsInMs: durationSeconds * 1_000,
  hasMore: false,
});
