import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Gateway } from '../src/service.ts';
import {
  fakeUpstream,
  recordingLogger,
  send,
  sendRaw,
  startTestGateway,
  type FakeUpstream,
} from './harness.ts';

let upstream: FakeUpstream;
let gateway: Gateway;
let seen: { url: string; rawHeaders: string[]; headers: IncomingMessage['headers'] }[] = [];

beforeAll(async () => {
  upstream = await fakeUpstream((request, response) => {
    seen.push({ url: request.url ?? '', rawHeaders: request.rawHeaders, headers: request.headers });
    request.resume();
    request.once('end', () => {
      response.writeHead(201, [
        ...['Content-Type', 'application/json', 'X-Powered-By', 'Express', 'Server', 'fake', 'X-Hop', '1'],
        ...[
          'Connection',
          'keep-alive, X-Hop',
          'Set-Cookie',
          'a=1',
          'Set-Cookie',
          'b=2',
          'X-Request-Id',
          'other',
        ],
      ]);
      response.end('{"ok":true}');
    });
  });
  gateway = await startTestGateway(upstream.origin);
});

beforeEach(() => {
  seen = [];
});

afterAll(async () => {
  await gateway.stop();
  await upstream.close();
});

const refusal = (code: string) => ({
  error_code: code,
  error_message: expect.any(String),
  request_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
});

describe('passing on', () => {
  test.each([
    '/vault/api/v1/secrets/a%2Fb%20c',
    '/vault/api/v1/secrets/a%2fb',
    '/vault/api/v1/secrets/%252e%252e/%C3%A4?',
    '/vault/api/v1?x=a%2Fb&y=/../',
    '/role-store/api/v1/roles;v=1',
  ])('%s arrives byte for byte', async path => {
    expect((await send(gateway.url, path)).status).toBe(201);
    expect(seen.map(({ url }) => url)).toEqual([path]);
  });

  test('headers are cleaned on the way in', async () => {
    await send(gateway.url, '/vault/api/v1/secrets', {
      headers: {
        authorization: 'Bearer t',
        connection: 'close, x-hop',
        'x-hop': '1',
        'x-request-id': 'mine',
        'x-forwarded-for': '10.0.0.1',
        'x-strongroom-user': 'admin',
        forwarded: 'for=10.0.0.1',
        traceparent: 'nonsense',
        te: 'trailers',
      },
    });
    const [{ headers } = { headers: {} as IncomingMessage['headers'] }] = seen;
    expect(headers).toMatchObject({
      authorization: 'Bearer t',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'https',
      'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
      traceparent: expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/),
    });
    for (const name of ['x-hop', 'x-strongroom-user', 'forwarded', 'te'])
      expect(headers).not.toHaveProperty(name);
  });

  test('headers are cleaned on the way out, and the request id is one and the same', async () => {
    const { headers, body } = await send(gateway.url, '/vault/api/v1/secrets');
    expect(body).toBe('{"ok":true}');
    expect(headers['x-request-id']).toBe(seen[0]?.headers['x-request-id']);
    expect(headers['set-cookie']).toEqual(['a=1', 'b=2']);
    expect(headers['cache-control']).toBe('no-store');
    expect(headers['strict-transport-security']).toBeDefined();
    for (const name of ['x-powered-by', 'server', 'x-hop']) expect(headers).not.toHaveProperty(name);
  });

  test('a POST without a body says so, as the Python client sends it', async () => {
    await send(gateway.url, '/auth/api/v1/logout', { method: 'POST', headers: { 'content-length': '0' } });
    expect(seen[0]?.headers['content-length']).toBe('0');
  });

  test('HEAD has the head of the answer and no body', async () => {
    const { status, body, headers } = await send(gateway.url, '/vault/api/v1/secrets', { method: 'HEAD' });
    expect([status, body]).toEqual([201, '']);
    expect(headers['content-type']).toBe('application/json');
  });
});

describe('refusing', () => {
  test.each([
    ['/vault/api/v10/secrets', 404, 'OBJECT_NOT_FOUND'],
    ['/workflow-engine/api/v1/workflows', 404, 'OBJECT_NOT_FOUND'],
    ['/canary-path', 404, 'OBJECT_NOT_FOUND'],
    ['/vault/readyz', 404, 'OBJECT_NOT_FOUND'],
    ['/auth/api/v1/revocations', 404, 'OBJECT_NOT_FOUND'],
    ['/auth/api/v1/revocations/?after_session=x', 404, 'OBJECT_NOT_FOUND'],
    ['/vault/api/v1/secrets/%2e%2e', 400, 'BAD_REQUEST'],
    ['/vault/api/v1/search%2Fsecrets', 400, 'BAD_REQUEST'],
    ['http://other/vault/api/v1', 400, 'BAD_REQUEST'],
    [`/${'a'.repeat(9000)}`, 400, 'BAD_REQUEST'],
  ])('%s: %i', async (path, status, code) => {
    const answer = await send(gateway.url, path);
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
    // What nobody serves is of no dialect, and has what clients of each look for.
    const members = status === 404 ? { message: expect.any(String) } : {};
    expect(answer.json()).toEqual({ ...refusal(code), ...members });
    expect(answer.json()['request_id']).toBe(answer.headers['x-request-id']);
    expect(answer.body).not.toContain('canary');
    expect(seen).toEqual([]);
  });

  const HEAD = 'POST /vault/api/v1/secrets HTTP/1.1\r\n';
  test.each([
    [
      'two Authorization headers',
      `${HEAD}Host: a\r\nAuthorization: a\r\nauthorization: b\r\nConnection: close\r\n\r\n`,
    ],
    ['two Host headers', `${HEAD}Host: a\r\nHost: b\r\nConnection: close\r\n\r\n`],
    ['no Host header', `${HEAD}Connection: close\r\n\r\n`],
    ['two Content-Lengths', `${HEAD}Host: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab`],
    ['the same Content-Length twice', `${HEAD}Host: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na`],
    [
      'length and chunks',
      `${HEAD}Host: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    [
      'another coding',
      `${HEAD}Host: a\r\nTransfer-Encoding: gzip, chunked\r\nConnection: close\r\n\r\n0\r\n\r\n`,
    ],
    ['no HTTP', 'nonsense\r\n\r\n'],
    ['raw bytes in the path', 'GET /vault/api/v1/\xff HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'],
  ])('%s: 400', async (_what, text) => {
    const answer = await sendRaw(gateway.url, text);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('x-content-type-options: nosniff');
    expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toEqual(refusal('BAD_REQUEST'));
    expect(seen).toEqual([]);
  });

  test('a head above 16 KiB: 431', async () => {
    const text = `${HEAD}Host: a\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`;
    expect(await sendRaw(gateway.url, text)).toMatch(/^HTTP\/1\.1 431 /);
  });
});

describe('rate limit', () => {
  test('429 with Retry-After, before the body, and sign-ins have their own', async () => {
    const limited = await startTestGateway(upstream.origin, {
      rateLimitPerSecond: 4,
      signInRateLimitPerSecond: 1,
    });
    const login = { method: 'POST', body: '{}' };
    expect((await send(limited.url, '/auth/api/v1/login', login)).status).toBe(201);
    const second = await send(limited.url, '/auth/api/v1/LOGIN/', login);
    expect([second.status, second.headers['retry-after']]).toEqual([429, '1']);
    expect(second.json()).toEqual(refusal('MAX_LOAD'));

    const statuses = [];
    for (let sent = 2; sent < 6; sent += 1)
      statuses.push((await send(limited.url, '/vault/api/v1/secrets')).status);
    expect(statuses).toEqual([201, 201, 429, 429]);
    expect(seen).toHaveLength(3);
    await limited.stop();
  });
});

describe('access log', () => {
  test('names the prefix and nothing behind it', async () => {
    const { log, lines } = recordingLogger();
    const logging = await startTestGateway(upstream.origin, { accessLog: true }, log);
    await send(logging.url, '/vault/api/v1/secrets/canary?canary=1', {
      headers: { authorization: 'canary' },
    });
    await send(logging.url, '/canary');
    await logging.stop();
    expect(lines.filter(({ message }) => message === 'request').map(({ fields }) => fields)).toEqual([
      expect.objectContaining({ method: 'GET', route: '/vault/api/v1', status: 201 }),
      expect.objectContaining({ method: 'GET', route: 'other', status: 404 }),
    ]);
    expect(JSON.stringify(lines)).not.toContain('canary');
  });
});
