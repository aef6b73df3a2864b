import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createWindowLimiter, type Lease } from './window-limiter.ts';

/** A clock, and one counter of points that any number of replicas lease from, as the script in Redis does. */
function createStore(points: number, most: number) {
  let time = 0;
  let used = 0;
  let endsAt = 0;
  let asked = 0;
  const lease = (): Lease => {
    asked += 1;
    if (time >= endsAt) [used, endsAt] = [0, time + 1_000];
    const granted = Math.min(most, points - used);
    used += granted;
    return { points: granted, endsInMs: endsAt - time, hasMore: used < points };
  };
  return {
    replica: (capacity?: number) =>
      createWindowLimiter({
        lease: () => Promise.resolve(lease()),
        nowMs: () => time,
        ...(capacity === undefined ? {} : { capacity }),
      }),
    pass: (ms: number) => (time += ms),
    asked: () => asked,
  };
}

describe('replicas that lease from one counter', () => {
  test('never admit more than the points, and at most a lease less for each other replica', async () => {
    const uses = fc.array(fc.nat({ max: 4 }), { minLength: 1, maxLength: 300 });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 10 }),
        uses,
        async (points, most, order) => {
          const store = createStore(points, most);
          const replicas = Array.from({ length: 5 }, () => store.replica());
          const waits = await Promise.all(order.map(async index => replicas[index]!.consume('key')));
          const admitted = waits.filter(wait => wait === 0).length;
          const idle = new Set(order).size - 1;
          expect(admitted).toBeLessThanOrEqual(points);
          expect(admitted).toBeGreaterThanOrEqual(Math.min(order.length, points - idle * (most - 1)));
        },
      ),
    );
  });

  test('ask once per lease, and not at all once the points are spent', async () => {
    const store = createStore(10, 5);
    const replica = store.replica();
    const waits: number[] = [];
    for (let use = 0; use < 100; use += 1) waits.push(await replica.consume('key'));
    expect(waits.filter(wait => wait === 0)).toHaveLength(10);
    expect(store.asked()).toBe(2);
  });

  test('share one question among those who come at once', async () => {
    const store = createStore(100, 50);
    const replica = store.replica();
    await Promise.all(Array.from({ length: 50 }, async () => replica.consume('key')));
    expect(store.asked()).toBe(1);
  });
});

test('names the time to the end of the window, and begins anew after it', async () => {
  const store = createStore(1, 1);
  const replica = store.replica();
  expect(await replica.consume('key')).toBe(0);
  store.pass(400);
  expect(replica.consume('key')).toBe(1);
  store.pass(600);
  expect(await replica.consume('key')).toBe(0);
});

test('keys do not touch each other', async () => {
  const store = createStore(1, 1);
  const [one, other] = [store.replica(), createStore(1, 1).replica()];
  expect([await one.consume('a'), await other.consume('b'), await one.consume('a')]).toEqual([0, 0, 1]);
});

test('keeps no more keys than it may, and none whose window is over', async () => {
  const store = createStore(1_000, 1);
  const replica = store.replica(10);
  for (let key = 0; key < 100; key += 1) await replica.consume(`key ${key}`);
  expect(replica.size()).toBe(10);
  store.pass(2_000);
  await replica.consume('one more');
  expect(replica.size()).toBe(1);
});
