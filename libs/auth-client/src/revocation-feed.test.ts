import { createServer } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import { cloudEvent } from '@strongroom/contracts/cloud-event';
import type { Revocations as Missed } from '@strongroom/contracts/session-events';
import { listen } from '@strongroom/http/listen';
import { NOW_S } from '../test/signing.ts';
import { revocationFeed, revocationsOfAuth, type RevocationCursor } from './revocation-feed.ts';
import { createRevocations } from './revocations.ts';

const now = () => new Date(NOW_S * 1000);
const event = (name: string, data: unknown) => cloudEvent('auth', name, 'event-1', now(), data);
const nothing: Missed = { sessionIds: [], subjects: [] };

function feedOf(page: (cursor: RevocationCursor) => Promise<Missed> = () => Promise.resolve(nothing)) {
  const revocations = createRevocations(now);
  return { revocations, feed: revocationFeed({ revocations, page }) };
}

describe('an event', () => {
  test('ends sessions or reduces rights', () => {
    const { revocations, feed } = feedOf();
    feed.take(event('session.ended', { sessionIds: ['one', 'two'] }));
    feed.take(event('rights.changed', { subjects: [{ id: 'me', roles: ['r'], permissions: [] }] }));
    expect([revocations.isEnded('two', NOW_S), revocations.isEnded('three', NOW_S)]).toEqual([true, false]);
    expect(revocations.rightsOf('me', NOW_S)?.roles).toEqual(new Set(['r']));
  });

  test.each([
    ['session.ended', undefined],
    ['session.ended', {}],
    ['session.ended', { sessionIds: 'one' }],
    ['session.ended', { sessionIds: [7] }],
    ['session.ended', { sessionIds: ['x'.repeat(129)] }],
    ['session.ended', { sessionIds: Array.from({ length: 1_001 }, () => 'x') }],
    ['rights.changed', { sessionIds: ['one'] }],
    ['rights.changed', { subjects: [{ id: 'me', roles: [] }] }],
    ['rights.changed', { subjects: [{ id: 'me', roles: [], permissions: 'all' }] }],
  ])('%s of another shape is refused whole: %j', (name, data) => {
    const { revocations, feed } = feedOf();
    expect(() => feed.take(event(name, data))).toThrow(expect.objectContaining({ kind: 'invalid' }));
    expect(revocations.isEnded('one', NOW_S)).toBe(false);
    expect(revocations.rightsOf('me', NOW_S)).toBeUndefined();
  });

  test('is left as it is for the other subscribers', () => {
    const data = Object.freeze({ sessionIds: Object.freeze(['one']), since: 'later' });
    feedOf().feed.take(event('session.ended', data));
    expect(data).toEqual({ sessionIds: ['one'], since: 'later' });
  });
});

test('what was missed is had page by page, until one is empty', async () => {
  const asked: RevocationCursor[] = [];
  const right = (id: string) => ({ id, roles: [], permissions: [] });
  const pages: Missed[] = [
    { sessionIds: ['s1', 's2'], subjects: [right('c1')] },
    { sessionIds: [], subjects: [right('c2')] },
    nothing,
  ];
  const { revocations, feed } = feedOf(cursor => {
    asked.push(cursor);
    return Promise.resolve(pages[asked.length - 1]!);
  });
  await feed.load();
  expect(asked.map(({ afterSession, afterSubject }) => [afterSession, afterSubject])).toEqual([
    [expect.stringMatching(/^[0-]+$/), expect.stringMatching(/^[0-]+$/)],
    ['s2', 'c1'],
    ['s2', 'c2'],
  ]);
  expect(revocations.isEnded('s1', NOW_S)).toBe(true);
  expect(revocations.rightsOf('c2', NOW_S)).toBeDefined();
});

describe('auth', () => {
  async function withAuth(
    status: number,
    body: string,
    work: (url: string, asked: string[]) => Promise<void>,
  ) {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(`${request.headers.authorization ?? ''} ${request.url ?? ''}`);
      response.writeHead(status).end(body);
    });
    const listening = await listen(server, '127.0.0.1', 0);
    await work(`http://127.0.0.1:${listening.port}`, asked).finally(() => listening.stop(0));
  }
  const cursor = { afterSession: 's', afterSubject: 'c' };
  const token = () => Promise.resolve('machine');

  test("is asked with the service's token", async () => {
    await withAuth(200, '{"sessionIds":["one"],"subjects":[]}', async (url, asked) => {
      expect(await revocationsOfAuth(url, token)(cursor)).toEqual({ sessionIds: ['one'], subjects: [] });
      expect(asked).toEqual(['Bearer machine /auth/api/v1/revocations?after_session=s&after_subject=c']);
    });
  });

  test.each([
    [200, '{"sessionIds":["one"]}'],
    [200, 'x'],
    [401, '{"error_code":"UNAUTHENTICATED"}'],
    [403, '{"error_code":"PERMISSION_DENIED"}'],
    [500, ''],
  ])('that answers %d %j is unavailable', async (status, body) => {
    await withAuth(status, body, async url => {
      await expect(revocationsOfAuth(url, token)(cursor)).rejects.toMatchObject({ kind: 'unavailable' });
    });
  });
});
