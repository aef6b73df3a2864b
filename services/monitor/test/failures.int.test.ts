import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '@strongroom/testing/eventually';
import {
  eventOf,
  EVENTS,
  recordOf,
  SEARCH,
  startTestMonitor,
  type Item,
  type TestMonitor,
} from './support.ts';

let monitor: TestMonitor;

beforeAll(async () => {
  monitor = await startTestMonitor();
});
afterAll(() => monitor.stop());

const eventsOf = async (userId: string): Promise<Item[]> =>
  (await monitor.call('POST', SEARCH, { body: { user_id: userId } })).items;

describe('when the database fails', () => {
  test('nothing is taken and nothing set aside; the next delivery is stored', async () => {
    const userID = randomUUID();
    const event = eventOf(recordOf({ userID }));
    await monitor.superuser.query('ALTER TABLE audit_events RENAME TO away');
    await expect(monitor.bus.publish([event])).rejects.toThrow();
    await monitor.superuser.query('ALTER TABLE away RENAME TO audit_events');
    expect(await monitor.superuser.query('SELECT 1 FROM rejected_events')).toEqual([]);
    await monitor.bus.publish([event]);
    expect(await eventsOf(userID)).toHaveLength(1);
  });

  test('broken connections are replaced', async () => {
    const userID = randomUUID();
    const event = eventOf(recordOf({ userID }));
    await monitor.database.cutConnections();
    await eventually('the event is taken', () =>
      monitor.bus.publish([event]).then(
        () => true,
        () => false,
      ),
    );
    await monitor.bus.publish([event]);
    expect(await eventsOf(userID)).toHaveLength(1);
  });
});

describe('when the reading cannot be recorded', () => {
  test('nothing is answered, and all is well again once it can', async () => {
    await monitor.superuser.query('ALTER TABLE outbox RENAME TO away');
    const refused = await monitor.call('GET', EVENTS);
    await monitor.superuser.query('ALTER TABLE away RENAME TO outbox');
    expect([refused.status, refused.body['error_code'], refused.body['items']]).toEqual([
      503,
      'AUDIT_UNAVAILABLE',
      undefined,
    ]);
    await eventually('it answers again', async () => (await monitor.call('GET', EVENTS)).status === 200);
  });
});
