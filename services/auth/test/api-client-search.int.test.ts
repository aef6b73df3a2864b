import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { API_CLIENTS, startTestAuth, type TestAuth } from './support.ts';

const SEARCH = `${API_CLIENTS}/search`;
let now = new Date('2026-06-01T08:00:00Z');
let auth: TestAuth;
let ids: Record<string, string>;

/** In this order of making: neither that of names nor of changes. */
const NAMES = ['needle-b', 'needle-c', 'needle-a', 'other 100%', 'other_x'];

beforeAll(async () => {
  auth = await startTestAuth({ now: () => now });
  ids = {};
  for (const name of NAMES) {
    now = new Date(now.getTime() + 1_000);
    ids[name] = String((await auth.call('POST', API_CLIENTS, { body: { name } })).body['id']);
  }
  now = new Date(now.getTime() + 1_000);
  await auth.call('PUT', `${API_CLIENTS}/${ids['needle-b']}`, { body: { name: 'needle-b' } });
});
afterAll(() => auth.stop());

async function search(
  body: Record<string, unknown>,
  query = '',
): Promise<{ count: unknown; names: string[] }> {
  const answer = await auth.call('POST', `${SEARCH}${query}`, { body });
  expect(answer.status).toBe(200);
  const items = answer.body['items'] as { name: string }[];
  return { count: answer.body['count'], names: items.map(({ name }) => name) };
}

const needles = (...letters: string[]) => letters.map(letter => `needle-${letter}`);

describe('a search of API clients (contract 5.4)', () => {
  test('by words of their names, in any case, taken literally', async () => {
    expect((await search({ keywords: 'NEEDLE' })).names).toEqual(needles('a', 'b', 'c'));
    expect((await search({ keywords: 'needle-a, needle-c' })).names).toEqual(needles('a', 'c'));
    expect((await search({ keywords: '%' })).names).toEqual(['other 100%']);
    expect((await search({ keywords: '_' })).names).toEqual(['other_x']);
    expect(await search({ keywords: 'nothing' })).toEqual({ count: 0, names: [] });
  });

  test('zero values of Go say nothing', async () => {
    const unset = { keywords: '', sortdir: '', sortkey: '', limit: 0, offset: 0 };
    const { count, names } = await search(unset);
    expect([count, names.length]).toEqual([NAMES.length + 1, NAMES.length + 1]);
    expect(await search({})).toEqual({ count, names });
    expect(await search({ keywords: null, sortdir: null, sortkey: null, limit: null, offset: null })).toEqual(
      { count, names },
    );
  });

  test.each<[Record<string, unknown>, string[]]>([
    [{ sortkey: 'name', sortdir: 'DESC' }, needles('c', 'b', 'a')],
    [{ sortkey: 'created' }, needles('b', 'c', 'a')],
    [{ sortkey: 'created', sortdir: 'desc' }, needles('a', 'c', 'b')],
    [{ sortkey: 'updated', sortdir: 'ASC' }, needles('c', 'a', 'b')],
    [{ limit: 1, offset: 1 }, needles('b')],
    [{ offset: 9 }, []],
  ])('order and page: %j', async (body, names) => {
    expect(await search({ keywords: 'needle', ...body })).toEqual({ count: 3, names });
    const query = new URLSearchParams(
      Object.entries(body).map(([key, value]): [string, string] => [key, String(value)]),
    );
    expect(await search({ keywords: 'needle' }, `?${query.toString()}`)).toEqual({ count: 3, names });
  });

  test('the query wins over the body', async () => {
    const body = { keywords: 'needle', limit: 1, offset: 2, sortkey: 'created', sortdir: 'ASC' };
    expect((await search(body, '?limit=2&offset=0&sortkey=name&sortdir=desc')).names).toEqual(
      needles('c', 'b'),
    );
  });

  test.each([
    { limit: 1_001 },
    { limit: -1 },
    { offset: -1 },
    { sortkey: 'secret' },
    { sortdir: 'up' },
    { keywords: 7 },
    { limit: '5' },
  ])('refused: %j', async body => expect((await auth.call('POST', SEARCH, { body })).status).toBe(400));

  test('the list can be sorted too', async () => {
    const { body } = await auth.call('GET', `${API_CLIENTS}?sortkey=name&sortdir=desc&limit=2`);
    expect((body['items'] as { name: string }[]).map(({ name }) => name)).toEqual(['other_x', 'other 100%']);
  });

  test('comes with secrets, on record', async () => {
    const requestId = randomUUID();
    const answer = await auth.call('POST', SEARCH, {
      body: { keywords: 'needle-a' },
      headers: { 'x-request-id': requestId },
    });
    const [item] = answer.body['items'] as Record<string, unknown>[];
    expect(item).toEqual((await auth.call('GET', `${API_CLIENTS}/${ids['needle-a']}`)).body);
    const records = (await auth.trail()).filter(({ message }) => message['requestID'] === requestId);
    expect(records).toMatchObject([
      { name: 'API-client-secrets-read', message: { apiClientIDs: ids['needle-a'] } },
    ]);
    const { bearer } = await auth.clientWith('users-manage');
    expect((await auth.call('POST', SEARCH, { as: bearer, body: {} })).status).toBe(403);
  });
});
