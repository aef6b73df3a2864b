import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { UnprocessableEvent, type Bus } from '@strongroom/bus/bus';
import { openRabbitBus } from '@strongroom/bus/rabbit-bus';
import { AUDIT_TRAIL_QUEUE, DURABLE_QUEUES } from '@strongroom/contracts/queues';
import { silentLogger } from '@strongroom/log/logger';
import { silentMetrics } from '@strongroom/metrics/metrics';
import { testBroker } from '@strongroom/testing/broker';
import { createTestDatabase, type TestDatabase } from '@strongroom/testing/database';
import { eventually } from '@strongroom/testing/eventually';
import { startSyslogReceiver } from './receivers.ts';
import { eventOf, recordOf, SEARCH, startTestMonitor, type TestMonitor } from './support.ts';

const API = '/monitor-service/api/v1';
const { queue } = AUDIT_TRAIL_QUEUE;

const broker = await testBroker();
const testWithBroker = broker === undefined ? test.skip : test;

let database: TestDatabase;
let prefix: string;
const stops: (() => Promise<void>)[] = [];

beforeEach(async () => {
  database = await createTestDatabase('monitor');
  prefix = `${randomUUID()}.`;
});
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
  await database.close();
});

async function openBus(): Promise<Bus> {
  const url = broker?.url ?? '';
  const bus = await openRabbitBus({
    url,
    queues: DURABLE_QUEUES,
    log: silentLogger,
    metrics: silentMetrics,
    prefix,
  });
  stops.push(bus.close);
  return bus;
}

async function startReplica(
  options: Parameters<typeof startTestMonitor>[0] = {},
): Promise<{ bus: Bus; monitor: TestMonitor }> {
  const bus = await openBus();
  const monitor = await startTestMonitor({ database, bus, ...options });
  stops.push(monitor.stop);
  return { bus, monitor };
}

const runsOf = async (monitor: TestMonitor): Promise<number> =>
  Object.values((await monitor.call('GET', `${API}/components`)).body).flat().length;

testWithBroker('dead letters are looked at and given to the trail again', async () => {
  const before = await openBus();
  const refuse = await before.subscribe({
    ...AUDIT_TRAIL_QUEUE,
    handle: () => Promise.reject(new UnprocessableEvent('refused')),
  });
  const userID = randomUUID();
  const event = eventOf(recordOf({ userID }));
  await before.publish([event]);
  await eventually('it is set aside', async () => (await before.deadLetters.list(queue, 1)).count === 1);
  await refuse();

  const { monitor } = await startReplica();
  const as = await monitor.issuer.bearer({ sub: randomUUID(), permissions: ['logs-manage'] });
  const list = async () => (await monitor.call('GET', `${API}/dead-letters?queue=${queue}`, { as })).body;
  expect(await list()).toMatchObject({ count: 1, items: [{ reason: 'rejected', event }] });
  expect(await list()).toMatchObject({ count: 1 });
  const requeued = await monitor.call('POST', `${API}/dead-letters/requeue`, { as, body: { queue } });
  expect(requeued.body).toEqual({ requeued: 1 });
  await eventually('the trail has it', async () => {
    const { count } = await monitor.call('POST', SEARCH, { body: { user_id: userID } });
    return count === 1;
  });
  expect(await list()).toMatchObject({ count: 0, items: [] });
});

testWithBroker(
  'replicas know each other, and whichever extends the trail wakes the one that forwards',
  async () => {
    const syslog = await startSyslogReceiver();
    stops.push(syslog.close);
    const forwarding = {
      syslog: { host: '127.0.0.1', port: syslog.port, tls: false, ca: undefined },
      http: undefined,
      from: 'beginning',
    } as const;
    const one = await startReplica({ forwarding });
    const two = await startReplica({ forwarding });
    for (const { monitor } of [one, two]) {
      await eventually('it knows both', async () => (await runsOf(monitor)) === 2);
    }
    const users = Array.from({ length: 20 }, () => randomUUID());
    for (const userID of users) await one.bus.publish([eventOf(recordOf({ userID }))]);
    await eventually('all are forwarded', () =>
      users.every(user => syslog.messages.some(message => message.includes(user))),
    );
    await two.monitor.stopService();
    await eventually('the other has left', async () => (await runsOf(one.monitor)) === 1);
  },
);
