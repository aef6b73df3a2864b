import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Writable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { MAX_FILE_BYTES } from '@strongroom/contracts/limits';
import { collect, deferred, fakeUpstream, send, sendRaw, startTestGateway } from './harness.ts';

const MIB = 2 ** 20;
const TOTAL = 64 * MIB;
const BLOCK = Buffer.alloc(64 * 1024, 'x');

/** Writes TOTAL bytes at the reader's pace and counts what was taken. */
function pour(into: Writable): { taken: number } {
  const state = { taken: 0 };
  const more = () => {
    while (state.taken < TOTAL) {
      state.taken += BLOCK.length;
      if (!into.write(BLOCK)) return void into.once('drain', more);
    }
    into.end();
  };
  more();
  return state;
}

/** The count at which a stalled writer comes to rest. */
async function restOf(state: { taken: number }): Promise<number> {
  for (let before = -1; before !== state.taken;) {
    before = state.taken;
    await delay(150);
  }
  return state.taken;
}

describe('back-pressure', () => {
  test('an answer flows at the pace of the client', async () => {
    const poured = deferred<{ taken: number }>();
    const upstream = await fakeUpstream((_request, response) => poured.resolve(pour(response)));
    const gateway = await startTestGateway(upstream.origin);

    const request = httpRequest(gateway.url, { path: '/vault/api/v1/secrets', agent: false }).end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    expect(await restOf(await poured.promise)).toBeLessThan(TOTAL / 2);
    expect((await collect(response)).body).toHaveLength(TOTAL);

    await gateway.stop();
    await upstream.close();
  });

  test('a body flows at the pace of the service', async () => {
    const arrived = deferred<IncomingMessage>();
    const upstream = await fakeUpstream((request, response) => {
      request.once('end', () => response.end('done'));
      arrived.resolve(request);
    });
    const gateway = await startTestGateway(upstream.origin, { maxBodyBytes: TOTAL });

    const request = httpRequest(gateway.url, {
      path: '/vault/api/v1/secrets',
      method: 'POST',
      headers: { 'content-length': String(TOTAL) },
      agent: false,
    });
    const answered = once(request, 'response') as Promise<[IncomingMessage]>;
    const poured = pour(request);
    const incoming = await arrived.promise;
    expect(await restOf(poured)).toBeLessThan(TOTAL / 2);

    let received = 0;
    incoming.on('data', (chunk: Buffer) => (received += chunk.length));
    const [response] = await answered;
    expect((await collect(response)).body).toBe('done');
    expect(received).toBe(TOTAL);

    await gateway.stop();
    await upstream.close();
  });
});

describe('size limit', () => {
  test('a declared length above it: 413 before the service hears of it', async () => {
    let heard = 0;
    const upstream = await fakeUpstream(() => (heard += 1));
    const gateway = await startTestGateway(upstream.origin, { maxBodyBytes: 1000 });

    const body = Buffer.alloc(2 * MIB);
    const refused = await send(gateway.url, '/vault/api/v1/secrets', { method: 'POST', body });
    expect(refused.status).toBe(413);
    expect(refused.json()).toMatchObject({ error_code: 'OUT_OF_RESOURCES' });
    expect(heard).toBe(0);

    await gateway.stop();
    await upstream.close();
  });

  test('chunks that pass it: 413, and the service sees the request break off', async () => {
    const broken = deferred();
    const upstream = await fakeUpstream(request => {
      request.resume();
      request.once('close', () => {
        if (!request.complete) broken.resolve();
      });
    });
    const gateway = await startTestGateway(upstream.origin, { maxBodyBytes: 200_000 });

    const request = httpRequest(gateway.url, { path: '/vault/api/v1/secrets', method: 'POST', agent: false });
    request.on('error', () => undefined);
    const answered = once(request, 'response') as Promise<[IncomingMessage]>;
    for (let block = 0; block < 5; block += 1) request.write(BLOCK);
    const [response] = await answered;
    const refused = await collect(response);
    expect([refused.status, refused.headers.connection]).toEqual([413, 'close']);
    await broken.promise;

    request.destroy();
    await gateway.stop();
    await upstream.close();
  });

  test('is that of a file where files are kept, whatever the setting says', async () => {
    const upstream = await fakeUpstream((request, response) => {
      void collect(request).then(({ body }) => response.end(String(body.length)));
    });
    for (const maxBodyBytes of [1000, 2 * MAX_FILE_BYTES]) {
      const gateway = await startTestGateway(upstream.origin, { maxBodyBytes });
      const put = async (path: string, size: number) => {
        const { status, body } = await send(gateway.url, path, { method: 'PUT', body: Buffer.alloc(size) });
        return status === 200 ? body : status;
      };
      expect(await put('/vault/api/v1/files/secrets/a', MAX_FILE_BYTES)).toBe(String(MAX_FILE_BYTES));
      expect(await put('/vault/api/v1/files/secrets/a', MAX_FILE_BYTES + 1)).toBe(413);
      expect(await put('/vault/api/v1/secrets/files', maxBodyBytes + 1)).toBe(413);
      await gateway.stop();
    }
    await upstream.close();
  });

  test('chunks within it pass', async () => {
    const upstream = await fakeUpstream((request, response) => {
      void collect(request).then(({ body, headers }) => {
        response.end(`${headers['transfer-encoding'] ?? ''} ${body.length}`);
      });
    });
    const gateway = await startTestGateway(upstream.origin, { maxBodyBytes: BLOCK.length });
    const request = httpRequest(gateway.url, { path: '/vault/api/v1/secrets', method: 'POST', agent: false });
    request.write(BLOCK.subarray(0, 10));
    request.end(BLOCK.subarray(10));
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    expect((await collect(response)).body).toBe(`chunked ${BLOCK.length}`);
    await gateway.stop();
    await upstream.close();
  });

  test('Expect: 100-continue is answered after the check', async () => {
    const upstream = await fakeUpstream((request, response) => {
      void collect(request).then(({ body, headers }) =>
        response.end(`${body} ${headers.expect ?? 'nothing'}`),
      );
    });
    const gateway = await startTestGateway(upstream.origin, { maxBodyBytes: 1000 });
    const head =
      'POST /vault/api/v1/secrets HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\n';

    const accepted = await sendRaw(gateway.url, `${head}Content-Length: 4\r\n\r\nbody`);
    expect(accepted).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
    expect(accepted).toContain('body nothing');
    const refused = await sendRaw(gateway.url, `${head}Content-Length: 1001\r\n\r\n`);
    expect(refused).toMatch(/^HTTP\/1\.1 413 /);

    await gateway.stop();
    await upstream.close();
  });
});
