import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { Cache, LimiterOptions, Limiter } from './cache.ts';

/** The memory of a single process. */
export function createMemoryCache(now: () => Date = () => new Date()): Cache {
  const claims = new Map<string, number>();
  const sets = new Map<string, Map<string, number>>();
  return {
    createLimiter: createMemoryLimiter,
    claimOnce(key, ttlSeconds) {
      const time = now().getTime();
      for (const [claimed, until] of claims) if (until <= time) claims.delete(claimed);
      if (claims.has(key)) return Promise.resolve(false);
      claims.set(key, time + ttlSeconds * 1_000);
      return Promise.resolve(true);
    },
    remember(set, members, ttlSeconds) {
      const kept = sets.get(set) ?? new Map<string, number>();
      for (const member of members) kept.set(member, now().getTime() + ttlSeconds * 1_000);
      sets.set(set, kept);
      return Promise.resolve();
    },
    recall(set) {
      const kept = sets.get(set) ?? new Map<string, number>();
      for (const [member, until] of kept) if (until <= now().getTime()) kept.delete(member);
      return Promise.resolve([...kept.keys()]);
    },
    close: () => Promise.resolve(),
  };
}

export function createMemoryLimiter({ points, durationSeconds }: LimiterOptions): Limiter {
  const limiter = new RateLimiterMemory({ points, duration: durationSeconds });
  return {
    async consume(key) {
      try {
        await limiter.consume(key);
        return 0;
      } catch (refusal) {
        if (refusal instanceof RateLimiterRes) return Math.max(1, Math.ceil(refusal.msBeforeNext / 1_000));
        throw refusal;
      }
    },
  };
}
