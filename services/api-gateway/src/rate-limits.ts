import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { GatewayConfig } from './config.ts';

export interface RateLimits {
  /** Seconds after which to try again; 0 admits the request. */
  delay: (address: string, signIn: boolean) => Promise<number>;
}

/** Counts live in this process: each replica of the gateway admits the configured rate. */
export function createRateLimits(
  config: Pick<GatewayConfig, 'rateLimitPerSecond' | 'signInRateLimitPerSecond'>,
): RateLimits {
  const all = new RateLimiterMemory({ points: config.rateLimitPerSecond, duration: 1 });
  const signIns = new RateLimiterMemory({ points: config.signInRateLimitPerSecond, duration: 1 });
  return {
    async delay(address, signIn) {
      const key = clientKey(address);
      try {
        await all.consume(key);
        if (signIn) await signIns.consume(key);
        return 0;
      } catch (refusal) {
        if (refusal instanceof RateLimiterRes) return Math.max(1, Math.ceil(refusal.msBeforeNext / 1000));
        throw refusal;
      }
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
