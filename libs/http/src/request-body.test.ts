import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Type } from '@strongroom/schema/types';
import { startApp, type TestApp } from '../test/app.ts';
import { ok, PUBLIC, route } from './route.ts';

const anything = Type.Unsafe<unknown>({});
const description = { method: 'post', tag: 'test', summary: '', access: PUBLIC, body: anything } as const;
const LIMIT = 400_000;

let app: TestApp;
beforeAll(async () => {
  app = await startApp(
    [
      route({ ...description, path: '/json', operationId: 'json', handle: ({ body }) => ok({ body }) }),
      route({
        ...description,
        path: '/form',
        operationId: 'form',
        bodyType: 'form',
        handle: ({ body }) => ok({ body }),
      }),
    ],
    { bodyLimitBytes: LIMIT },
  );
});
afterAll(() => app.stop());

const post = (body: string | Buffer, headers: Record<string, string> = {}, path = '/json') =>
  app.send('POST', path, { body, headers });

describe('a JSON body', () => {
  test.each([
    ['without a content type', '', {}],
    ['with a JSON content type', '', { 'content-type': 'application/json' }],
    ['with a stated length of nothing', '', { 'content-type': 'application/json', 'content-length': '0' }],
    ['of blanks', ' \r\n\t', {}],
    ['of a byte order mark', '\ufeff', {}],
  ])('that is empty, %s, reads as an empty object', async (_what, body, headers) => {
    const answer = await post(body, headers);
    expect([answer.status, answer.json]).toEqual([200, { body: {} }]);
  });

  test.each(['application/json', 'text/plain', 'application/x-www-form-urlencoded', 'no/such;;type'])(
    'is read whatever its content type says: %s',
    async type => {
      expect((await post('{"a":"ä"}', { 'content-type': type })).json).toEqual({ body: { a: 'ä' } });
    },
  );

  test.each([
    ['arrays', '['.repeat(10_000) + ']'.repeat(10_000)],
    ['arrays that never end', '['.repeat(LIMIT)],
    ['objects', '{"a":'.repeat(10_000) + '1' + '}'.repeat(10_000)],
    ['arrays after a string with an escaped quote', `["\\"",${'['.repeat(64)}${']'.repeat(65)}`],
    ['one level more than is allowed', '['.repeat(65) + ']'.repeat(65)],
  ])('of deeply nested %s is refused', async (_what, body) => {
    const answer = await post(body);
    expect(answer.status).toBe(400);
    expect(answer.json['error_message']).toMatch(/nested/);
  });

  test.each([
    ['64 levels', '['.repeat(64) + ']'.repeat(64)],
    ['brackets in a string', JSON.stringify(['['.repeat(1_000), `"${'{'.repeat(1_000)}\\`])],
    ['many brackets side by side', `[${'[],'.repeat(1_000)}[]]`],
  ])('with %s is accepted', async (_what, body) => {
    expect((await post(body)).json).toEqual({ body: JSON.parse(body) as unknown });
  });

  test.each([
    '{"password":"CANARY"',
    '{"password":CANARY}',
    'CANARY',
    '{"a":"CANARY\n"}',
    '{"a":"CANARY\\x"}',
    '{"a":1}CANARY',
    "{'a':'CANARY'}",
    '"CANARY',
  ])('that is malformed is refused without a quote of it: %j', async body => {
    const answer = await post(body);
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ error_code: 'BAD_REQUEST' });
    expect(answer.text + JSON.stringify(answer.headers)).not.toContain('CANARY');
    expect(app.logged).toEqual([]);
  });

  test.each([
    ['a cut character', Buffer.from([0x22, 0xc3, 0x22])],
    ['an overlong form', Buffer.from([0x22, 0xc0, 0xaf, 0x22])],
    ['a surrogate', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])],
    ['UTF-16', Buffer.from('\ufeff"text"', 'utf16le')],
  ])('with %s is not UTF-8 and refused', async (_what, body) => {
    const answer = await post(body, { 'content-type': 'application/json; charset=utf-16' });
    expect(answer.status).toBe(400);
    expect(answer.json['error_message']).toBe('The request body is not UTF-8');
  });

  test('above the limit is refused, its length stated or not', async () => {
    const body = JSON.stringify('x'.repeat(LIMIT));
    for (const headers of [{}, { 'transfer-encoding': 'chunked' }]) {
      const answer = await post(body, headers);
      expect(answer.status).toBe(413);
      expect(answer.json['error_code']).toBe('OUT_OF_RESOURCES');
    }
    expect((await post(JSON.stringify('x'.repeat(LIMIT - 2)))).status).toBe(200);
  });

  test('that is compressed is refused, since a small one can unpack to a huge one', async () => {
    const answer = await post(gzipSync('{"a":1}'), { 'content-encoding': 'gzip' });
    expect(answer.status).toBe(400);
  });
});

describe('a form body', () => {
  const form = (body: string) => post(body, { 'content-type': 'application/x-www-form-urlencoded' }, '/form');

  test('is read field by field, decoded', async () => {
    expect((await form('grant_type=password&user=a%20b+c%26&empty=&')).json).toEqual({
      body: { grant_type: 'password', user: 'a b c&', empty: '' },
    });
    expect((await form('')).json).toEqual({ body: {} });
  });

  test.each(['a=1&a=1', 'a=1&b=2&a=', 'a&a', '%61=1&a=2', '__proto__=1&__proto__=2'])(
    'with a field twice is refused: %s',
    async body => {
      const answer = await form(body);
      expect(answer.status).toBe(400);
      expect(answer.json['error_message']).toBe('A form field appears twice');
    },
  );

  test('cannot reach a prototype', async () => {
    const answer = await form('__proto__=x&constructor=y&toString=z');
    expect(answer.text).toBe('{"body":{"__proto__":"x","constructor":"y","toString":"z"}}');
  });
});
