import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Cache } from '@strongroom/cache/cache';
import { openRedisCache } from '@strongroom/cache/redis-cache';
import { silentLogger } from '@strongroom/log/logger';
import { silentMetrics } from '@strongroom/metrics/metrics';
import { eventually } from '@strongroom/testing/eventually';
import type { OwnServer } from '@strongroom/testing/own-server';
import { canStartRedis, startRedis } from '@strongroom/testing/redis';
import type { Gateway } from '../src/service.ts';
import { fakeUpstream, send, startTestGateway, type FakeUpstream } from './harness.ts';

const RATE = 40;
const GATEWAYS = 4;
/** A lease is a twentieth of the rate; what the others leased of it, nobody else can spend. */
const UNSPENT = (GATEWAYS - 1) * (RATE / 20 - 1);

((await canStartRedis()) ? describe : describe.skip)('gateways on one Redis', () => {
  let redis: OwnServer;
  let upstream: FakeUpstream;
  let caches: Cache[];
  let gateways: Gateway[];

  beforeAll(async () => {
    redis = await startRedis();
    upstream = await fakeUpstream((_request, response) => response.end('{}'));
    caches = Array.from({ length: GATEWAYS }, () =>
      openRedisCache({ url: redis.url, log: silentLogger, metrics: silentMetrics }),
    );
    // Waits for the first connection.
    await Promise.all(caches.map(cache => cache.recall('nothing')));
    gateways = await Promise.all(
      caches.map(cache =>
        startTestGateway(upstream.origin, { rateLimitPerSecond: RATE }, silentLogger, { cache }),
      ),
    );
  });
  afterAll(async () => {
    await Promise.all(gateways.map(gateway => gateway.stop()));
    await Promise.all(caches.map(cache => cache.close()));
    await upstream.close();
    await redis.stop();
  });

  /** How many of many at once are admitted, in a second at most. */
  async function storm(): Promise<number> {
    await eventually('the window before is over', async () => {
      const { status } = await send(gateways[0]?.url ?? '', '/vault/api/v1/secrets');
      return status === 200;
    });
    const start = performance.now();
    const answers = await Promise.all(
      Array.from({ length: GATEWAYS * RATE }, (_, index) =>
        send(gateways[index % GATEWAYS]?.url ?? '', '/vault/api/v1/secrets'),
      ),
    );
    const admitted = answers.filter(({ status }) => status === 200).length;
    for (const { status, headers } of answers)
      if (status !== 200) expect([status, headers['retry-after']]).toEqual([429, '1']);
    return performance.now() - start < 1_000 ? admitted : storm();
  }

  test('admit the rate together, whichever is asked', async () => {
    const admitted = await storm();
    // One use began the window, and a second touches two windows at most.
    expect(admitted).toBeGreaterThanOrEqual(RATE - 1 - UNSPENT);
    expect(admitted).toBeLessThanOrEqual(2 * RATE);
  });

  test('admit the whole rate each while it is away, and fail no request', async () => {
    await redis.kill();
    for (const { url } of gateways) {
      const answers = await Promise.all(
        Array.from({ length: RATE / 2 }, () => send(url, '/vault/api/v1/secrets')),
      );
      expect(answers.map(({ status }) => status).filter(status => status !== 200 && status !== 429)).toEqual(
        [],
      );
    }
    await redis.start();
  });
});
