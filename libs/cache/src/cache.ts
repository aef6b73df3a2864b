/**
 * What the replicas of a service remember together for a while: in Redis in the cluster, in memory in one process.
 * It may forget everything at any moment, so nothing is true because it stands here, and nothing fails because it
 * is gone: while Redis is away each replica goes on by itself (docs/adr/0018-only-a-cache.md).
 */
export interface Cache {
  /** Counts uses of keys within a window, over all replicas. `name` sets one limiter's keys apart from another's. */
  createLimiter: (options: LimiterOptions) => Limiter;
  /** True for the first claim of `key` within the time, on whichever replica; false afterwards. */
  claimOnce: (key: string, ttlSeconds: number) => Promise<boolean>;
  /** Gives a claim back whose work failed. */
  release: (key: string) => Promise<void>;
  /** Keeps members of a set, each until its own time; the newest CAPACITY of them. */
  remember: (set: string, members: readonly string[], ttlSeconds: number) => Promise<void>;
  /** Members whose time is not over, those first that end first. Empty when the cache cannot be asked. */
  recall: (set: string) => Promise<readonly string[]>;
  close: () => Promise<void>;
}

/** The most claims that a process remembers, and the most members of one set anywhere. */
export const CAPACITY = 10_000;

export interface LimiterOptions {
  readonly name: string;
  /** Uses of one key in each window. */
  readonly points: number;
  readonly durationSeconds: number;
}

export interface Limiter {
  /** Seconds to wait; 0 admits. Never rejects, and is a promise only when Redis has to be asked. */
  consume: (key: string) => Promise<number> | number;
}
