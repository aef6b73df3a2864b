import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { rememberEndedSessions, rememberReducedRights } from '@strongroom/auth-client/remembered-revocations';
import { createMemoryBus } from '@strongroom/bus/memory-bus';
import type { Cache } from '@strongroom/cache/cache';
import { createMemoryCache } from '@strongroom/cache/memory-cache';
import { openRedisCache } from '@strongroom/cache/redis-cache';
import { silentLogger } from '@strongroom/log/logger';
import { silentMetrics } from '@strongroom/metrics/metrics';
import { eventually } from '@strongroom/testing/eventually';
import { canStartRedis, startRedis } from '@strongroom/testing/redis';
import { SECRETS, startTestVault, withTestVault, type TestVault } from './support.ts';

/** What vault does while auth, or its database, is away (docs/adr/0018-only-a-cache.md). */

const REVOCATIONS = '/auth/api/v1/revocations';

let vault: TestVault;
beforeAll(async () => {
  vault = await startTestVault();
});
afterEach(() => vault.issuer.away.clear());
afterAll(() => vault.stop());

/** Somebody who may add secrets, signed in. */
async function somebody() {
  const [sub, sid] = [randomUUID(), randomUUID()];
  return { sub, sid, bearer: await vault.issuer.bearer({ sub, sid, permissions: ['vault-add'] }) };
}

/** 400 for who may add secrets, since nothing is sent; 403 for who may not; 401 for nobody. */
const tryToAdd = async (bearer: string, url: string) =>
  (await vault.call('POST', SECRETS, { as: bearer, body: '{}' }, url)).status;

test('a token that was never seen before is taken although auth is gone', async () => {
  await withTestVault(async own => {
    expect((await own.call('GET', SECRETS)).status).toBe(200);
    await own.issuer.stop();
    const as = await own.issuer.bearer({ permissions: ['vault-manage'] });
    expect((await own.call('GET', SECRETS, { as })).status).toBe(200);
  });
});

/** What auth told the cache counts at a replica that was not there to hear it. */
async function expectLateJoinerToKnow(told: Cache, asked: Cache) {
  const [ended, reduced, spared] = [await somebody(), await somebody(), await somebody()];
  await rememberEndedSessions(told, [ended.sid]);
  await rememberReducedRights(told, [{ id: reduced.sub, roles: [], permissions: [] }], new Date());
  vault.issuer.away.add(REVOCATIONS);
  const { url, stop } = await vault.startReplica({}, { cache: asked });
  const statuses = [];
  for (const { bearer } of [ended, reduced, spared]) statuses.push(await tryToAdd(bearer, url));
  await stop();
  expect(statuses).toEqual([401, 403, 400]);
}

describe('a replica that starts while auth cannot say what was revoked', () => {
  test('has it from the cache', async () => {
    const cache = createMemoryCache();
    await expectLateJoinerToKnow(cache, cache);
  });

  test('starts also when the cache is empty', async () => {
    const { bearer } = await somebody();
    vault.issuer.away.add(REVOCATIONS);
    const { url, stop } = await vault.startReplica();
    expect(await tryToAdd(bearer, url)).toBe(400);
    await stop();
  });
});

((await canStartRedis()) ? test : test.skip)('the cache may be Redis, and Redis may be away', async () => {
  const redis = await startRedis();
  const open = () => openRedisCache({ url: redis.url, log: silentLogger, metrics: silentMetrics });
  const [one, other] = [open(), open()];
  // Waits for the first connection.
  await one.recall('nothing');
  await expectLateJoinerToKnow(one, other);

  await redis.kill();
  const third = open();
  const { bearer } = await somebody();
  vault.issuer.away.add(REVOCATIONS);
  const { url, stop } = await vault.startReplica({}, { cache: third });
  expect(await tryToAdd(bearer, url)).toBe(400);
  await stop();
  await Promise.all([one, other, third].map(cache => cache.close()));
  await redis.stop();
});

test('a replica that is cut off from the bus hears by the cache', async () => {
  const cache = createMemoryCache();
  const bus = { ...createMemoryBus([]), isConnected: () => false };
  const { url, stop } = await vault.startReplica({}, { bus, cache });
  const { bearer, sid } = await somebody();
  expect(await tryToAdd(bearer, url)).toBe(400);
  await rememberEndedSessions(cache, [sid]);
  await eventually('the session is refused', async () => (await tryToAdd(bearer, url)) === 401);
  await stop();
});
