import { afterEach, expect, test } from '@jest/globals';
import { connect } from 'amqplib';
import { randomUUID } from 'node:crypto';
import { AppError } from '@strongroom/errors/app-error';
import { silentLogger } from '@strongroom/log/logger';
import { createMetrics, silentMetrics } from '@strongroom/metrics/metrics';
import { testBroker } from '@strongroom/testing/broker';
import { eventually } from '@strongroom/testing/eventually';
import { UnprocessableEvent, type Bus } from '../src/bus.ts';
import { openRabbitBus } from '../src/rabbit-bus.ts';
import { anEvent, collect, CONFORMANCE_QUEUE } from './bus-conformance.ts';

const broker = await testBroker();
const testWithBroker = broker === undefined ? test.skip : test;
const url = broker?.url ?? '';
const { queue, types } = CONFORMANCE_QUEUE;

const buses: Bus[] = [];
afterEach(async () => {
  for (const bus of buses.splice(0)) await bus.close();
});

/** As many processes as wanted at one prefix. */
function processes() {
  const prefix = `${randomUUID()}.`;
  const open = async (metrics = silentMetrics) => {
    const bus = await openRabbitBus({ url, queues: [CONFORMANCE_QUEUE], log: silentLogger, metrics, prefix });
    buses.push(bus);
    return bus;
  };
  return { prefix, open };
}

/** Acts past the bus. */
async function asOperator(act: (channel: Awaited<ReturnType<typeof openChannel>>) => Promise<unknown>) {
  const channel = await openChannel();
  await act(channel);
  await channel.close();
  await operator?.close();
}
let operator: Awaited<ReturnType<typeof connect>> | undefined;
async function openChannel() {
  operator = await connect(url);
  return operator.createConfirmChannel();
}

const ids = (events: readonly { id: string }[]) => events.map(event => event.id);

testWithBroker('ten thousand events keep their order', async () => {
  const { open } = processes();
  const bus = await open();
  const events = Array.from({ length: 10_000 }, (_, number) => anEvent('audit.recorded', { number }));
  for (let start = 0; start < events.length; start += 500)
    await bus.publish(events.slice(start, start + 500));
  const all = await collect(bus, queue, types, undefined, { batchSize: 500 });
  await eventually('all arrive', () => all.ids.length >= events.length, 60_000);
  expect(all.ids).toEqual(ids(events));
  // Not one by one.
  expect(all.batches.length).toBeLessThan(1_000);
});

testWithBroker(
  'consumers of two processes share a durable queue; each gets its own queue whole',
  async () => {
    const { open } = processes();
    const [one, two] = [await open(), await open()];
    const shared = [await collect(one, queue, types), await collect(two, queue, types)];
    const own = [await collect(one, 'test.own.1', types), await collect(two, 'test.own.2', types)];
    const events = Array.from({ length: 30 }, () => anEvent());
    for (const event of events) await one.publish([event]);
    const sharedIds = () => shared.flatMap(consumer => consumer.ids);
    await eventually(
      'all arrive',
      () => sharedIds().length >= 30 && own.every(each => each.ids.length >= 30),
    );
    expect(sharedIds().sort()).toEqual(ids(events).sort());
    expect(shared.every(consumer => consumer.ids.length > 0)).toBe(true);
    for (const each of own) expect(each.ids).toEqual(ids(events));
  },
);

testWithBroker(
  'one hopeless event in a batch becomes a dead letter, seen, given back, dealt with',
  async () => {
    const { open } = processes();
    const metrics = createMetrics('test');
    const bus = await open(metrics);
    const events = Array.from({ length: 20 }, () => anEvent());
    const poison = events[7];
    let isHopeless = true;
    await bus.publish(events);
    const consumer = await collect(bus, queue, types, batch =>
      isHopeless && batch.some(event => event.id === poison?.id) ? new UnprocessableEvent('no') : undefined,
    );
    await eventually('the others are through', () => consumer.ids.length >= 19);
    expect(consumer.ids).toEqual(ids(events.filter(event => event !== poison)));

    await eventually('it is set aside', async () => (await bus.deadLetters.list(queue, 10)).count === 1);
    // Looking takes nothing away, however often.
    for (let look = 0; look < 25; look += 1) await bus.deadLetters.list(queue, 10);
    const { count, items } = await bus.deadLetters.list(queue, 10);
    expect([count, items.map(item => item.event), items[0]?.reason]).toEqual([1, [poison], 'rejected']);
    expect(items[0]?.deadAt).toBeInstanceOf(Date);
    expect(await metrics.render()).toContain(
      'strongroom_bus_events_dead_lettered_total{service="test",queue="test.intake"} 1',
    );

    isHopeless = false;
    expect(await bus.deadLetters.requeue(queue, 10)).toBe(1);
    await eventually('it is dealt with', () => consumer.ids.length >= 20);
    expect(consumer.ids.at(-1)).toBe(poison?.id);
    expect(await bus.deadLetters.list(queue, 10)).toEqual({ count: 0, items: [] });
    expect(await bus.deadLetters.requeue(queue, 10)).toBe(0);
  },
);

testWithBroker('dead letters are listed and given back oldest first, as many as asked for', async () => {
  const { open } = processes();
  const bus = await open();
  const events = Array.from({ length: 5 }, () => anEvent());
  await bus.publish(events);
  let isHopeless = true;
  const consumer = await collect(bus, queue, types, () =>
    isHopeless ? new UnprocessableEvent('no') : undefined,
  );
  await eventually('all are set aside', async () => (await bus.deadLetters.list(queue, 1)).count === 5);
  const listed = async (limit: number) =>
    ids((await bus.deadLetters.list(queue, limit)).items.map(i => i.event));
  expect(await listed(3)).toEqual(ids(events.slice(0, 3)));
  expect(await listed(10)).toEqual(ids(events));
  isHopeless = false;
  expect(await bus.deadLetters.requeue(queue, 2)).toBe(2);
  await eventually('two come back', () => consumer.ids.length === 2);
  expect(consumer.ids).toEqual(ids(events.slice(0, 2)));
  expect(await listed(10)).toEqual(ids(events.slice(2)));
  // A queue that has no dead letters, since it is nobody's or a replica's own.
  expect(await bus.deadLetters.list('test.other', 10)).toEqual({ count: 0, items: [] });
  expect(await bus.deadLetters.requeue('test.other', 10)).toBe(0);
});

testWithBroker('a message that is no event is set aside and holds up nobody', async () => {
  const { open, prefix } = processes();
  const bus = await open();
  await asOperator(async channel => {
    for (const text of ['no json', '{}', '{"specversion":"1.0","id":"x"}', 'null']) {
      channel.publish(`${prefix}strongroom.events`, 'vault.audit.recorded', Buffer.from(text));
    }
    await channel.waitForConfirms();
  });
  const consumer = await collect(bus, queue, types);
  const event = anEvent();
  await bus.publish([event]);
  await eventually('the event arrives', () => consumer.ids.length > 0);
  expect(consumer.ids).toEqual([event.id]);
  await eventually('four are set aside', async () => (await bus.deadLetters.list(queue, 10)).count === 4);
  const { items } = await bus.deadLetters.list(queue, 10);
  expect(items.map(item => item.event.type)).toEqual(Array.from({ length: 4 }, () => 'unreadable'));
});

testWithBroker(
  'one event that fails for a while is tried on, without holding up those behind it',
  async () => {
    const { open } = processes();
    const bus = await open();
    const events = Array.from({ length: 10 }, () => anEvent());
    let failures = 0;
    const consumer = await collect(bus, queue, types, batch => {
      if (!batch.some(event => event.id === events[0]?.id) || failures >= 4) return undefined;
      failures += 1;
      return new Error('a fault of this event alone');
    });
    await bus.publish(events);
    await eventually('all are through', () => consumer.ids.length >= 10);
    expect(consumer.ids).toEqual([...ids(events.slice(1)), events[0]?.id]);
    expect((await bus.deadLetters.list(queue, 10)).count).toBe(0);
  },
);

testWithBroker(
  'while what the consumer needs is away, its events wait, in order, and none is set aside',
  async () => {
    const { open } = processes();
    const bus = await open();
    let tries = 0;
    let isAway = true;
    const consumer = await collect(bus, queue, types, () => {
      tries += 1;
      return isAway
        ? new AppError({ kind: 'unavailable', code: 'DATABASE_ERROR', message: 'away' })
        : undefined;
    });
    const events = Array.from({ length: 30 }, () => anEvent());
    await bus.publish(events);
    // More often than an event may fail by itself could not be waited for; that it is tried again can.
    await eventually('it is tried on', () => tries >= 4);
    isAway = false;
    await eventually('all are through', () => consumer.ids.length >= 30);
    expect(consumer.ids).toEqual(ids(events));
    expect((await bus.deadLetters.list(queue, 10)).count).toBe(0);
  },
);

testWithBroker('a consumer that stops while it waits gives its events to the next', async () => {
  const { open } = processes();
  const [one, two] = [await open(), await open()];
  let tries = 0;
  const stuck = await collect(one, queue, types, () => {
    tries += 1;
    return new AppError({ kind: 'unavailable', code: 'DATABASE_ERROR', message: 'away' });
  });
  const events = Array.from({ length: 5 }, () => anEvent());
  await one.publish(events);
  await eventually('it is stuck', () => tries >= 2);
  const next = await collect(two, queue, types);
  await stuck.unsubscribe();
  await eventually('the next has all', () => next.ids.length >= 5);
  expect(next.ids).toEqual(ids(events));
});

testWithBroker(
  'a durable queue that somebody deletes is there again, and what was published meanwhile is refused',
  async () => {
    const { open, prefix } = processes();
    const bus = await open();
    await asOperator(channel => channel.deleteQueue(`${prefix}${queue}`));
    const event = anEvent();
    await expect(bus.publish([event])).rejects.toMatchObject({ kind: 'unavailable' });
    await eventually('it goes through', () =>
      bus.publish([event]).then(
        () => true,
        () => false,
      ),
    );
    const consumer = await collect(bus, queue, types);
    await eventually('it arrives', () => consumer.ids.length > 0);
    expect(consumer.ids).toEqual([event.id]);
  },
);

testWithBroker('queues that are deleted under their consumers are made and consumed again', async () => {
  const { open, prefix } = processes();
  const bus = await open();
  let gaps = 0;
  const durable = await collect(bus, queue, types);
  const own = await collect(bus, 'test.own.1', types, undefined, { onGap: () => (gaps += 1) });
  expect(gaps).toBe(0);
  await asOperator(channel => channel.deleteExchange(`${prefix}strongroom.events`));
  await asOperator(channel => channel.deleteQueue(`${prefix}${queue}`));
  // The exchange is gone, so a publish ends the channel, and with it the connection: all is declared again.
  const event = anEvent();
  await eventually('it goes through', () =>
    bus.publish([event]).then(
      () => true,
      () => false,
    ),
  );
  await eventually('all have it', () => durable.ids.length > 0 && own.ids.length > 0);
  expect([new Set(durable.ids), new Set(own.ids)]).toEqual([new Set([event.id]), new Set([event.id])]);
  expect(gaps).toBeGreaterThan(0);
});
