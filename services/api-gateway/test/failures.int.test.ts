import { once } from 'node:events';
import { Agent, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { createMemoryCache } from '@strongroom/cache/memory-cache';
import { silentLogger } from '@strongroom/log/logger';
import { createApp } from '../src/app.ts';
import { MAX_IN_FLIGHT } from '../src/proxy.ts';
import { createRateLimits } from '../src/rate-limits.ts';
import { closeUpstreams, openUpstreams } from '../src/upstreams.ts';
import {
  collect,
  DEFAULTS,
  deferred,
  fakeUpstream,
  recordingLogger,
  sameForAll,
  send,
  startTestGateway,
} from './harness.ts';

const SECRET = '/vault/api/v1/secrets/canary';
const BROKEN_OFF = { error_code: 'INTRA_SERVICE_COMMUNICATION_ERROR' };

describe('when a service fails', () => {
  test('nobody listens: 503 with Retry-After, and one line in the log', async () => {
    const upstream = await fakeUpstream(() => undefined);
    await upstream.close();
    const { log, lines } = recordingLogger();
    const gateway = await startTestGateway(upstream.origin, {}, log);

    for (const sent of [{}, { method: 'POST', body: 'x'.repeat(40_000) }]) {
      const answer = await send(gateway.url, SECRET, sent);
      expect([answer.status, answer.headers['retry-after']]).toEqual([503, '1']);
      expect(answer.json()).toMatchObject(BROKEN_OFF);
    }
    const warnings = lines.filter(({ message }) => message === 'upstream failed');
    expect(warnings).toHaveLength(2);
    expect(warnings[0]?.fields).toMatchObject({
      upstream: 'vault',
      status: 503,
      requestId: expect.any(String),
    });
    expect(JSON.stringify(lines)).not.toContain('canary');
    await gateway.stop();
  });

  test('it listens on one of its addresses only: that one is found', async () => {
    const upstream = await fakeUpstream((_request, response) => response.end('found'));
    const gateway = await startTestGateway(upstream.origin.replace('127.0.0.1', 'localhost'));
    expect((await send(gateway.url, SECRET)).body).toBe('found');
    await gateway.stop();
    await upstream.close();
  });

  test('it breaks the connection before it answers: 502, a GET after a second try', async () => {
    const methods: (string | undefined)[] = [];
    const upstream = await fakeUpstream(request => {
      methods.push(request.method);
      request.socket.destroy();
    });
    const gateway = await startTestGateway(upstream.origin);
    for (const method of ['GET', 'DELETE', 'POST']) {
      const answer = await send(gateway.url, SECRET, { method });
      expect(answer.status).toBe(502);
      expect(answer.json()).toMatchObject(BROKEN_OFF);
    }
    expect(methods).toEqual(['GET', 'GET', 'DELETE', 'POST']);
    await gateway.stop();
    await upstream.close();
  });

  test('a stale keep-alive connection costs a GET nothing', async () => {
    const used = new WeakSet<Socket>();
    const upstream = await fakeUpstream((request, response) => {
      if (used.has(request.socket)) return void request.socket.destroy();
      used.add(request.socket);
      response.end('fresh');
    });
    const gateway = await startTestGateway(upstream.origin);
    for (let sent = 0; sent < 4; sent += 1) expect((await send(gateway.url, SECRET)).body).toBe('fresh');
    await gateway.stop();
    await upstream.close();
  });

  test('it does not answer in time: 504', async () => {
    const upstream = await fakeUpstream(() => undefined);
    const gateway = await startTestGateway(upstream.origin, { upstreamTimeoutMs: 100 });
    const answer = await send(gateway.url, SECRET, { method: 'POST', body: 'x' });
    expect(answer.status).toBe(504);
    expect(answer.json()).toMatchObject(BROKEN_OFF);
    await gateway.stop();
    await upstream.close();
  });

  test.each(['content-length', 'transfer-encoding'])(
    'it breaks off an answer (%s): the client sees a cut',
    async framing => {
      const upstream = await fakeUpstream((_request, response) => {
        if (framing === 'content-length') response.setHeader('content-length', '1000');
        response.write('part', () => response.socket?.destroy());
      });
      const gateway = await startTestGateway(upstream.origin);
      await expect(send(gateway.url, SECRET)).rejects.toMatchObject({ code: 'ECONNRESET' });
      await gateway.stop();
      await upstream.close();
    },
  );

  test('it answers before it has the body: the answer arrives', async () => {
    const upstream = await fakeUpstream((_request, response) => {
      response.writeHead(403).end('no');
    });
    const gateway = await startTestGateway(upstream.origin);
    const answer = await send(gateway.url, SECRET, { method: 'PUT', body: Buffer.alloc(60_000) });
    expect([answer.status, answer.body]).toEqual([403, 'no']);
    await gateway.stop();
    await upstream.close();
  });
});

describe('when a service hangs', () => {
  test('a bounded number of requests wait for it and the rest are told at once', async () => {
    const waiting: ServerResponse[] = [];
    const full = deferred();
    const upstream = await fakeUpstream((_request, response) => {
      if (waiting.push(response) === 3) full.resolve();
    });
    const config = { ...DEFAULTS, upstreams: sameForAll(upstream.origin) };
    const upstreams = openUpstreams(config, { log: silentLogger });
    upstreams.vault.inFlight = MAX_IN_FLIGHT - 3;
    const context = {
      config,
      upstreams,
      rateLimits: createRateLimits(config, createMemoryCache()),
      log: silentLogger,
      stopping: false,
    };
    const front = await fakeUpstream(createApp(context));

    const answers = [1, 2, 3].map(() => send(front.origin, SECRET));
    await full.promise;
    const refused = await send(front.origin, SECRET);
    expect([refused.status, refused.headers['retry-after']]).toEqual([503, '1']);
    expect(refused.json()).toMatchObject({ error_code: 'MAX_LOAD' });
    for (const response of waiting) response.end('late');
    expect((await Promise.all(answers)).map(({ body }) => body)).toEqual(['late', 'late', 'late']);

    await front.close();
    expect(upstreams.vault.inFlight).toBe(MAX_IN_FLIGHT - 3);
    await closeUpstreams(upstreams);
    await upstream.close();
  });
});

describe('when the client is still sending', () => {
  test.each([
    ['too much', 413, 1000],
    ['to a service that is not there', 503, 2 ** 25],
  ])('%s: the answer (%i) is not lost and the connection closes', async (_what, status, maxBodyBytes) => {
    const upstream = await fakeUpstream(() => undefined);
    await upstream.close();
    const gateway = await startTestGateway(upstream.origin, { maxBodyBytes });
    const agent = new Agent({ keepAlive: true });
    const request = httpRequest(gateway.url, { path: SECRET, method: 'POST', agent });
    const errors: Error[] = [];
    request.on('error', error => errors.push(error));
    const answered = once(request, 'response') as Promise<[IncomingMessage]>;
    const closed = once(request, 'close');
    request.end(Buffer.alloc(2 ** 24));

    const answer = await collect((await answered)[0]);
    expect([answer.status, answer.headers.connection]).toEqual([status, 'close']);
    await closed;
    expect(errors).toEqual([]);
    agent.destroy();
    await gateway.stop();
  });
});

describe('when the client goes away', () => {
  test.each(['before', 'amid'])('the request is cancelled at the service (%s the answer)', async when => {
    const arrived = deferred<ServerResponse>();
    const upstream = await fakeUpstream((_request, response) => {
      if (when === 'amid') response.write('part');
      arrived.resolve(response);
    });
    const gateway = await startTestGateway(upstream.origin, { upstreamTimeoutMs: 60_000 });
    const request = httpRequest(gateway.url, { path: SECRET, agent: false }).end();
    request.on('error', () => undefined);
    const response = await arrived.promise;
    if (when === 'amid') await once(request, 'response');
    const cancelled = once(response, 'close');
    request.destroy();
    await cancelled;
    expect(response.writableFinished).toBe(false);
    await gateway.stop();
    await upstream.close();
  });
});

describe('stop', () => {
  test('lets a request under way finish, tells its connection to close and takes no new one', async () => {
    const arrived = deferred<ServerResponse>();
    const upstream = await fakeUpstream((_request, response) => arrived.resolve(response));
    const gateway = await startTestGateway(upstream.origin, { shutdownDeadlineMs: 60_000 });
    const agent = new Agent({ keepAlive: true });
    const request = httpRequest(gateway.url, { path: SECRET, agent }).end();
    const answered = once(request, 'response') as Promise<[IncomingMessage]>;
    const response = await arrived.promise;

    const stopped = gateway.stop();
    await expect(send(gateway.url, SECRET)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    response.writeHead(200, ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2']).end('whole');
    const { status, body, headers } = await collect((await answered)[0]);
    expect([status, body, headers.connection]).toEqual([200, 'whole', 'close']);
    expect(headers['set-cookie']).toEqual(['a=1', 'b=2']);

    await stopped;
    await gateway.stop();
    agent.destroy();
    await upstream.close();
  });

  test('cuts what is left at the deadline', async () => {
    const arrived = deferred();
    const upstream = await fakeUpstream(() => arrived.resolve());
    const gateway = await startTestGateway(upstream.origin, { shutdownDeadlineMs: 100 });
    const cut = expect(send(gateway.url, SECRET)).rejects.toMatchObject({ code: 'ECONNRESET' });
    await arrived.promise;
    await gateway.stop();
    await cut;
    await upstream.close();
  });
});
