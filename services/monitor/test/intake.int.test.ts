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
  (await monitor.call('POST', `${SEARCH}?limit=1000&sortdir=ASC`, { body: { user_id: userId } })).items;

const rejected = () =>
  monitor.superuser.query<{ reason: string; event: { id?: unknown } }>(
    'SELECT reason, event FROM rejected_events ORDER BY received_at',
  );

describe('records', () => {
  test('come back as they were told, by the name of their service', async () => {
    const userID = randomUUID();
    const message = { userID, secret: 'prod/db', empty: '', text: 'Ü "q" \\ \n 😀' };
    await monitor.bus.publish([eventOf(recordOf(message))]);
    expect(await eventsOf(userID)).toEqual([
      {
        service_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        service_name: 'vault',
        event_id: '5102',
        event_name: 'Secret-read',
        created: '2026-03-04T05:06:07.890Z',
        message,
      },
    ]);
  });

  test('keep their order over records, events and publications, at one and the same time', async () => {
    const userID = randomUUID();
    const number = (from: number, count: number) =>
      Array.from({ length: count }, (_, index) => recordOf({ userID, n: String(from + index) }));
    await monitor.bus.publish([
      eventOf(...number(0, 300)),
      eventOf(...number(300, 1)),
      eventOf(...number(301, 99)),
    ]);
    await monitor.bus.publish([eventOf(...number(400, 100))]);
    const numbers = (await eventsOf(userID)).map(({ message }) => Number(message['n']));
    expect(numbers).toEqual(Array.from({ length: 500 }, (_, index) => index));
  });

  test('of a long backlog are all stored', async () => {
    const userID = randomUUID();
    const events = Array.from({ length: 5 }, () =>
      eventOf(...Array.from({ length: 900 }, () => recordOf({ userID }))),
    );
    await monitor.bus.publish(events);
    const { count } = await monitor.call('POST', SEARCH, { body: { user_id: userID } });
    expect(count).toBe(4_500);
  });

  test('an event without records is fine', async () => {
    const before = await rejected();
    await monitor.bus.publish([eventOf()]);
    expect(await rejected()).toEqual(before);
  });
});

describe('an event that is delivered again', () => {
  test('is stored once, also with its id in another spelling', async () => {
    const userID = randomUUID();
    const event = eventOf(recordOf({ userID }), recordOf({ userID }));
    await monitor.bus.publish([{ ...event, id: event.id.toUpperCase() }]);
    await monitor.bus.publish([event]);
    await monitor.bus.publish([event]);
    expect(await eventsOf(userID)).toHaveLength(2);
  });

  test('is stored once when it comes twice in one delivery or to two consumers at once', async () => {
    const userID = randomUUID();
    const event = eventOf(recordOf({ userID }));
    await monitor.bus.publish([event, event]);
    const other = eventOf(recordOf({ userID }));
    await Promise.all([monitor.bus.publish([other]), monitor.bus.publish([other])]);
    expect(await eventsOf(userID)).toHaveLength(2);
    expect(await rejected()).toEqual([]);
  });
});

describe('an event that is invalid', () => {
  test('is set aside once, with the reason, and holds up no other', async () => {
    const userID = randomUUID();
    const bad = eventOf(recordOf({ userID, n: 'bad' }), { ...recordOf(), code: 'high' });
    const good = [eventOf(recordOf({ userID, n: '1' })), eventOf(recordOf({ userID, n: '2' }))];
    await monitor.bus.publish([good[0]!, bad, good[1]!]);
    await monitor.bus.publish([bad]);
    expect((await eventsOf(userID)).map(({ message }) => message['n'])).toEqual(['1', '2']);
    const mine = (await rejected()).filter(({ event }) => event.id === bad.id);
    expect(mine).toEqual([{ reason: 'data.records.1.code must be integer', event: bad }]);
    expect(monitor.errors).toContain('an audit event was rejected; it is kept in rejected_events');
  });

  test.each([
    ['a time that no database holds', { time: '0000-01-01T00:00:00Z' }, /SQLSTATE 22/],
    ['a user too long for the index', { message: { userID: incompressible(9_000) } }, /SQLSTATE 54000/],
  ])('only to the database, by %s, is set aside alone', async (_what, changed, reason) => {
    const userID = randomUUID();
    const bad = eventOf(recordOf({ userID }), { ...recordOf(), ...changed });
    await monitor.bus.publish([
      eventOf(recordOf({ userID, n: '1' })),
      bad,
      eventOf(recordOf({ userID, n: '2' })),
    ]);
    await monitor.bus.publish([bad]);
    expect((await eventsOf(userID)).map(({ message }) => message['n'])).toEqual(['1', '2']);
    const mine = (await rejected()).filter(({ event }) => event.id === bad.id);
    expect(mine).toEqual([{ reason: expect.stringMatching(reason), event: expect.anything() }]);
  });

  test('by a record that another event has told of already does not replace it', async () => {
    const userID = randomUUID();
    const record = recordOf({ userID, secret: 'first' });
    await monitor.bus.publish([eventOf(record)]);
    await monitor.bus.publish([eventOf({ ...record, message: { userID, secret: 'second' } })]);
    expect((await eventsOf(userID)).map(({ message }) => message['secret'])).toEqual(['first']);
    expect((await rejected()).map(({ reason }) => reason)).toContain(
      'the trail has a record of it already, from another event',
    );
  });
});

describe("monitor's own records", () => {
  const own = async (name: string): Promise<Item[]> => {
    const { items } = await monitor.call('GET', `${EVENTS}?limit=1000`);
    return items.filter(item => item.service_name === 'monitor' && item.event_name === name);
  };

  test('come the same way: its start, and each reading of the trail', async () => {
    await eventually('the start is in the trail', async () => (await own('Service-running')).length === 1);
    const sub = randomUUID();
    const as = await monitor.issuer.bearer({ sub, name: 'reader', permissions: ['logs-manage'] });
    const body = { keywords: 'Needle', user_id: sub, start_time: '2026-01-01T00:00:00Z' };
    await monitor.call('POST', SEARCH, { as, body, headers: { 'x-forwarded-for': '10.9.8.7' } });
    await eventually('the reading is in the trail', async () => (await eventsOf(sub)).length === 1);
    const [reading] = await eventsOf(sub);
    expect(reading).toMatchObject({
      event_id: '5301',
      event_name: 'Audit-trail-read',
      message: {
        userID: sub,
        username: 'reader',
        remoteAddress: '10.9.8.7',
        keywords: 'needle',
        'filter.userID': sub,
        'filter.from': '2026-01-01T00:00:00.000Z',
        offset: '0',
        read: '0',
      },
    });
  });

  // Last: it stops the service.
  test('up to the stop', async () => {
    await monitor.stopService();
    const rows = await monitor.superuser.query(
      `SELECT 1 FROM audit_events WHERE service_name = 'monitor' AND event_name = 'Service-stopped'`,
    );
    expect(rows).toHaveLength(1);
    expect(await monitor.superuser.query('SELECT 1 FROM outbox')).toEqual([]);
  });
});

/** Letters whose repetition no compression of the database finds. */
function incompressible(length: number): string {
  let text = '';
  while (text.length < length) text += randomUUID();
  return text.slice(0, length);
}
