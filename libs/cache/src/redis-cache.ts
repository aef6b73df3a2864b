import type { Logger } from '@strongroom/log/logger';
import type { Metrics } from '@strongroom/metrics/metrics';
import { CAPACITY, type Cache, type LimiterOptions } from './cache.ts';
import { createMemoryCache, wholeWindow } from './memory-cache.ts';
import { openRedisConnection, type RedisConnectionOptions } from './redis-connection.ts';
import { createWindowLimiter, type Lease } from './window-limiter.ts';

export interface RedisCacheOptions extends RedisConnectionOptions {
  log: Logger;
  metrics: Metrics;
}

type Operation = 'limit' | 'claim' | 'release' | 'remember' | 'recall';

/**
 * Part of a window, so that N replicas ask twenty times in it and not at each use. A key never gets more than its
 * points; it gets less by what others leased and did not use: at most this part for each other replica.
 */
const LEASE_PART = 20;

/** Starts without Redis, too, and connects in the background. */
export function openRedisCache({ metrics, ...options }: RedisCacheOptions): Cache {
  const connection = openRedisConnection(options);
  const local = createMemoryCache();
  metrics.gauge('strongroom_cache_available', '1 while the shared cache answers.', () =>
    connection.isAvailable() ? 1 : 0,
  );
  const count = metrics.counter<'operation' | 'place'>(
    'strongroom_cache_operations_total',
    'Operations of the cache: shared with the other replicas, or local while Redis does not answer.',
    ['operation', 'place'],
  );

  /** Undefined: do it locally. */
  async function shared<T>(
    operation: Operation,
    command: Parameters<typeof connection.ask<T>>[0],
  ): Promise<T | undefined> {
    const answer = await connection.ask(command);
    count({ operation, place: answer === undefined ? 'local' : 'shared' });
    return answer;
  }

  async function lease(limiter: LimiterOptions, key: string): Promise<Lease> {
    const { name, points, durationSeconds } = limiter;
    const most = Math.max(1, Math.floor(points / LEASE_PART));
    const answer = await shared('limit', redis =>
      redis.eval(LEASE, 1, `limit:${name}:${key}`, points, most, durationSeconds * 1_000),
    );
    return readLease(answer) ?? wholeWindow(limiter);
  }

  return {
    createLimiter: limiter =>
      createWindowLimiter({
        lease: key => (connection.isAvailable() ? lease(limiter, key) : wholeWindow(limiter)),
        nowMs: () => performance.now(),
      }),
    async claimOnce(key, ttlSeconds) {
      const answer = await shared('claim', redis => redis.set(`claim:${key}`, '1', 'EX', ttlSeconds, 'NX'));
      return answer === undefined ? local.claimOnce(key, ttlSeconds) : answer !== null;
    },
    async release(key) {
      // Wherever it was claimed.
      await local.release(key);
      await shared('release', redis => redis.del(`claim:${key}`));
    },
    async remember(set, members, ttlSeconds) {
      if (members.length === 0) return;
      await shared('remember', redis =>
        redis.eval(REMEMBER, 1, `set:${set}`, ttlSeconds * 1_000, CAPACITY, ...members.slice(-CAPACITY)),
      );
    },
    async recall(set) {
      await connection.attempted;
      const members = await shared('recall', redis => redis.eval(RECALL, 1, `set:${set}`));
      return Array.isArray(members) ? members.filter(member => typeof member === 'string') : [];
    },
    close: connection.close,
  };
}

/**
 * Leases points of a key: `{points, whether there are more, milliseconds to the window's end}`. Near the limit leases
 * get smaller, so that few are left with somebody who has no use for them. The window begins with its first lease.
 */
const LEASE = `
local left = tonumber(ARGV[1]) - tonumber(redis.call('GET', KEYS[1]) or '0')
local points = 0
if left > 0 then
  points = math.min(tonumber(ARGV[2]), math.ceil(left / 4))
  redis.call('INCRBY', KEYS[1], points)
end
local ends = redis.call('PTTL', KEYS[1])
if ends < 0 then
  ends = tonumber(ARGV[3])
  redis.call('PEXPIRE', KEYS[1], ends)
end
return {points, left > points and 1 or 0, ends}
`;

/** A sorted set by the end of each member, in milliseconds of Redis' own clock. */
const REMEMBER = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
for index = 3, #ARGV do
  redis.call('ZADD', KEYS[1], now + ARGV[1], ARGV[index])
end
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -1 - ARGV[2])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[1]) then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
end
return 1
`;

const RECALL = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
return redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. now, '+inf')
`;

function readLease(answer: unknown): Lease | undefined {
  if (!Array.isArray(answer)) return undefined;
  const [points, more, endsInMs] = answer as unknown[];
  if (typeof points !== 'number' || typeof endsInMs !== 'number') return undefined;
  return { points, endsInMs, hasMore: more === 1 };
}
