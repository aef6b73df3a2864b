import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '@strongroom/testing/eventually';
import { eventOf, EVENTS, recordOf, startTestMonitor, type TestMonitor } from './support.ts';

const EXPORT = `${EVENTS}/export`;

interface Line {
  position: number;
  id: string;
  created: string;
  service_id: string;
  service_name: string;
  event_id: string;
  event_name: string;
  message: Record<string, string>;
}

let monitor: TestMonitor;
let reader: string;
const users: string[] = [];

beforeAll(async () => {
  monitor = await startTestMonitor();
  reader = await monitor.issuer.bearer({ sub: randomUUID(), permissions: ['logs-manage'] });
  for (let day = 1; day <= 3; day += 1) {
    const records = Array.from({ length: 400 }, () => {
      users.push(randomUUID());
      return recordOf({ userID: users.at(-1) ?? '' }, { time: `2026-03-0${day}T00:00:00.000Z` });
    });
    await monitor.bus.publish([eventOf(...records)]);
  }
});
afterAll(() => monitor.stop());

async function exported(query = ''): Promise<Line[]> {
  const response = await fetch(`${monitor.url}${EXPORT}${query}`, { headers: { authorization: reader } });
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/x-ndjson']);
  const text = await response.text();
  expect(text === '' || text.endsWith('\n')).toBe(true);
  return text
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as Line);
}

const ofUsers = (lines: readonly Line[]) => lines.map(({ message }) => message['userID']);

describe('an export', () => {
  test('is every record once, in the order of the trail, over many pages', async () => {
    const lines = await exported();
    const positions = lines.map(({ position }) => position);
    expect(positions).toEqual(positions.map((_, index) => index + 1));
    expect(ofUsers(lines).filter(user => users.includes(user ?? ''))).toEqual(users);
    const line = lines.find(({ message }) => message['userID'] === users[0]);
    expect(line).toEqual({
      position: expect.any(Number),
      id: expect.any(String),
      created: '2026-03-01T00:00:00.000Z',
      service_id: '8028dc45-9b2c-53d8-bacb-8ab472f492dd',
      service_name: 'vault',
      event_id: '5102',
      event_name: 'Secret-read',
      message: { userID: users[0] },
    });
  });

  test('has what positions and times leave of it, both ends included', async () => {
    const all = await exported();
    const day = await exported('?start_time=2026-03-02T00:00:00Z&end_time=2026-03-02T00:00:00Z');
    expect(ofUsers(day)).toEqual(users.slice(400, 800));
    expect(await exported('?from=3&to=700')).toEqual(all.slice(2, 700));
    expect(await exported('?from=1000000')).toEqual([]);
    expect(await exported('?start_time=2100-01-01T00:00:00Z')).toEqual([]);
  });

  test('is itself recorded, with its bounds, and does not hold that record', async () => {
    const userID = randomUUID();
    const as = await monitor.issuer.bearer({ sub: userID, permissions: ['logs-view'] });
    const response = await fetch(`${monitor.url}${EXPORT}?from=5&to=6&start_time=2026-03-01T00:00:00Z`, {
      headers: { authorization: as },
    });
    expect((await response.text()).split('\n')).toHaveLength(3);
    const own = async () =>
      (await exported('?from=1200')).filter(({ message }) => message['userID'] === userID);
    await eventually('the record is in the trail', async () => (await own()).length > 0);
    expect(await own()).toMatchObject([
      {
        event_id: '5311',
        message: { firstPosition: '5', lastPosition: '6', 'filter.from': '2026-03-01T00:00:00.000Z' },
      },
    ]);
  });

  test('refuses strangers and ranges that are none', async () => {
    const stranger = await monitor.issuer.bearer({ sub: randomUUID(), permissions: ['users-view'] });
    expect((await monitor.call('GET', EXPORT, { as: null })).status).toBe(401);
    expect((await monitor.call('GET', EXPORT, { as: stranger })).status).toBe(403);
    for (const query of ['from=0', 'from=9&to=8', 'to=x', 'start_time=yesterday']) {
      expect((await monitor.call('GET', `${EXPORT}?${query}`)).status).toBe(400);
    }
  });

  test('that cannot be recorded sends nothing', async () => {
    await monitor.superuser.query('ALTER TABLE outbox RENAME TO away');
    const refused = await monitor.call('GET', EXPORT);
    await monitor.superuser.query('ALTER TABLE away RENAME TO outbox');
    expect([refused.status, refused.body['error_code']]).toEqual([503, 'AUDIT_UNAVAILABLE']);
  });
});
