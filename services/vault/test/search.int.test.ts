import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SEARCH, SECRETS, startTestVault, type Answer, type TestVault } from './support.ts';

const NAMES = ['alpha/one', 'alpha/Two', 'beta one', 'Beta 100%', 'gamma_x', 'Zoë'];

let now = new Date('2026-01-01T00:00:00Z');
let vault: TestVault;

beforeAll(async () => {
  vault = await startTestVault({ now: () => now });
  for (const name of NAMES) {
    now = new Date(now.getTime() + 1_000);
    const body = { name, data: { hidden: 'plum-2216' }, read_roles: [vault.role] };
    expect((await vault.call('POST', SECRETS, { body })).status).toBe(201);
  }
  now = new Date(now.getTime() + 1_000);
  await vault.call('PUT', `${SECRETS}/alpha%2Fone`, { body: { data: { hidden: 'plum-2216' } } });
});
afterAll(() => vault.stop());

const namesOf = ({ body }: Answer) => (body['items'] as { name: string }[]).map(item => item.name);
const search = (body: unknown, query = '') => vault.call('POST', `${SEARCH}${query}`, { body });
const sorted = ['Beta 100%', 'Zoë', 'alpha/Two', 'alpha/one', 'beta one', 'gamma_x'];

describe('the list', () => {
  test('shows metadata without data', async () => {
    const { status, text, body } = await vault.call('GET', SECRETS);
    expect(status).toBe(200);
    expect(Object.keys(body)).toEqual(['count', 'items']);
    expect(body['count']).toBe(NAMES.length);
    expect(text).not.toContain('plum-2216');
    expect((body['items'] as object[]).map(item => Object.keys(item).sort())).toEqual(
      NAMES.map(() => [
        'author',
        'created',
        'id',
        'name',
        'number',
        'path',
        'read_roles',
        'tags',
        'updated',
        'updated_by',
        'version',
        'write_roles',
      ]),
    );
  });

  test('pages by name, counts all, and counts nothing beyond the end', async () => {
    const all = namesOf(await vault.call('GET', SECRETS));
    expect([...all].sort()).toEqual(sorted);
    const page = async (query: string) => {
      const answer = await vault.call('GET', `${SECRETS}?${query}`);
      return [answer.body['count'], ...namesOf(answer)];
    };
    expect(await page('limit=2')).toEqual([6, ...all.slice(0, 2)]);
    expect(await page('offset=4&limit=100')).toEqual([6, ...all.slice(4)]);
    expect(await page('offset=5')).toEqual([6, ...all.slice(5)]);
    // External Secrets Operator pages until this (contract 0.3).
    expect(await page('offset=6')).toEqual([0]);
    expect(await page('offset=600')).toEqual([0]);
  });

  test('takes what clients append: a bare question mark, unknown parameters, a content type', async () => {
    for (const query of ['?', '?unknown=1&fuzzycount=true&filter=x']) {
      expect((await vault.call('GET', `${SECRETS}${query}`)).body['count']).toBe(6);
    }
    const headers = { 'content-type': 'application/json' };
    expect((await vault.call('GET', SECRETS, { headers })).status).toBe(200);
    expect((await vault.call('GET', `${SECRETS}/gamma_x`, { headers })).status).toBe(200);
  });
});

describe('the search', () => {
  test.each([
    ['alpha', ['alpha/Two', 'alpha/one']],
    ['ONE', ['alpha/one', 'beta one']],
    ['one alpha', ['alpha/one']],
    ['one,,  beta', ['beta one']],
    ['alpha gamma', []],
    ['100%', ['Beta 100%']],
    ['%', ['Beta 100%']],
    ['a_x', ['gamma_x']],
    ['_', ['gamma_x']],
    ['\\', []],
    ['zoe\u0308', ['Zoë']],
    ['', sorted],
    [' , ', sorted],
    ["' OR true --", []],
  ])('words of the name: %j', async (keywords, expected) => {
    const answer = await search({ keywords });
    expect(namesOf(answer).sort()).toEqual(expected);
    expect(answer.body['count']).toBe(expected.length);
  });

  test.each([
    ['?sortkey=created', NAMES],
    ['?sortkey=created&sortdir=desc', [...NAMES].reverse()],
    ['?sortkey=updated', [...NAMES.slice(1), 'alpha/one']],
    ['?sortkey=updated&sortdir=DESC&limit=1', ['alpha/one']],
    ['?sortkey=created&sortdir=Asc&offset=2&limit=2', NAMES.slice(2, 4)],
  ])('sorts and pages by the query: %s', async (query, expected) => {
    const answer = await search({}, query);
    expect(namesOf(answer)).toEqual(expected);
    expect(answer.body['count']).toBe(6);
  });

  test('keeps its count beyond the last page', async () => {
    expect((await search({}, '?offset=50')).body).toEqual({ count: 6, items: [] });
  });

  test("ignores the zero values of Go's body, whatever its query says", async () => {
    const zero = { keywords: '', filter: '', owner_id: null, sortdir: '', sortkey: '', limit: 0, offset: 0 };
    expect((await search(zero)).body['count']).toBe(6);
    expect(namesOf(await search({ ...zero, offset: 3 }, '?limit=1&sortkey=created'))).toEqual(['alpha/one']);
    expect((await search(undefined)).body['count']).toBe(6);
  });

  test('for an owner finds nothing: no secret here has one', async () => {
    for (const body of [{ owner_id: ['d0000000-0000-4000-8000-000000000000'] }, { filter: 'personal' }]) {
      expect((await search(body)).body).toEqual({ count: 0, items: [] });
    }
    expect((await search({ owner_id: [] })).body['count']).toBe(6);
  });

  describe('by what else is known of a secret', () => {
    beforeAll(async () => {
      const secrets = [
        { name: 'own/first', tags: ['red', 'blue'], schema: 'text', data: { text: 'x' } },
        { name: 'own/inner/second', tags: ['red'], expires: '2026-01-11T00:00:00Z' },
        { name: 'owner', expires: '2025-12-31T00:00:00Z' },
        { name: 'own', expires: '2026-02-01T00:00:00Z' },
      ];
      for (const secret of secrets) {
        const body = { data: {}, ...secret, read_roles: [vault.role] };
        expect((await vault.call('POST', SECRETS, { body })).status).toBe(201);
      }
    });
    afterAll(async () => {
      for (const name of ['own/first', 'own/inner/second', 'owner', 'own'])
        await vault.call('DELETE', `${SECRETS}/${name}`);
    });

    test.each([
      [{ tags: ['red'] }, ['own/first', 'own/inner/second']],
      [{ tags: ['blue', ' red '] }, ['own/first']],
      [{ tags: ['Red'] }, []],
      [{ schema: 'text' }, ['own/first']],
      [{ schema: 'unheard-of' }, []],
      [{ folder: 'own' }, ['own/first', 'own/inner/second']],
      [{ folder: '/own/inner/' }, ['own/inner/second']],
      [{ folder: 'ow' }, []],
      [{ expires_within_days: 10 }, ['own/inner/second', 'owner']],
      [{ expires_within_days: 9 }, ['owner']],
      [{ expires_within_days: 0 }, ['owner']],
      [{ expires_within_days: 400 }, ['own', 'own/inner/second', 'owner']],
      [{ keywords: 'second', tags: ['red'], folder: 'own', expires_within_days: 400 }, ['own/inner/second']],
    ])('%j', async (body, expected) => {
      const answer = await search(body);
      expect(namesOf(answer)).toEqual(expected);
      expect(answer.body['count']).toBe(expected.length);
    });

    test('null and empty members ask for nothing, wrong ones are refused', async () => {
      const none = { tags: null, schema: null, folder: null, expires_within_days: null };
      expect((await search(none)).body['count']).toBe(NAMES.length + 4);
      expect((await search({ tags: [], folder: '' })).body['count']).toBe(NAMES.length + 4);
      for (const wrong of [
        { tags: 'red' },
        { expires_within_days: -1 },
        { expires_within_days: 1e9 },
        { schema: 7 },
      ]) {
        expect((await search(wrong)).status).toBe(400);
      }
    });
  });
});
