import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { isReachable } from '@strongroom/testing/superuser';
import type { Bus } from '@strongroom/bus/bus';
import { createMemoryBus } from '@strongroom/bus/memory-bus';
import { cloudEvent, type CloudEvent } from '@strongroom/contracts/cloud-event';
import { openDatabase, type Database, type DatabaseSettings } from '@strongroom/db/database';
import { migrate } from '@strongroom/db/migrate';
import { silentLogger, type Logger } from '@strongroom/log/logger';
import { createMetrics } from '@strongroom/metrics/metrics';
import { createTestDatabase, type TestDatabase } from '@strongroom/testing/database';
import { eventually } from '@strongroom/testing/eventually';
import { takeNew } from '../src/inbox.ts';
import { appendEvents, createRelayBell, outboxMigrations } from '../src/outbox.ts';
import { startRelay, type Relay } from '../src/relay.ts';

const NEVER_MS = 600_000;

let server: TestDatabase;
let settings: DatabaseSettings;
let db: Database;
let relays: Relay[] = [];

beforeAll(async () => {
  server = await createTestDatabase('vault');
  settings = { url: server.url, password: server.password, schema: 'vault', poolSize: 6, deadlineMs: 5_000 };
  await migrate(settings, [outboxMigrations], silentLogger);
  db = openDatabase(settings, silentLogger);
});
beforeEach(async () => {
  await db.query('DELETE FROM outbox');
  await db.query('DELETE FROM inbox');
});
afterEach(async () => {
  await Promise.all(relays.map(relay => relay.stop()));
  relays = [];
});
afterAll(async () => {
  await db.close();
  await server.close();
});

const event = (data: unknown): CloudEvent =>
  cloudEvent('vault', 'secret.updated', randomUUID(), new Date(0), data);
const numbered = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => event(from + index));
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

const inOutbox = async (): Promise<CloudEvent[]> =>
  (await db.query<{ event: CloudEvent }>('SELECT event FROM outbox ORDER BY id')).map(row => row.event);
const isEmpty = () => eventually('the outbox is empty', async () => (await inOutbox()).length === 0);

function relay(bus: Bus, pollMs = NEVER_MS, log: Logger = silentLogger): Relay {
  const started = startRelay({ db, settings, bus, log, pollMs });
  relays.push(started);
  return started;
}

/** Notes the data of every event that it is given. */
async function consumer(bus: Bus, fails: () => boolean = () => false) {
  const got: unknown[] = [];
  await bus.subscribe({
    queue: randomUUID(),
    types: ['vault.secret.updated'],
    handle: events => {
      if (fails()) return Promise.reject(new Error('not now'));
      got.push(...events.map(each => each.data));
      return Promise.resolve();
    },
  });
  return got;
}

describe('the relay', () => {
  test('publishes what waits, in order and in several batches, and deletes it', async () => {
    const bus = createMemoryBus([]);
    const got = await consumer(bus);
    await appendEvents(db, numbered(1_201));
    relay(bus);
    await isEmpty();
    expect(got).toEqual(upTo(1_201));
  });

  test('is woken by the bell, wherever it is rung, and by its poll when the bell is lost', async () => {
    const bus = createMemoryBus([]);
    const got = await consumer(bus);
    relay(bus);
    await appendEvents(db, [event('first')]);
    await isEmpty();
    const bell = createRelayBell(db, 'vault', 1);
    await appendEvents(db, [event('rung')]);
    bell.ring();
    bell.ring();
    await isEmpty();
    bell.stop();

    await Promise.all(relays.splice(0).map(running => running.stop()));
    relay(bus, 20);
    await appendEvents(db, [event('first')]);
    await isEmpty();
    await appendEvents(db, [event('polled')]);
    await isEmpty();
    expect(got).toEqual(['first', 'rung', 'first', 'polled']);
  });

  test('publishes once with several replicas, and another goes on when the first stops', async () => {
    const bus = createMemoryBus([]);
    const got = await consumer(bus);
    const first = relay(bus, 20);
    await appendEvents(db, numbered(10));
    await isEmpty();
    relay(bus, 20);
    relay(bus, 20);
    await first.stop();
    await appendEvents(db, numbered(10, 10));
    await isEmpty();
    expect(got).toEqual(upTo(20));
  });

  test('that is cut off between publishing and deleting publishes again, and the inbox drops it', async () => {
    const bus = createMemoryBus([]);
    const deliveries: number[] = [];
    const effects: unknown[] = [];
    await bus.subscribe({
      queue: 'once',
      types: ['vault.secret.updated'],
      async handle(events) {
        deliveries.push(events.length);
        const fresh = await db.transaction(tx =>
          takeNew(
            tx,
            'once',
            events.map(each => each.id),
          ),
        );
        effects.push(...events.filter(each => fresh.has(each.id)).map(each => each.data));
      },
    });
    let cuts = 0;
    const cutting: Bus = {
      ...bus,
      async publish(events) {
        await bus.publish(events);
        if (cuts++ > 0) return;
        await server.cutConnections();
        throw new Error('cut off');
      },
    };
    await appendEvents(db, numbered(5));
    relay(cutting, 20);
    await eventually(
      'the second delivery',
      async () => deliveries.length > 1 && (await inOutbox()).length === 0,
    );
    expect(deliveries).toEqual([5, 5]);
    expect(effects).toEqual(upTo(5));
  });

  test('loses nothing to a consumer that fails, keeps the order, and serves the others meanwhile', async () => {
    const bus = createMemoryBus([]);
    let failures = 0;
    const unsteady = await consumer(bus, () => failures++ < 2);
    const steady = await consumer(bus);
    await appendEvents(db, numbered(3));
    relay(bus);
    await eventually('the steady one has them', () => steady.length > 0);
    expect(unsteady).toEqual([]);
    await appendEvents(db, numbered(3, 3));
    await isEmpty();
    expect(unsteady).toEqual(upTo(6));
    expect(new Set(steady)).toEqual(new Set(upTo(6)));
  });

  test('keeps events for a durable queue until it has a consumer', async () => {
    const bus = createMemoryBus([{ queue: 'durable', types: ['vault.secret.updated'] }]);
    let refusals = 0;
    const counting: Bus = {
      ...bus,
      publish: events =>
        bus.publish(events).catch((error: unknown) => {
          refusals += 1;
          throw error;
        }),
    };
    await appendEvents(db, numbered(3));
    relay(counting);
    await eventually('it was refused twice', () => refusals > 1);
    expect(await inOutbox()).toHaveLength(3);
    const got: unknown[] = [];
    await bus.subscribe({
      queue: 'durable',
      types: ['vault.secret.updated'],
      handle: events => Promise.resolve(void got.push(...events.map(each => each.data))),
    });
    await isEmpty();
    expect(got).toEqual(upTo(3));
  });

  test('goes on after the database was gone', async () => {
    const bus = createMemoryBus([]);
    const got = await consumer(bus);
    relay(bus, 20);
    await appendEvents(db, numbered(1));
    await isEmpty();
    await server.cutConnections();
    await eventually('the database answers', () => isReachable(db));
    await appendEvents(db, numbered(1, 1));
    await isEmpty();
    expect(got).toEqual(upTo(2));
  });

  test('goes on at once when the broker is back, and tells of an outage once', async () => {
    const memory = createMemoryBus([]);
    const got = await consumer(memory);
    let isAway = true;
    let tries = 0;
    let tell: () => void = () => undefined;
    const bus: Bus = {
      ...memory,
      publish(events) {
        tries += 1;
        return isAway ? Promise.reject(new Error('away')) : memory.publish(events);
      },
      onConnected(listener) {
        tell = listener;
        return () => undefined;
      },
    };
    const errors: string[] = [];
    await appendEvents(db, numbered(3));
    relay(bus, NEVER_MS, { ...silentLogger, error: message => void errors.push(message) });
    // By then its pauses are longer than this test.
    await eventually('it has tried often', () => tries >= 5, 30_000);
    await eventually('it tells', () => errors.length > 0);
    isAway = false;
    const before = tries;
    tell();
    await isEmpty();
    expect([tries - before, got, errors]).toEqual([1, upTo(3), ['events cannot be published; trying on']]);
  });

  test('publishes all that is left when it stops, however much', async () => {
    const bus = createMemoryBus([]);
    const got = await consumer(bus);
    const leading = relay(bus);
    await appendEvents(db, numbered(1));
    await isEmpty();
    await appendEvents(db, numbered(1_600, 1));
    await leading.stop();
    expect(got).toEqual(upTo(1_601));
  });

  test('says how far it is behind', async () => {
    const metrics = createMetrics('vault');
    const waiting = startRelay({
      db,
      settings,
      bus: createMemoryBus([{ queue: 'durable', types: ['vault.secret.updated'] }]),
      log: silentLogger,
      metrics,
    });
    relays.push(waiting);
    expect(await metrics.render()).toContain('strongroom_outbox_oldest_seconds{service="vault"} 0');
    const old = { ...event('old'), time: new Date(Date.now() - 3_600_000).toISOString() };
    await appendEvents(db, [old, event('new')]);
    const text = await metrics.render();
    expect(text).toContain('strongroom_outbox_waiting{service="vault"} 2');
    const seconds = Number(/strongroom_outbox_oldest_seconds\{\S* (\S+)/.exec(text)?.[1]);
    expect(Math.floor(seconds / 60)).toBeGreaterThanOrEqual(60);
  });

  test('publishes what is left when it stops, if it leads', async () => {
    const bus = createMemoryBus([]);
    const got = await consumer(bus);
    const leading = relay(bus);
    await appendEvents(db, numbered(1));
    await isEmpty();
    const waiting = relay(bus);
    await appendEvents(db, numbered(1, 1));
    await waiting.stop();
    expect(await inOutbox()).toHaveLength(1);
    await leading.stop();
    expect(await inOutbox()).toEqual([]);
    expect(got).toEqual(upTo(2));
  });
});
