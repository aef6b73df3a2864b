import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { recallRevocations } from '@strongroom/auth-client/remembered-revocations';
import { createMemoryCache } from '@strongroom/cache/memory-cache';
import { openRedisCache } from '@strongroom/cache/redis-cache';
import type { Database } from '@strongroom/db/database';
import { silentLogger } from '@strongroom/log/logger';
import { silentMetrics } from '@strongroom/metrics/metrics';
import { canStartRedis, startRedis } from '@strongroom/testing/redis';
import { Redis } from 'ioredis';
import { generateSync } from 'otplib';
import { endSessions } from '../src/operations/effects-at-once.ts';
import { confirmTotp, startTotp } from '../src/operations/second-factor-setup.ts';
import { checkTotp } from '../src/operations/second-factor.ts';
import { openInside, type Inside } from './inside.ts';
import { openPeople, type People } from './person.ts';
import { startTestAuth, type TestAuth } from './support.ts';

const cache = createMemoryCache();
let now = new Date('2026-05-01T08:00:10.000Z');
let auth: TestAuth;
let inside: Inside;
let people: People;

beforeAll(async () => {
  auth = await startTestAuth({ now: () => now });
  inside = await openInside(auth.config, auth.secrets, () => now, cache);
  people = await openPeople(auth, () => now);
});
afterAll(async () => {
  await inside.close();
  await auth.stop();
});

describe('what auth announces', () => {
  const recall = () => recallRevocations(cache, silentLogger);

  test('is in the cache as soon as it is certain', async () => {
    const { id } = auth.secrets.bootstrap.api_client;
    const { sid } = await inside.signIn({ kind: 'api-client', id });
    await inside.end({ id: sid });
    expect((await recall()).sessionIds).toContain(sid);
  });

  test('is not there when the change was rolled back', async () => {
    const { id } = auth.secrets.bootstrap.api_client;
    const { sid } = await inside.signIn({ kind: 'api-client', id });
    const attempt = inside.change(async tx => {
      await endSessions(inside.ctx, tx, { id: sid });
      throw new Error('no');
    });
    await expect(attempt).rejects.toThrow('no');
    expect((await recall()).sessionIds).not.toContain(sid);
  });
});

/** A person with an app, and the code of the present step. */
async function withCode() {
  const person = await people.create();
  const { seed } = await startTotp(people.ctx, person);
  await confirmTotp(people.ctx, person.id, generateSync({ secret: seed, epoch: now.getTime() / 1_000 }));
  now = new Date(now.getTime() + 30_000);
  return { id: person.id, code: generateSync({ secret: seed, epoch: now.getTime() / 1_000 }) };
}

const withRedis = (await canStartRedis()) ? test : test.skip;

describe('a TOTP code', () => {
  test('that was used does not reach the database again', async () => {
    const { id, code } = await withCode();
    let spent = 0;
    const db: Database = {
      ...people.ctx.db,
      query(text, values) {
        if (text.includes('SET totp_last_step')) spent += 1;
        return people.ctx.db.query(text, values);
      },
    };
    const ctx = { ...people.ctx, db, cache: createMemoryCache() };
    const answers = await Promise.all(Array.from({ length: 20 }, () => checkTotp(ctx, id, code)));
    expect(answers.filter(Boolean)).toHaveLength(1);
    expect(spent).toBe(1);
  });

  test('works again when the database failed before it was spent', async () => {
    const { id, code } = await withCode();
    const shared = createMemoryCache();
    const db: Database = {
      ...people.ctx.db,
      query: (text, values) =>
        text.includes('SET totp_last_step')
          ? Promise.reject(new Error('away'))
          : people.ctx.db.query(text, values),
    };
    await expect(checkTotp({ ...people.ctx, cache: shared, db }, id, code)).rejects.toThrow('away');
    expect(await checkTotp({ ...people.ctx, cache: shared }, id, code)).toBe(true);
  });

  withRedis('is spent although Redis forgot it, or is gone', async () => {
    const redis = await startRedis();
    const shared = openRedisCache({ url: redis.url, log: silentLogger, metrics: silentMetrics });
    await shared.recall('nothing');
    const ctx = { ...people.ctx, cache: shared };
    const { id, code } = await withCode();
    expect(await checkTotp(ctx, id, code)).toBe(true);
    const admin = new Redis(redis.url);
    await admin.flushall();
    admin.disconnect();
    expect(await checkTotp(ctx, id, code)).toBe(false);
    await redis.kill();
    expect(await checkTotp(ctx, id, code)).toBe(false);
    await shared.close();
    await redis.stop();
  });
});
