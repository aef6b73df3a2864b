import { describe, expect, test } from '@jest/globals';
import { createMemoryCache } from '@strongroom/cache/memory-cache';
import { clientKey, createRateLimits } from './rate-limits.ts';

describe('clientKey', () => {
  test.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::6', '2001:db8:1:2::/64'],
    ['2001:db8::6', '2001:db8:0:0::/64'],
    ['1::2:3:4:5:6:7', '1:0:2:3::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ])('%s counts as %s', (address, key) => {
    expect(clientKey(address)).toBe(key);
  });
});

describe('createRateLimits', () => {
  test('admits the rate as a burst, then names a delay, for each address', async () => {
    const rates = { rateLimitPerSecond: 2, signInRateLimitPerSecond: 1 };
    const limits = createRateLimits(
      rates,
      createMemoryCache(() => new Date(0)),
    );
    expect(await limits.delay('192.0.2.1', false)).toBe(0);
    expect(await limits.delay('192.0.2.1', false)).toBe(0);
    expect(await limits.delay('192.0.2.1', false)).toBe(1);
    expect(await limits.delay('192.0.2.2', false)).toBe(0);
  });

  test('holds sign-ins to their own, lower rate', async () => {
    const rates = { rateLimitPerSecond: 10, signInRateLimitPerSecond: 1 };
    const limits = createRateLimits(
      rates,
      createMemoryCache(() => new Date(0)),
    );
    expect(await limits.delay('192.0.2.1', true)).toBe(0);
    expect(await limits.delay('192.0.2.1', true)).toBe(1);
    expect(await limits.delay('192.0.2.1', false)).toBe(0);
  });
});
