import { silentLogger, type Logger } from '@strongroom/log/logger';
import { silentMetrics, type Metrics } from '@strongroom/metrics/metrics';
import { eventually } from '@strongroom/testing/eventually';
import type { Cache } from '../src/cache.ts';
import { openRedisCache, type RedisCacheOptions } from '../src/redis-cache.ts';

export interface WatchedCache extends Cache {
  /** What `strongroom_cache_available` says. */
  isAvailable: () => boolean;
  untilAvailable: () => Promise<void>;
  untilAway: () => Promise<void>;
  readonly lines: readonly string[];
  /** How often an operation was done where. */
  count: (operation: string, place: string) => number;
}

/** One replica's cache. */
export function watchCache(options: Omit<RedisCacheOptions, 'log' | 'metrics'>): WatchedCache {
  const lines: string[] = [];
  const counts = new Map<string, number>();
  let available: () => number | Promise<number> = () => 0;
  const write = (message: string, fields: object = {}) =>
    void lines.push(`${message} ${JSON.stringify(fields)}`);
  const log: Logger = { ...silentLogger, info: write, warn: write };
  const metrics: Metrics = {
    ...silentMetrics,
    gauge: (_name, _help, read) => void (available = read),
    counter: () => labels => {
      const name = Object.values(labels ?? {}).join(' ');
      counts.set(name, (counts.get(name) ?? 0) + 1);
    },
  };
  const cache = openRedisCache({ ...options, log, metrics });
  const isAvailable = () => available() === 1;
  return {
    ...cache,
    isAvailable,
    untilAvailable: () => eventually('the cache answers', isAvailable),
    untilAway: () => eventually('the cache counts as away', () => !isAvailable()),
    lines,
    count: (operation, place) => counts.get(`${operation} ${place}`) ?? 0,
  };
}
