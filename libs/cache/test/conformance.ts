import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '@strongroom/testing/eventually';
import { CAPACITY, type Cache } from '../src/cache.ts';

/** What every cache does, wherever it remembers. `make` gives one that works. */
export function describeCache(
  name: string,
  make: () => Promise<{ cache: Cache; stop: () => Promise<void> }>,
) {
  describe(name, () => {
    let cache: Cache;
    let stop: () => Promise<void>;
    beforeAll(async () => {
      ({ cache, stop } = await make());
    });
    afterAll(() => stop());

    test('admits the points of a window, and then names the seconds to wait', async () => {
      const limiter = cache.createLimiter({ name: randomUUID(), points: 3, durationSeconds: 600 });
      const waits = [];
      for (let use = 0; use < 5; use += 1) waits.push(await limiter.consume('key'));
      expect(waits.slice(0, 3)).toEqual([0, 0, 0]);
      for (const wait of waits.slice(3)) {
        expect(wait).toBeGreaterThan(500);
        expect(wait).toBeLessThanOrEqual(600);
      }
      expect(await limiter.consume('another key')).toBe(0);
    });

    test('admits again when the window is over', async () => {
      const limiter = cache.createLimiter({ name: randomUUID(), points: 1, durationSeconds: 1 });
      expect(await limiter.consume('key')).toBe(0);
      await eventually('the next window', async () => (await limiter.consume('key')) === 0);
    });

    test('keeps limiters apart by their names', async () => {
      const options = { points: 1, durationSeconds: 600 };
      for (const limiter of [1, 2].map(() => cache.createLimiter({ name: randomUUID(), ...options })))
        expect(await limiter.consume('key')).toBe(0);
    });

    test('gives a claim to one of many', async () => {
      const key = randomUUID();
      const claims = await Promise.all(Array.from({ length: 20 }, () => cache.claimOnce(key, 600)));
      expect(claims.filter(Boolean)).toHaveLength(1);
      expect(await cache.claimOnce(key, 600)).toBe(false);
      expect(await cache.claimOnce(randomUUID(), 600)).toBe(true);
    });

    test('gives a claim anew that was released, or whose time is over', async () => {
      const [released, over] = [randomUUID(), randomUUID()];
      await cache.claimOnce(released, 600);
      await cache.release(released);
      expect(await cache.claimOnce(released, 600)).toBe(true);
      await cache.claimOnce(over, 1);
      await eventually('the time is over', () => cache.claimOnce(over, 600));
    });

    test('recalls the members of a set, each until its time, those first that end first', async () => {
      const set = randomUUID();
      expect(await cache.recall(set)).toEqual([]);
      await cache.remember(set, [], 600);
      await cache.remember(set, ['long', 'again'], 600);
      await cache.remember(set, ['short'], 1);
      await cache.remember(set, ['again'], 1_200);
      expect(await cache.recall(set)).toEqual(['short', 'long', 'again']);
      await eventually('the time of one is over', async () => (await cache.recall(set)).length < 3);
      expect(await cache.recall(set)).toEqual(['long', 'again']);
    });

    test('keeps the newest members of a set that is full', async () => {
      const set = randomUUID();
      const members = Array.from({ length: CAPACITY + 10 }, (_, index) => `member ${index}`);
      await cache.remember(set, members.slice(0, 10), 300);
      for (let start = 10; start < members.length; start += 1_000)
        await cache.remember(set, members.slice(start, start + 1_000), 600);
      const kept = new Set(await cache.recall(set));
      expect(kept.size).toBe(CAPACITY);
      expect([kept.has('member 0'), kept.has(`member ${CAPACITY + 9}`)]).toEqual([false, true]);
    });
  });
}
