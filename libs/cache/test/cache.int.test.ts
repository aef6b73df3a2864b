import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '@strongroom/testing/eventually';
import { createLink, type Link } from '@strongroom/testing/link';
import type { OwnServer } from '@strongroom/testing/own-server';
import { canStartRedis, startRedis } from '@strongroom/testing/redis';
import { Redis } from 'ioredis';
import type { Cache } from '../src/cache.ts';
import { createMemoryCache } from '../src/memory-cache.ts';
import { describeCache } from './conformance.ts';
import { createTlsFront } from './tls-front.ts';
import { watchCache, type WatchedCache } from './support.ts';

describeCache('the memory cache', () => {
  const cache = createMemoryCache();
  return Promise.resolve({ cache, stop: cache.close });
});

const withRedis = (await canStartRedis()) ? describe : describe.skip;

withRedis('with Redis', () => {
  let redis: OwnServer;
  let link: Link;
  const open: Cache[] = [];

  beforeAll(async () => {
    redis = await startRedis();
    link = await createLink(redis.port);
  });
  afterEach(async () => {
    link.mend();
    await Promise.all(open.splice(0).map(cache => cache.close()));
  });
  afterAll(async () => {
    await link.close();
    await redis.stop();
  });

  const linkedUrl = () => redis.url.replace(String(redis.port), String(link.port));
  async function replica(url = redis.url): Promise<WatchedCache> {
    const cache = watchCache({ url });
    open.push(cache);
    await cache.untilAvailable();
    return cache;
  }
  const limit = () => ({ name: randomUUID(), points: 60, durationSeconds: 600 });

  describeCache('the Redis cache', async () => {
    const cache = watchCache({ url: redis.url });
    await cache.untilAvailable();
    return { cache, stop: cache.close };
  });

  describeCache('the Redis cache without Redis', () => {
    const cache = watchCache({ url: 'redis://127.0.0.1:1' });
    // A set is not kept by who cannot share it.
    const local = createMemoryCache();
    return Promise.resolve({
      cache: { ...cache, remember: local.remember, recall: local.recall },
      stop: cache.close,
    });
  });

  describe('replicas', () => {
    test('admit together what a limit allows, whoever is asked, and not one more', async () => {
      const replicas = await Promise.all([replica(), replica(), replica()]);
      const options = limit();
      const limiters = replicas.map(({ createLimiter }) => createLimiter(options));
      const uses = Array.from({ length: 300 }, async (_, use) => limiters[use % 3]?.consume('key'));
      const waits = await Promise.all(uses);
      const admitted = waits.filter(wait => wait === 0).length;
      expect(admitted).toBeLessThanOrEqual(60);
      // A lease is three points here.
      expect(admitted).toBeGreaterThanOrEqual(60 - 2 * 2);
      expect(replicas[0].count('limit', 'shared')).toBeLessThan(60);
    });

    test('give a claim to one of them, and recall what another remembered', async () => {
      const [one, other] = await Promise.all([replica(), replica()]);
      const key = randomUUID();
      const claims = await Promise.all([one, other, one, other].map(cache => cache.claimOnce(key, 600)));
      expect(claims.filter(Boolean)).toHaveLength(1);
      await one.remember(key, ['member'], 600);
      expect(await other.recall(key)).toEqual(['member']);
      await one.release(key);
      expect(await other.claimOnce(key, 600)).toBe(true);
    });

    test('begin anew when Redis forgets everything', async () => {
      const [one, other] = await Promise.all([replica(), replica()]);
      const options = { ...limit(), points: 1 };
      const key = randomUUID();
      expect(await one.createLimiter(options).consume(key)).toBe(0);
      expect(await one.claimOnce(key, 600)).toBe(true);
      await one.remember(key, ['member'], 600);
      const admin = new Redis(redis.url);
      await admin.flushall();
      admin.disconnect();
      expect(await other.createLimiter(options).consume(key)).toBe(0);
      expect(await other.claimOnce(key, 600)).toBe(true);
      expect(await other.recall(key)).toEqual([]);
    });

    test('wait for the first connection when they recall at once', async () => {
      const set = randomUUID();
      await (await replica()).remember(set, ['member'], 600);
      const late = watchCache({ url: redis.url });
      open.push(late);
      expect(late.isAvailable()).toBe(false);
      expect(await late.recall(set)).toEqual(['member']);
    });
  });

  /** Every operation, as a caller of the cache sees it. */
  async function useAll(cache: Cache, options = limit()) {
    const key = randomUUID();
    const limiter = cache.createLimiter(options);
    const waits = await Promise.all(
      Array.from({ length: options.points + 5 }, async () => limiter.consume(key)),
    );
    const claims = [await cache.claimOnce(key, 600), await cache.claimOnce(key, 600)];
    await cache.release(key);
    claims.push(await cache.claimOnce(key, 600));
    await cache.remember(key, ['member'], 600);
    return { admitted: waits.filter(wait => wait === 0).length, claims, recalled: await cache.recall(key) };
  }

  describe('an outage', () => {
    test.each(['kill -9', 'a cut', 'a freeze'])('by %s fails nothing, and ends by itself', async how => {
      const cache = await replica(linkedUrl());
      if (how === 'kill -9') await redis.kill();
      else if (how === 'a cut') link.cut();
      else link.freeze();

      // Nobody has noticed a freeze yet: the first to ask waits, and gives up.
      const first = await useAll(cache);
      await cache.untilAway();
      expect(first.claims).toEqual([true, false, true]);
      expect(first.admitted).toBe(60);
      expect(first.recalled).toEqual([]);
      // From now on nobody waits: the answer is there at once, and no promise.
      expect(cache.createLimiter(limit()).consume('key')).toBe(0);
      expect(await useAll(cache)).toEqual({ admitted: 60, claims: [true, false, true], recalled: [] });

      if (how === 'kill -9') await redis.start();
      else link.mend();
      await cache.untilAvailable();
      expect(await useAll(cache)).toEqual({
        admitted: 60,
        claims: [true, false, true],
        recalled: ['member'],
      });
      expect(cache.lines).toEqual([
        expect.stringContaining('the cache is away'),
        expect.stringContaining('the cache is back'),
      ]);
    });

    test('in the middle of work leaves every use answered', async () => {
      const cache = await replica(linkedUrl());
      const limiter = cache.createLimiter({ ...limit(), points: 1_000 });
      const uses = Promise.all(
        Array.from({ length: 2_000 }, async (_, use) => {
          await new Promise(resolve => setImmediate(resolve));
          if (use === 500) link.cut();
          return limiter.consume(`key ${use}`);
        }),
      );
      expect(new Set(await uses)).toEqual(new Set([0]));
      expect(cache.count('limit', 'local')).toBeGreaterThan(0);
    });

    test('that was there from the start is none of the service’s trouble', async () => {
      link.cut();
      const cache = watchCache({ url: linkedUrl() });
      open.push(cache);
      expect((await useAll(cache)).admitted).toBe(60);
      link.mend();
      await cache.untilAvailable();
      expect((await useAll(cache)).recalled).toEqual(['member']);
    });

    test('by a wrong password is told without it', async () => {
      const url = new URL(redis.url);
      url.password = '';
      const cache = watchCache({ url: url.href, password: 'plum-of-the-test' });
      open.push(cache);
      expect((await useAll(cache)).admitted).toBe(60);
      expect(cache.lines).toEqual([expect.stringContaining('WRONGPASS')]);
      expect(cache.lines.join()).not.toContain('plum');
    });
  });

  test('the password may be given apart from the address', async () => {
    const url = new URL(redis.url);
    const { password } = url;
    url.password = '';
    const cache = watchCache({ url: url.href, password });
    open.push(cache);
    await cache.untilAvailable();
  });

  test('over TLS, a server is trusted that the given authority vouches for, and no other', async () => {
    const front = await createTlsFront(redis.port);
    const url = redis.url.replace('redis:', 'rediss:').replace(String(redis.port), String(front.port));
    const trusting = watchCache({ url, ca: front.ca });
    const doubting = watchCache({ url });
    open.push(trusting, doubting);
    await trusting.untilAvailable();
    await eventually('the certificate is refused', () => doubting.lines.length > 0);
    expect(doubting.lines).toEqual([expect.stringContaining('SELF_SIGNED')]);
    await Promise.all(open.splice(0).map(cache => cache.close()));
    await front.close();
  });
});
