import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Bus, DeadLetter } from '@strongroom/bus/bus';
import { createMemoryBus } from '@strongroom/bus/memory-bus';
import { DURABLE_QUEUES } from '@strongroom/contracts/queues';
import { eventually } from '@strongroom/testing/eventually';
import { eventOf, recordOf, SEARCH, startTestMonitor, type TestMonitor } from './support.ts';

const API = '/monitor-service/api/v1';
const QUEUE = 'monitor.audit-trail';

let monitor: TestMonitor;
let manager: string;
let managerId: string;
const dead: DeadLetter[] = [];

beforeAll(async () => {
  const bus: Bus = {
    ...createMemoryBus(DURABLE_QUEUES),
    deadLetters: {
      list: (_queue, limit) => Promise.resolve({ count: dead.length, items: dead.slice(0, limit) }),
      requeue: (_queue, limit) => Promise.resolve(dead.splice(0, limit).length),
    },
  };
  monitor = await startTestMonitor({ bus });
  managerId = randomUUID();
  manager = await monitor.issuer.bearer({ sub: managerId, permissions: ['logs-manage'] });
});
afterAll(() => monitor.stop());

const call = (method: string, path: string, body?: unknown) =>
  monitor.call(method, API + path, { as: manager, ...(body === undefined ? {} : { body }) });

const recorded = async (name: string): Promise<boolean> =>
  (await monitor.call('POST', SEARCH, { body: { user_id: managerId } })).items.some(
    item => item.event_name === name,
  );

describe('dead letters', () => {
  test('are listed and given to their queue again, on record', async () => {
    const event = eventOf(recordOf());
    dead.push({ event, reason: 'rejected', deadAt: new Date(0) }, { event, reason: 'x', deadAt: undefined });
    const { status, body } = await call('GET', `/dead-letters?queue=${QUEUE}&limit=1`);
    expect([status, body]).toEqual([
      200,
      { count: 2, items: [{ reason: 'rejected', dead_at: '1970-01-01T00:00:00.000Z', event }] },
    ]);
    expect((await call('POST', '/dead-letters/requeue', { queue: QUEUE })).body).toEqual({ requeued: 2 });
    await eventually('both are on record', async () =>
      (await Promise.all(['Dead-letters-read', 'Dead-letters-requeued'].map(recorded))).every(Boolean),
    );
  });

  test('are those of known queues, and for managers alone', async () => {
    expect((await call('GET', '/dead-letters?queue=other')).status).toBe(400);
    expect((await call('GET', '/dead-letters')).status).toBe(400);
    expect((await call('POST', '/dead-letters/requeue', { queue: 'other' })).status).toBe(400);
    for (const [method, path] of [
      ['GET', `/dead-letters?queue=${QUEUE}`],
      ['POST', '/dead-letters/requeue'],
      ['GET', '/rejected-events'],
      ['POST', '/rejected-events/retry'],
    ] as const) {
      expect((await monitor.call(method, API + path)).status).toBe(403);
    }
  });
});

describe('rejected events', () => {
  test('are tried again; those that the trail takes by now leave, the others stay', async () => {
    const userID = randomUUID();
    const record = recordOf({ userID });
    const taken = eventOf(record);
    await monitor.bus.publish([taken]);
    // The record of another event, and an event that is none.
    const twin = eventOf(record);
    const bad = eventOf({ id: 'none' });
    await monitor.bus.publish([twin, bad]);
    const { body } = await call('GET', '/rejected-events');
    expect(body).toMatchObject({ count: 2 });
    expect((body['items'] as { event: unknown }[]).map(({ event }) => event)).toEqual(
      expect.arrayContaining([twin, bad]),
    );
    expect((await call('POST', '/rejected-events/retry')).body).toEqual({ added: 0, rejected: 2 });
    expect((await call('GET', '/rejected-events?limit=1')).body).toMatchObject({ count: 2 });

    // As after an upgrade that takes what was refused before.
    await monitor.superuser.query(`UPDATE rejected_events SET event = $1::json WHERE event ->> 'id' = $2`, [
      JSON.stringify(eventOf(recordOf({ userID }))),
      bad.id,
    ]);
    expect((await call('POST', '/rejected-events/retry')).body).toEqual({ added: 1, rejected: 1 });
    expect((await call('GET', '/rejected-events')).body).toMatchObject({ count: 1 });
    expect((await monitor.call('POST', SEARCH, { body: { user_id: userID } })).count).toBe(2);
    await eventually('it is on record', () => recorded('Rejected-events-retried'));
  });
});
