import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ROLES, startTestAuth, uniqueName, type Answer, type TestAuth } from './support.ts';

let now = new Date('2026-05-01T08:00:00.123Z');
let auth: TestAuth;

beforeAll(async () => {
  auth = await startTestAuth({ now: () => now });
});
afterAll(() => auth.stop());

const namesOf = ({ body }: Answer) => (body['items'] as { name: string }[]).map(item => item.name);

describe('finding roles', () => {
  const prefix = uniqueName('find');
  const names = ['b', 'A', 'c%', 'D_'].map(end => `${prefix} ${end}`);

  beforeAll(async () => {
    for (const name of names) {
      now = new Date(now.getTime() + 1_000);
      expect((await auth.call('POST', ROLES, { body: { name } })).status).toBe(201);
    }
  });
  const search = (query: string, body: unknown = { keywords: prefix }) =>
    auth.call('POST', `${ROLES}/search${query}`, { body });

  test.each([
    ['', ['A', 'b', 'c%', 'D_']],
    ['?sortdir=desc', ['D_', 'c%', 'b', 'A']],
    ['?sortkey=created', ['b', 'A', 'c%', 'D_']],
    ['?sortkey=updated&sortdir=DESC', ['D_', 'c%', 'A', 'b']],
    ['?offset=1&limit=2', ['b', 'c%']],
    ['?offset=9', []],
  ])('sorted and paged: %s', async (query, ends) => {
    const answer = await search(query);
    expect(namesOf(answer)).toEqual(ends.map(end => `${prefix} ${end}`));
    expect(answer.body['count']).toBe(4);
  });

  test('by parts of names, any of them, in any case', async () => {
    expect(namesOf(await search('', { name: [`${prefix} A`.toUpperCase(), '_'] }))).toEqual([
      names[1],
      names[3],
    ]);
    expect(namesOf(await search('', { keywords: 'c%' }))).toEqual([names[2]]);
    expect(namesOf(await search('', { name: ['\\', "' OR true"] }))).toEqual([]);
    const all = (await auth.call('GET', ROLES)).body['count'];
    for (const body of ['', {}, { name: null }, { name: [] }, { keywords: '', name: [''] }]) {
      expect((await search('', body)).body['count']).toBe(all);
    }
  });

  test.each([
    'limit=1001',
    'limit=0',
    'limit=x',
    'offset=-1',
    'offset=1e400',
    'sortkey=permissions',
    'sortdir=up',
  ])('a list with %s is refused', async query => {
    for (const [method, path] of [
      ['GET', ROLES],
      ['POST', `${ROLES}/search`],
    ] as const) {
      const { status, body } = await auth.call(method, `${path}?${query}`);
      expect([status, body['property']]).toEqual([400, query.split('=')[0]]);
    }
  });

  test('resolve keeps the order, leaves out what is unknown and gives each role once', async () => {
    const asked = [
      names[3],
      'nobody knows this',
      names[0]?.toUpperCase(),
      names[3],
      names[3]?.toLowerCase(),
      '',
    ];
    const answer = await auth.call('POST', `${ROLES}/resolve`, { body: asked });
    expect(answer.status).toBe(200);
    expect(namesOf(answer)).toEqual([names[3], names[0]]);
    expect(answer.body['count']).toBe(2);
    expect((await auth.call('POST', `${ROLES}/resolve`, { body: [] })).body).toEqual({ count: 0, items: [] });
    for (const body of [{}, 'null', [5], Array<string>(1_001).fill('x')]) {
      expect((await auth.call('POST', `${ROLES}/resolve`, { body })).status).toBe(400);
    }
  });
});
