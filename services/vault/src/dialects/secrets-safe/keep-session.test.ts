import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { silentLogger } from '@strongroom/log/logger';
import { AUTHENTICATED, ok, route, type RouteInput } from '@strongroom/http/route';
import { SESSION_COOKIE } from '@strongroom/http/secrets-safe';
import type { VaultContext } from '../../context.ts';
import { keepSessions } from './keep-session.ts';

let server: Server;
let seconds = 1_000_000;
const auth = { status: 200, asked: [] as { url: string | undefined; headers: IncomingHttpHeaders }[] };

beforeAll(async () => {
  server = createServer(({ url, headers }, response) => {
    auth.asked.push({ url, headers });
    response.writeHead(auth.status, { 'content-type': 'application/json' });
    const failure = { error_code: 'GENERAL_ERROR', error_message: 'no' };
    const next = { access_token: tokenOf('one', seconds), expires_in: 1_800 };
    response.end(JSON.stringify(auth.status === 200 ? next : failure));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  auth.status = 200;
  auth.asked = [];
});

const tokenOf = (sid: string, iat: number) =>
  `h.${Buffer.from(JSON.stringify({ sid, iat })).toString('base64url')}.s`;

/** A replica of its own; answers the Set-Cookie that a request gets. */
function startKeeping() {
  const { port } = server.address() as AddressInfo;
  const ctx = {
    config: { authUrl: `http://127.0.0.1:${port}` },
    log: silentLogger,
    now: () => new Date(seconds * 1_000),
  } as unknown as VaultContext;
  const kept = keepSessions(ctx)(
    route({
      method: 'get',
      path: '/',
      operationId: 'x',
      tag: 'x',
      summary: '',
      access: AUTHENTICATED,
      handle: () => ({ ...ok('body'), headers: { etag: '"1"' } }),
    }),
  );
  return async (sent: IncomingHttpHeaders, sessionId = 'one') => {
    const request = { id: 'r', remoteAddress: '192.0.2.7', userAgent: 'Go' };
    const input = { sent, caller: { sessionId }, request } as unknown as RouteInput<
      unknown,
      unknown,
      unknown,
      unknown
    >;
    const reply = await kept.handle(input);
    expect([reply.body, reply.headers?.['etag']]).toEqual(['body', '"1"']);
    return reply.headers?.['set-cookie'];
  };
}

const cookie = (token: string) => `${SESSION_COOKIE}=${token}`;

test('a session in use gets its next token, as the client came and to whom it came', async () => {
  const use = startKeeping();
  const old = tokenOf('one', seconds - 600);
  expect(await use({ cookie: cookie(old), 'x-forwarded-proto': 'https' })).toBe(
    `${cookie(tokenOf('one', seconds))}; Path=/; HttpOnly; SameSite=Strict; Secure`,
  );
  expect(auth.asked).toMatchObject([
    {
      url: '/auth/api/v1/sessionstorage/sessions/current/renew',
      headers: { authorization: `Bearer ${old}`, 'x-forwarded-for': '192.0.2.7', 'user-agent': 'Go' },
    },
  ]);
});

test('a young token, another session, another cookie or none asks nobody', async () => {
  const use = startKeeping();
  const old = tokenOf('one', seconds - 600);
  expect(await use({ cookie: cookie(tokenOf('one', seconds - 599)) })).toBeUndefined();
  expect(await use({ cookie: cookie(old) }, 'another')).toBeUndefined();
  expect(await use({ cookie: `Other=${old}` })).toBeUndefined();
  expect(await use({ authorization: `Bearer ${old}` })).toBeUndefined();
  expect(auth.asked).toEqual([]);
});

test('auth is asked once in ten minutes for a session, also where the client keeps the old cookie', async () => {
  const use = startKeeping();
  const old = cookie(tokenOf('one', seconds - 600));
  const answers = await Promise.all(Array.from({ length: 20 }, () => use({ cookie: old })));
  expect(new Set(answers).size).toBe(1);
  seconds += 599;
  expect(await use({ cookie: old })).toBe(answers[0]);
  expect(auth.asked).toHaveLength(1);
  seconds += 1;
  expect(await use({ cookie: old })).not.toBe(answers[0]);
  expect(auth.asked).toHaveLength(2);
});

test('while auth fails, requests are answered, and it is asked once a minute', async () => {
  const use = startKeeping();
  const old = cookie(tokenOf('one', seconds - 600));
  auth.status = 503;
  expect(await use({ cookie: old })).toBeUndefined();
  auth.status = 200;
  seconds += 59;
  expect(await use({ cookie: old })).toBeUndefined();
  expect(auth.asked).toHaveLength(1);
  seconds += 1;
  expect(await use({ cookie: old })).toBeDefined();
});
