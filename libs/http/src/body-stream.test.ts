import { randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { objectNotFound } from '@strongroom/errors/common-errors';
import { eventually } from '@strongroom/testing/eventually';
import { startApp, type TestApp } from '../test/app.ts';
import { ByteStream, type BodyStream } from './body-stream.ts';
import { ok, PUBLIC, route, type Reply } from './route.ts';

const LIMIT = 1_000_000;

let app: TestApp;
let handle: (body: BodyStream) => Promise<Reply>;

beforeAll(async () => {
  const bytesRoute = (path: string, maxBytes: number) =>
    route({
      method: 'put',
      path,
      operationId: path,
      tag: 'test',
      summary: '',
      access: PUBLIC,
      bodyType: 'stream',
      body: ByteStream(maxBytes),
      handle: ({ body }) => handle(body),
    });
  app = await startApp([bytesRoute('/bytes', LIMIT), bytesRoute('/large', 2 ** 30)], {
    bodyLimitBytes: 1_000,
  });
});
afterEach(() => {
  app.logged.length = 0;
});
afterAll(() => app.stop());

async function gather({ bytes, mediaType, length }: BodyStream) {
  const pieces: Uint8Array[] = [];
  for await (const piece of bytes) pieces.push(piece);
  return { all: Buffer.concat(pieces), mediaType, length };
}

const refuse = () => Promise.reject(objectNotFound('Thing'));

/** Begins a request whose length is not stated. */
function begin(
  headers: Record<string, string> = {},
  path = '/bytes',
): { request: ClientRequest; answer: Promise<number> } {
  const request = httpRequest({ port: app.port, method: 'PUT', path, headers, agent: false });
  const answer = (once(request, 'response') as Promise<[IncomingMessage]>).then(([response]) => {
    response.resume();
    return response.statusCode ?? 0;
  });
  return { request, answer };
}

describe('a body that is handed over as it comes', () => {
  test.each([0, 1, 65_536, LIMIT])('arrives whole: %i bytes', async size => {
    const sent = randomBytes(size);
    const got: Awaited<ReturnType<typeof gather>>[] = [];
    handle = async body => {
      got.push(await gather(body));
      return ok();
    };
    const headers = { 'content-type': 'image/png', 'content-length': String(size) };
    expect((await app.send('PUT', '/bytes', { body: sent, headers })).status).toBe(200);
    const { request, answer } = begin();
    request.flushHeaders();
    request.end(sent);
    expect(await answer).toBe(200);
    expect(got.map(({ all, ...stated }) => [all.equals(sent), stated])).toEqual([
      [true, { mediaType: 'image/png', length: size }],
      [true, { mediaType: '', length: undefined }],
    ]);
  });

  test('flows at the pace of its reader', async () => {
    const read = new EventEmitter();
    handle = async body => {
      await once(read, 'go');
      let length = 0;
      for await (const piece of body.bytes) length += piece.length;
      return ok({ length });
    };
    const total = 64 * 2 ** 20;
    const { request, answer } = begin({}, '/large');
    let sent = 0;
    const pour = () => {
      while (sent < total) {
        sent += 65_536;
        if (!request.write(Buffer.alloc(65_536))) return void request.once('drain', pour);
      }
      request.end();
    };
    pour();
    let before = -1;
    await eventually('nothing more is taken', async () => {
      const same = sent === before;
      before = sent;
      await new Promise(resolve => setTimeout(resolve, 100));
      return same && sent === before;
    });
    // What the buffers of two sockets hold.
    expect(sent).toBeLessThan(total / 2);
    read.emit('go');
    expect(await answer).toBe(200);
  });

  test('is refused with 413 before its first byte when it says that it is too long', async () => {
    let asked = false;
    handle = () => {
      asked = true;
      return Promise.resolve(ok());
    };
    const { request, answer } = begin({ 'content-length': String(LIMIT + 1) });
    request.flushHeaders();
    expect(await answer).toBe(413);
    expect(asked).toBe(false);
    request.destroy();
  });

  test('is refused with 413 at the first byte too many when it does not say', async () => {
    let received = 0;
    handle = async ({ bytes }) => {
      for await (const piece of bytes) received += piece.length;
      return ok();
    };
    const { request, answer } = begin();
    // Never ended: the refusal cannot have waited for the rest.
    request.write(Buffer.alloc(LIMIT + 1));
    expect(await answer).toBe(413);
    expect(received).toBeLessThanOrEqual(LIMIT);
    request.destroy();
  });

  test('with a content coding is refused, since nobody would undo it', async () => {
    handle = async body => ok({ length: (await gather(body)).all.length });
    const send = (coding: string) =>
      app.send('PUT', '/bytes', { body: 'x', headers: { 'content-encoding': coding } });
    expect(await send('gzip')).toMatchObject({ status: 400, json: { error_code: 'BAD_REQUEST' } });
    expect((await send('identity')).status).toBe(200);
  });

  test('that breaks off is a fault of the client: no end for the reader, and no line in the log', async () => {
    let outcome: unknown;
    let received = 0;
    handle = async ({ bytes }) => {
      try {
        for await (const piece of bytes) received += piece.length;
        outcome = 'whole';
      } catch (error) {
        outcome = error;
        throw error;
      }
      return ok();
    };
    for (const headers of [{}, { 'content-length': '1000' }]) {
      outcome = undefined;
      received = 0;
      const { request, answer } = begin(headers);
      answer.catch(() => undefined);
      request.on('error', () => undefined);
      request.write('half');
      await eventually('it arrives', () => received === 4);
      request.destroy();
      await eventually('it is told', () => outcome !== undefined);
      expect(outcome).toMatchObject({ code: 'BAD_REQUEST' });
    }
    expect(app.logged).toEqual([]);
  });
});

describe('a refusal before the body has come', () => {
  test.each([
    ['of which nothing was read', refuse],
    [
      'of which something was read',
      async ({ bytes }: BodyStream) => {
        for await (const piece of bytes) if (piece.length > 0) break;
        return refuse();
      },
    ],
  ])('%s, is heard by a client that sends it all, and the connection serves on', async (_what, refusal) => {
    const socket = connect(app.port, '127.0.0.1');
    const heard = listenTo(socket);
    handle = refusal;
    socket.write(`PUT /bytes HTTP/1.1\r\nhost: test\r\ncontent-length: ${LIMIT}\r\n\r\n`);
    for (let sent = 0; sent < LIMIT; sent += 100_000) socket.write(Buffer.alloc(100_000, 'x'));
    await eventually('it is refused', () => heard().includes('HTTP/1.1 404'));
    handle = async body => ok({ length: (await gather(body)).all.length });
    socket.write('PUT /bytes HTTP/1.1\r\nhost: test\r\ncontent-length: 4\r\n\r\nnext');
    await eventually('the next is served', () => heard().includes('{"length":4}'));
    socket.destroy();
  });
});

function listenTo(socket: Socket): () => string {
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return () => text;
}
