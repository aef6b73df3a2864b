import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { MAX_DATA_BYTES } from '../src/domain/secret.ts';
import { pathOf, SEARCH, SECRETS, startTestVault, uniqueName, type TestVault } from './support.ts';

const ID = 'e0000000-0000-4000-8000-000000000000';

let vault: TestVault;
let name: string;

beforeAll(async () => {
  vault = await startTestVault();
  name = uniqueName('target');
  await vault.call('POST', SECRETS, { body: { name, data: { v: 1 }, read_roles: [vault.role] } });
});
afterAll(() => vault.stop());

describe('a wrong member is named, and its value is not repeated', () => {
  const plum = 'plum-8812';
  const content: [string, unknown, string, string][] = [
    ['data as text', { data: plum }, 'data', 'VALUE_INCORRECT_TYPE'],
    ['data as a list', { data: [plum] }, 'data', 'VALUE_INCORRECT_TYPE'],
    ['data as a number', { data: 8812 }, 'data', 'VALUE_INCORRECT_TYPE'],
    ['roles as an object', { read_roles: { id: ID } }, 'read_roles', 'VALUE_INCORRECT_TYPE'],
    ['roles as text', { write_roles: plum }, 'write_roles', 'VALUE_INCORRECT_TYPE'],
    ['ids instead of handles', { read_roles: [plum] }, 'read_roles.0', 'VALUE_INCORRECT_TYPE'],
    ['a null handle', { read_roles: [{ id: ID }, null] }, 'read_roles.1', 'VALUE_INCORRECT_TYPE'],
    ['a handle without id', { write_roles: [{ name: plum }] }, 'write_roles.0.id', 'REQUIRED_VALUE_MISSING'],
    ['an id as a number', { read_roles: [{ id: 1 }] }, 'read_roles.0.id', 'VALUE_INCORRECT_TYPE'],
    ['an empty id', { read_roles: [{ id: '' }] }, 'read_roles.0.id', 'VALUE_INCORRECT_FORMAT'],
    [
      'an id that is none',
      { read_roles: [{ id: plum.padEnd(36, 'x') }] },
      'read_roles.0.id',
      'VALUE_INCORRECT_FORMAT',
    ],
    ['an unknown role', { read_roles: [{ id: ID }] }, 'read_roles.0.id', 'INVALID_REQUEST_DATA'],
    ['too many roles', { write_roles: Array(101).fill({ id: ID }) }, 'write_roles', 'VALUE_OUT_OF_BOUNDS'],
    ['a number as name', { name: 5 }, 'name', 'VALUE_INCORRECT_TYPE'],
    ['an object as name', { name: { plum } }, 'name', 'VALUE_INCORRECT_TYPE'],
  ];

  test.each(content)('%s', async (_what, member, property, code) => {
    const created = await vault.call('POST', SECRETS, {
      body: { name: uniqueName('bad'), ...(member as object) },
    });
    const changed = await vault.call('PUT', pathOf(name), { body: member });
    for (const { status, body, text } of [created, changed]) {
      expect([status, body['error_code'], body['property']]).toEqual([400, code, property]);
      expect(body['details']).toContainEqual({
        error_code: code,
        error_message: body['error_message'],
        property,
      });
      expect(text).not.toContain(plum);
    }
  });

  test.each([{}, { name: null }])('a new secret without a name: %j', async body => {
    const answer = await vault.call('POST', SECRETS, { body });
    expect([answer.status, answer.body['property']]).toEqual([400, 'name']);
  });

  test.each([
    ['keywords', 'VALUE_INCORRECT_TYPE', { keywords: 5 }],
    ['keywords', 'VALUE_OUT_OF_BOUNDS', { keywords: 'x'.repeat(1_001) }],
    ['keywords', 'VALUE_INCORRECT_FORMAT', { keywords: 'a\0' }],
    ['owner_id', 'VALUE_INCORRECT_TYPE', { owner_id: plum }],
    ['owner_id.0', 'VALUE_INCORRECT_TYPE', { owner_id: [5] }],
    ['owner_id', 'VALUE_OUT_OF_BOUNDS', { owner_id: Array(101).fill('x') }],
    ['filter', 'VALUE_INCORRECT_FORMAT', { filter: plum }],
    ['filter', 'VALUE_INCORRECT_TYPE', { filter: ['shared'] }],
  ])('a search, %s: %s (%#)', async (property, code, body) => {
    const answer = await vault.call('POST', SEARCH, { body });
    expect([answer.status, answer.body['error_code'], answer.body['property']]).toEqual([
      400,
      code,
      property,
    ]);
    expect(answer.text).not.toContain(plum);
  });

  test.each([
    ['limit=101', 'limit'],
    ['limit=0', 'limit'],
    ['limit=-1', 'limit'],
    ['limit=1.5', 'limit'],
    ['limit=ten', 'limit'],
    ['limit=1&limit=2', 'limit'],
    ['offset=-1', 'offset'],
    ['offset=2147483648', 'offset'],
    ['offset=1e400', 'offset'],
  ])('the query %s', async (query, property) => {
    for (const [method, path] of [
      ['GET', SECRETS],
      ['POST', SEARCH],
    ] as const) {
      const { status, body } = await vault.call(method, `${path}?${query}`);
      expect([status, body['property']]).toEqual([400, property]);
    }
  });

  test.each([
    ['sortkey=data', 'sortkey'],
    ['sortkey=name;drop', 'sortkey'],
    ['sortdir=up', 'sortdir'],
  ])('the search query %s', async (query, property) => {
    const { status, body } = await vault.call('POST', `${SEARCH}?${query}`, { body: {} });
    expect([status, body['property']]).toEqual([400, property]);
  });
});

describe('a body that cannot be read', () => {
  const nested = (depth: number) => '{"v":'.repeat(depth) + '1' + '}'.repeat(depth);
  test.each<[string, string | Buffer, Record<string, string>?]>([
    ['broken JSON', '{"name":"plum-8813","data":{"p":"plum-8813"'],
    ['two values', '{"name":"plum-8813"} {}'],
    ['no object', '["plum-8813"]'],
    ['a bare text', '"plum-8813"'],
    ['null', 'null'],
    ['ten thousand levels', `{"name":"plum-8813","data":${nested(10_000)}}`],
    ['ten thousand lists', `{"name":"plum-8813","data":{"v":${'['.repeat(10_000)}`],
    ['broken UTF-8', Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x7d])],
    ['compressed', gzipSync('{"name":"plum-8813"}'), { 'content-encoding': 'gzip' }],
  ])('%s', async (_what, body, headers = {}) => {
    for (const [method, path] of [
      ['POST', SECRETS],
      ['PUT', pathOf(name)],
    ] as const) {
      const answer = await vault.call(method, path, { body, headers });
      expect([answer.status, typeof answer.body['error_code']]).toEqual([400, 'string']);
      expect(answer.text).not.toContain('plum-8813');
    }
  });

  test('content in reasonable depth is no fault', async () => {
    const body = `{"name":"${uniqueName('deep')}","data":${nested(50)}}`;
    expect((await vault.call('POST', SECRETS, { body })).status).toBe(201);
  });
});

describe('sizes', () => {
  const dataOf = (bytes: number) => ({ v: 'x'.repeat(bytes - JSON.stringify({ v: '' }).length) });

  test('one mebibyte of content is taken, one byte more is not', async () => {
    const body = { name: uniqueName('large'), data: dataOf(MAX_DATA_BYTES), read_roles: [vault.role] };
    expect((await vault.call('POST', SECRETS, { body })).status).toBe(201);
    expect((await vault.call('GET', pathOf(body.name))).body['data']).toEqual(body.data);

    const more = { name: uniqueName('larger'), data: dataOf(MAX_DATA_BYTES + 1) };
    const answer = await vault.call('POST', SECRETS, { body: more });
    expect([answer.status, answer.body['property']]).toEqual([413, 'data']);
    expect((await vault.call('PUT', pathOf(name), { body: { data: more.data } })).status).toBe(413);
    expect((await vault.call('GET', pathOf(name))).body['data']).toEqual({ v: 1 });
  });

  test('it is the content that counts, not how its text is escaped', async () => {
    // Python's SDK writes each of these characters, two bytes of content, as six bytes of ASCII.
    const text = 'é'.repeat(MAX_DATA_BYTES / 2 - 100);
    const body = `{"name":"${uniqueName('escaped')}","data":{"v":"${text.replaceAll('é', '\\u00e9')}"}}`;
    expect((await vault.call('POST', SECRETS, { body })).status).toBe(201);
  });

  test('a body beyond any content is refused unread', async () => {
    const body = { name, data: dataOf(4 * MAX_DATA_BYTES) };
    const { status, body: answer } = await vault.call('POST', SECRETS, { body });
    expect([status, answer['error_code']]).toEqual([413, 'OUT_OF_RESOURCES']);
  });
});

test('a name that is taken, in any spelling of its own', async () => {
  const { status, body } = await vault.call('POST', SECRETS, { body: { name, data: { v: 2 } } });
  expect([status, body['error_code'], body['property']]).toEqual([409, 'VALUE_DUPLICATE', 'name']);
  expect((await vault.call('GET', pathOf(name))).body['data']).toEqual({ v: 1 });
});

test('what nobody serves', async () => {
  for (const [method, path] of [
    ['GET', '/vault/api/v1/nothing'],
    ['PATCH', pathOf(name)],
    ['GET', '/vault/api/v1/Secrets'],
  ] as const) {
    const { status, body } = await vault.call(method, path);
    expect([status, body['error_code']]).toEqual([404, 'OBJECT_NOT_FOUND']);
  }
});
