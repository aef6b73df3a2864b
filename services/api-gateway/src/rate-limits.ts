import type { Cache } from '@strongroom/cache/cache';
import type { GatewayConfig } from './config.ts';

export interface RateLimits {
  /** Seconds after which to try again; 0 admits the request. A promise only when the cache has to be asked. */
  delay: (address: string, signIn: boolean) => number | Promise<number>;
}

/** The replicas of the gateway count together; while the cache is away, each admits the configured rate. */
export function createRateLimits(
  config: Pick<GatewayConfig, 'rateLimitPerSecond' | 'signInRateLimitPerSecond'>,
  cache: Pick<Cache, 'createLimiter'>,
): RateLimits {
  const perSecond = (name: string, points: number) =>
    cache.createLimiter({ name, points, durationSeconds: 1 });
  const all = perSecond('address', config.rateLimitPerSecond);
  const signIns = perSecond('sign-in', config.signInRateLimitPerSecond);
  return {
    delay(address, signIn) {
      const key = clientKey(address);
      const afterAll = (wait: number) => (wait > 0 || !signIn ? wait : signIns.consume(key));
      const wait = all.consume(key);
      return typeof wait === 'number' ? afterAll(wait) : wait.then(afterAll);
    },
  };
}

/**
 * One client, one key. An IPv6 host owns a whole /64 and could otherwise take a fresh address for every
 * request; an IPv4 address counts the same when it arrives on a socket of both families.
 */
export function clientKey(address: string): string {
  if (!address.includes(':')) return address;
  if (address.startsWith('::ffff:') && address.includes('.')) return address.slice('::ffff:'.length);
  const [before = '', after] = address.replace(/%.*$/, '').split('::');
  const groups = before === '' ? [] : before.split(':');
  if (after !== undefined) {
    const last = after === '' ? [] : after.split(':');
    while (groups.length + last.length < 8) groups.push('0');
    groups.push(...last);
  }
  return `${groups.slice(0, 4).join(':')}::/64`;
}
