import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { freePort } from '@strongroom/embedded-postgres/free-port';
import { silentLogger } from '@strongroom/log/logger';
import { createMetrics, silentMetrics } from '@strongroom/metrics/metrics';
import { canStartBroker, startBroker } from '@strongroom/testing/broker';
import { eventually } from '@strongroom/testing/eventually';
import { createLink, type Link } from '@strongroom/testing/link';
import type { OwnServer } from '@strongroom/testing/own-server';
import type { Bus } from '../src/bus.ts';
import { openRabbitBus } from '../src/rabbit-bus.ts';
import { anEvent, collect, CONFORMANCE_QUEUE } from './bus-conformance.ts';

const canStart = await canStartBroker();
const testWithBroker = canStart ? test : test.skip;
const { queue, types } = CONFORMANCE_QUEUE;

let broker: OwnServer;
let link: Link;
const buses: Bus[] = [];
let logged: string[] = [];

const OLD_QUEUES = 'old.';

beforeAll(async () => {
  if (!canStart) return;
  broker = await startBroker();
  link = await createLink(broker.port);
  await (await openBus(OLD_QUEUES)).close();
  await link.close();
});
beforeEach(async () => {
  logged = [];
  if (canStart) link = await createLink(broker.port);
});
afterAll(async () => {
  if (canStart) await broker.stop();
});
afterEach(async () => {
  for (const bus of buses.splice(0)) await bus.close();
  if (canStart) await link.close();
});

/** A process that reaches the broker by the link alone. */
async function openBus(prefix = `${randomUUID()}.`, metrics = silentMetrics): Promise<Bus> {
  const url = broker.url.replace(/:\d+$/, `:${link.port}`);
  const log = {
    ...silentLogger,
    warn: (message: string) => void logged.push(message),
    error: (message: string) => void logged.push(message),
  };
  const bus = await openRabbitBus({ url, queues: [CONFORMANCE_QUEUE], log, metrics, prefix });
  buses.push(bus);
  return bus;
}

/** As the relay does: the same events until they are confirmed. */
const publishOn = (bus: Bus, events: ReturnType<typeof anEvent>[]) =>
  eventually(
    'the events are confirmed',
    () =>
      bus.publish(events).then(
        () => true,
        () => false,
      ),
    60_000,
  );

testWithBroker('a cut connection comes back: consumers go on, own queues tell of the gap', async () => {
  const metrics = createMetrics('test');
  const bus = await openBus(undefined, metrics);
  let gaps = 0;
  let connections = 0;
  bus.onConnected(() => (connections += 1));
  const durable = await collect(bus, queue, types);
  const own = await collect(bus, 'test.own.1', types, undefined, { onGap: () => (gaps += 1) });
  const [before, after] = [anEvent(), anEvent()];
  await bus.publish([before]);
  await eventually('it arrives', () => durable.ids.length === 1 && own.ids.length === 1);
  expect(await metrics.render()).toContain('strongroom_bus_connected{service="test"} 1');

  link.cut();
  await eventually('the loss is noticed', () => !bus.isConnected());
  expect(await metrics.render()).toContain('strongroom_bus_connected{service="test"} 0');
  expect(gaps).toBe(0);
  // Time enough for several attempts, told by one line.
  const late = await collect(bus, 'test.own.2', types, undefined, { onGap: () => (gaps += 1) });
  link.mend();
  await eventually('both own queues tell of a gap', () => gaps === 2);
  await eventually('it is connected', () => bus.isConnected());
  expect(connections).toBe(1);
  await publishOn(bus, [after]);
  await eventually('all have it', () => [durable, own, late].every(each => each.ids.includes(after.id)));
  expect(logged.filter(message => message.includes('cannot be reached')).length).toBeLessThanOrEqual(1);
});

testWithBroker('a frozen broker is noticed, and its events come again when it thaws', async () => {
  const bus = await openBus();
  const consumer = await collect(bus, queue, types);
  link.freeze();
  const event = anEvent();
  await expect(bus.publish([event])).rejects.toMatchObject({ kind: 'unavailable' });
  await eventually('the silence is noticed', () => !bus.isConnected(), 30_000);
  link.mend();
  await publishOn(bus, [event]);
  await eventually('it arrives', () => consumer.ids.includes(event.id));
});

testWithBroker('a frozen broker does not keep a process from ending', async () => {
  const bus = await openBus();
  await collect(bus, queue, types);
  await collect(bus, 'test.own.1', types);
  link.freeze();
  await bus.close();
  buses.pop();
});

testWithBroker('a service starts without a broker, and is served as soon as there is one', async () => {
  link.cut();
  const bus = await openBus();
  expect(bus.isConnected()).toBe(false);
  await expect(bus.publish([anEvent()])).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' });
  await expect(bus.deadLetters.list(queue, 1)).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' });
  let gaps = 0;
  const durable = await collect(bus, queue, types);
  const own = await collect(bus, 'test.own.1', types, undefined, { onGap: () => (gaps += 1) });
  link.mend();
  const event = anEvent();
  await eventually('it is connected', () => bus.isConnected());
  await publishOn(bus, [event]);
  await eventually('it arrives', () => durable.ids.length > 0 && own.ids.length > 0);
  expect(gaps).toBe(1);
});

testWithBroker('a broker that nobody answers at is one of several, taken in turns', async () => {
  const nobody = `amqp://strongroom@127.0.0.1:${await freePort()}`;
  const bus = await openRabbitBus({
    url: `${nobody},${broker.url}`,
    queues: [],
    log: silentLogger,
    metrics: silentMetrics,
  });
  buses.push(bus);
  await eventually('it is connected', () => bus.isConnected());
});

testWithBroker('a handler that outlives its connection is not run beside itself', async () => {
  const bus = await openBus();
  let running = 0;
  let most = 0;
  let calls = 0;
  let finish: () => void = () => undefined;
  await bus.subscribe({
    queue,
    types,
    async handle() {
      running += 1;
      calls += 1;
      most = Math.max(most, running);
      if (calls === 1) await new Promise<void>(resolve => (finish = resolve));
      running -= 1;
    },
  });
  await bus.publish([anEvent()]);
  await eventually('the handler works', () => calls === 1);
  link.cut();
  await eventually('the loss is noticed', () => !bus.isConnected());
  link.mend();
  await eventually('it is connected', () => bus.isConnected());
  await publishOn(bus, [anEvent()]);
  finish();
  // The first comes again, since it could not be acknowledged.
  await eventually('both come', () => calls >= 2 && running === 0);
  expect(most).toBe(1);
});

// The last, since RabbitMQ can lose a quorum queue that it made less than a few seconds before it is killed; these
// queues are as old as the broker.
testWithBroker('a broker that is killed and comes back loses nothing that it confirmed', async () => {
  const bus = await openBus(OLD_QUEUES);
  const confirmed = Array.from({ length: 50 }, () => anEvent());
  await bus.publish(confirmed);
  await broker.kill();
  await eventually('the loss is noticed', () => !bus.isConnected());
  await expect(bus.publish([anEvent()])).rejects.toMatchObject({ kind: 'unavailable' });
  await broker.start();
  const consumer = await collect(bus, queue, types);
  const later = anEvent();
  await publishOn(bus, [later]);
  await eventually('all arrive', () => consumer.ids.length >= 51, 60_000);
  expect(consumer.ids).toEqual([...confirmed.map(event => event.id), later.id]);
});
