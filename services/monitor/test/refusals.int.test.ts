import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { EVENTS, SEARCH, startTestMonitor, type TestMonitor } from './support.ts';

let monitor: TestMonitor;

beforeAll(async () => {
  monitor = await startTestMonitor();
});
afterAll(() => monitor.stop());

describe('rights', () => {
  test('without a token only the status answers', async () => {
    const { body } = await monitor.call('GET', '/openapi.json', { as: null });
    const open: string[] = [];
    for (const [path, methods] of Object.entries(body['paths'] as Record<string, object>)) {
      for (const method of Object.keys(methods)) {
        const answer = await monitor.call(method.toUpperCase(), path, { as: null });
        if (answer.status === 200) open.push(`${method} ${path}`);
        else {
          // Other dialects have errors of their own.
          const code = path.startsWith('/monitor-service/') ? 'UNAUTHENTICATED' : undefined;
          expect([answer.status, answer.body['error_code']]).toEqual([401, code]);
        }
      }
    }
    expect(open).toEqual(['get /monitor-service/api/v1/status']);
  });

  test.each([
    ['GET', EVENTS],
    ['POST', SEARCH],
    ['GET', `${EVENTS}/codes`],
    ['POST', '/monitor-service/api/v1/audit-trail/verify'],
    ['GET', '/monitor-service/api/v1/audit-trail/checkpoints'],
  ])('%s %s needs logs-view or logs-manage', async (method, path) => {
    const statusWith = async (...permissions: string[]) => {
      const { status, body } = await monitor.call(method, path, {
        as: await monitor.issuer.bearer({ permissions }),
      });
      return [status, body['error_code']];
    };
    expect(await statusWith('vault-manage', 'settings-manage')).toEqual([403, 'PERMISSION_DENIED']);
    expect(await statusWith('logs-view')).toEqual([200, undefined]);
    expect(await statusWith('logs-manage')).toEqual([200, undefined]);
  });

  test.each([
    ['POST', 'instance/exit'],
    ['DELETE', 'auditevents'],
  ])('%s %s is not served', async (method, path) => {
    const { status, body } = await monitor.call(method, `/monitor-service/api/v1/${path}`);
    expect([status, body['error_code']]).toEqual([404, 'OBJECT_NOT_FOUND']);
  });
});

describe('bad input', () => {
  test.each([
    ['limit=0', 'limit', 'VALUE_OUT_OF_BOUNDS'],
    ['limit=1001', 'limit', 'VALUE_OUT_OF_BOUNDS'],
    ['limit=many', 'limit', 'VALUE_INCORRECT_TYPE'],
    ['offset=-1', 'offset', 'VALUE_OUT_OF_BOUNDS'],
    ['offset=1.5', 'offset', 'VALUE_INCORRECT_TYPE'],
    ['offset=2147483648', 'offset', 'VALUE_OUT_OF_BOUNDS'],
    ['sortkey=event_name', 'sortkey', 'VALUE_INCORRECT_FORMAT'],
    ['sortdir=up', 'sortdir', 'VALUE_INCORRECT_FORMAT'],
    ['fuzzycount=perhaps', 'fuzzycount', 'VALUE_INCORRECT_TYPE'],
  ])('?%s', async (query, property, code) => {
    for (const [method, path] of [
      ['GET', EVENTS],
      ['POST', SEARCH],
    ] as const) {
      const { status, body } = await monitor.call(method, `${path}?${query}`);
      expect([status, body['property'], body['error_code']]).toEqual([400, property, code]);
    }
  });

  test.each<[string, unknown, string, string]>([
    ['keywords as a list', ['a'], 'keywords', 'VALUE_INCORRECT_TYPE'],
    ['long keywords', 'x'.repeat(1_001), 'keywords', 'VALUE_OUT_OF_BOUNDS'],
    ['too many keywords', 'w '.repeat(21), 'keywords', 'VALUE_OUT_OF_BOUNDS'],
    ['NUL in the keywords', 'a\0', 'keywords', 'VALUE_INCORRECT_FORMAT'],
    ['half a character', 'a\ud83d', 'keywords', 'VALUE_INCORRECT_FORMAT'],
    ['a user as a number', 7, 'user_id', 'VALUE_INCORRECT_TYPE'],
    ['a long user', 'x'.repeat(129), 'user_id', 'VALUE_OUT_OF_BOUNDS'],
    ['two lines of session', 'a\nb', 'session_id', 'VALUE_INCORRECT_FORMAT'],
    ['a host as an object', {}, 'host_id', 'VALUE_INCORRECT_TYPE'],
    ['a start that is no time', 'yesterday', 'start_time', 'VALUE_INCORRECT_FORMAT'],
    ['a start without its zone', '2026-01-01T00:00:00', 'start_time', 'VALUE_INCORRECT_FORMAT'],
    ['an end as a number', 1_700_000_000, 'end_time', 'VALUE_INCORRECT_TYPE'],
    ['a leap second', '2016-12-31T23:59:60Z', 'end_time', 'VALUE_INCORRECT_FORMAT'],
  ])('%s', async (_what, value, property, code) => {
    const { status, body } = await monitor.call('POST', SEARCH, { body: { [property]: value } });
    expect([status, body['property'], body['error_code']]).toEqual([400, property, code]);
    expect(body['details']).toContainEqual({
      error_code: code,
      error_message: body['error_message'],
      property,
    });
  });

  test.each(['{', '[]', '"text"', 'null'])('the body %s', async body => {
    const answer = await monitor.call('POST', SEARCH, { body });
    expect(answer.status).toBe(400);
  });
});
