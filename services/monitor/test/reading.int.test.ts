import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import { eventOf, EVENTS, recordOf, SEARCH, startTestMonitor, type TestMonitor } from './support.ts';

let monitor: TestMonitor;

beforeAll(async () => {
  monitor = await startTestMonitor();
});
afterAll(() => monitor.stop());

/** Go sends every member, whether it is set or not. */
const goSearch = {
  keywords: '',
  user_id: '',
  connection_id: '',
  host_id: '',
  source_id: '',
  session_id: '',
  access_group_id: '',
  start_time: '',
  end_time: '',
};

/** Numbers `n` of the records found. Searches are on the record as well, with their keywords: those are left out. */
async function found(body: object, query = ''): Promise<string[]> {
  const { status, items } = await monitor.call('POST', `${SEARCH}?sortdir=ASC&limit=1000${query}`, { body });
  expect(status).toBe(200);
  return items.filter(item => item.service_name === 'vault').map(({ message }) => message['n'] ?? '');
}

describe('GET /auditevents', () => {
  test('answers an envelope, newest first, 50 unless told', async () => {
    const userID = randomUUID();
    const year = (n: number) => `2${String(n).padStart(3, '0')}-01-01T00:00:00Z`;
    await monitor.bus.publish([
      eventOf(
        ...Array.from({ length: 60 }, (_, n) => recordOf({ userID, n: String(n) }, { time: year(n + 900) })),
      ),
    ]);
    const { status, count, items, body } = await monitor.call('GET', EVENTS);
    expect(status).toBe(200);
    expect(Object.keys(body)).toEqual(['count', 'items']);
    expect(count).toBeGreaterThanOrEqual(60);
    expect(items.map(({ message }) => message['n'])).toEqual(
      Array.from({ length: 50 }, (_, n) => String(59 - n)),
    );
    expect(Object.keys(items[0]!).sort()).toEqual([
      'created',
      'event_id',
      'event_name',
      'message',
      'service_id',
      'service_name',
    ]);
    const values = items.flatMap(item => [...Object.values(item.message), item.event_id]);
    expect(new Set(values.map(value => typeof value))).toEqual(new Set(['string']));
  });

  test.each([
    ['Go', '?offset=0&limit=25&sortkey=created&sortdir=DESC&fuzzycount=true', 25],
    ['Python', '?offset=2&limit=10&sortdir=desc&fuzzycount=false', 10],
    ['a bare question mark', '?', 50],
    ['parameters that nobody knows', '?query=x&verbose=true', 50],
  ])('takes the query of %s', async (_who, query, length) => {
    const { status, items } = await monitor.call('GET', `${EVENTS}${query}`);
    expect(status).toBe(200);
    expect(items).toHaveLength(length);
  });
});

describe('POST /auditevents/search', () => {
  const users = { ann: randomUUID(), bob: randomUUID() };
  const sessions = { one: randomUUID(), two: randomUUID() };
  const marker = randomUUID();
  const day = (n: number) => `2025-06-0${n}T12:00:00.000Z`;

  beforeAll(async () => {
    const base = { marker };
    await monitor.bus.publish([
      eventOf(
        recordOf({ ...base, n: '1', userID: users.ann, sessionID: sessions.one }, { time: day(1) }),
        recordOf({ ...base, n: '2', userID: users.ann, sessionID: sessions.two }, { time: day(2) }),
        recordOf({ ...base, n: '3', userID: users.bob, hostID: 'h1', connectionID: 'c1' }, { time: day(3) }),
        recordOf(
          { ...base, n: '4', userID: users.bob, sourceID: 's1', accessGroupID: 'g1' },
          { time: day(4) },
        ),
        recordOf(
          { ...base, n: '5', userID: users.bob, note: '50% of a_b and C\\D "Über"' },
          { time: day(5), name: 'Odd-Name' },
        ),
      ),
    ]);
  });

  const only = (body: object) => found({ ...goSearch, keywords: marker, ...body });

  test('of Go with nothing set finds everything, and so do an empty body and none', async () => {
    const [all, empty, none] = await Promise.all(
      [goSearch, {}, ''].map(body => monitor.call('POST', `${SEARCH}?fuzzycount=true`, { body })),
    );
    expect(all?.items).toHaveLength(50);
    expect([empty?.status, empty?.items.length, none?.status, none?.items.length]).toEqual([
      200, 50, 200, 50,
    ]);
  });

  test.each([
    ['user_id', users.ann, ['1', '2']],
    ['session_id', sessions.two, ['2']],
    ['host_id', 'h1', ['3']],
    ['connection_id', 'c1', ['3']],
    ['source_id', 's1', ['4']],
    ['access_group_id', 'g1', ['4']],
    ['user_id', 'h1', []],
    ['start_time', day(4), ['4', '5']],
    ['end_time', day(2), ['1', '2']],
    ['end_time', '2025-06-02T11:59:59.999Z', ['1']],
    ['start_time', '2025-06-05T14:00:00+02:00', ['5']],
  ])('%s %j', async (filter, value, expected) => {
    expect(await only({ [filter]: value })).toEqual(expected);
  });

  test('filters narrow each other; null is no filter', async () => {
    expect(await only({ user_id: users.ann, session_id: sessions.one, host_id: null })).toEqual(['1']);
    expect(await only({ user_id: users.bob, session_id: sessions.one })).toEqual([]);
    expect(await only({ user_id: users.bob, start_time: day(4), end_time: day(4) })).toEqual(['4']);
    expect(await only({ start_time: day(4), end_time: day(3) })).toEqual([]);
  });

  test.each([
    ['ODD-name', ['5']],
    ['über', ['5']],
    ['secret-READ h1', ['3']],
    ['h1 s1', []],
    ['50%', ['5']],
    ['a_b', ['5']],
    ['c\\d', ['5']],
    ['%', ['5']],
    ['"', ['5']],
    ['a%b', []],
    ['hostID', []],
    ["'; DROP TABLE audit_events; --", []],
  ])('keywords %j', async (keywords, expected) => {
    expect(await found({ keywords: `${marker} ${keywords}` })).toEqual(expected);
  });

  test("the body of Python's example", async () => {
    const body = {
      start_time: '2025-06-01T00:00:00Z',
      end_time: '2025-10-01T00:00:00Z',
      session_id: sessions.one,
    };
    const { status, count, items } = await monitor.call('POST', `${SEARCH}?fuzzycount=false`, { body });
    expect([status, count, items[0]?.message['n']]).toEqual([200, 1, '1']);
  });
});

describe('pages', () => {
  const userID = randomUUID();
  const total = 10_060;

  beforeAll(async () => {
    // All at one time: only the position tells them apart.
    const events = Array.from({ length: 10 }, (_, event) =>
      eventOf(
        ...Array.from({ length: total / 10 }, (_, n) =>
          recordOf({ userID, n: String(event * (total / 10) + n) }),
        ),
      ),
    );
    await monitor.bus.publish(events);
  });

  const page = (query: string) => monitor.call('POST', `${SEARCH}?${query}`, { body: { user_id: userID } });

  test('together are the whole, without gap or double, in both directions', async () => {
    for (const direction of ['ASC', 'desc']) {
      const numbers: number[] = [];
      for (let offset = 0; offset < total; offset += 1_000) {
        const { items, count } = await page(
          `sortkey=created&sortdir=${direction}&offset=${offset}&limit=1000`,
        );
        expect(count).toBe(total);
        numbers.push(...items.map(({ message }) => Number(message['n'])));
      }
      const ascending = Array.from({ length: total }, (_, n) => n);
      expect(numbers).toEqual(direction === 'ASC' ? ascending : ascending.reverse());
    }
  });

  test('beyond the last one are empty and keep the count', async () => {
    const { items, count } = await page(`offset=${total}`);
    expect([items, count]).toEqual([[], total]);
    const nobody = await monitor.call('POST', `${SEARCH}?offset=5`, { body: { user_id: randomUUID() } });
    expect([nobody.items, nobody.count]).toEqual([[], 0]);
  });

  test('a fuzzy count says at least that there is more, until the end', async () => {
    expect((await page('fuzzycount=true')).count).toBe(10_001);
    expect((await page('fuzzycount=true&offset=10000')).count).toBe(10_051);
    expect((await page('fuzzycount=true&offset=10050')).count).toBe(total);
  });
});

describe('GET /auditevents/codes', () => {
  test('is an object by code, with the code as a number in it', async () => {
    const { status, body } = await monitor.call('GET', `${EVENTS}/codes`);
    expect(status).toBe(200);
    expect(Object.keys(body)).toHaveLength(Object.keys(AUDIT_EVENTS).length);
    expect(body['5102']).toEqual({
      event_id: 5102,
      event_name: 'Secret-read',
      event_desc: 'The content of a secret was read',
    });
  });
});

describe('GET /time', () => {
  test('answers the clock in UTC, to anybody with a token', async () => {
    const as = await monitor.issuer.bearer();
    const { status, body } = await monitor.call('GET', '/monitor-service/api/v1/time', { as });
    expect(status).toBe(200);
    expect(body).toEqual({ time_utc: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) });
  });
});
