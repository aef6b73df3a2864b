import { connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '@strongroom/testing/eventually';
import { startApp, type TestApp } from '../test/app.ts';
import { PUBLIC, route } from './route.ts';

let app: TestApp;
let text: () => AsyncIterable<string | Uint8Array>;

beforeAll(async () => {
  app = await startApp([
    route({
      method: 'get',
      path: '/lines',
      operationId: 'lines',
      tag: 'test',
      summary: '',
      access: PUBLIC,
      handle: () => ({ stream: { type: 'text/lines', pieces: text() }, headers: { 'x-head': 'yes' } }),
    }),
  ]);
});
afterEach(() => {
  app.logged.length = 0;
});
afterAll(() => app.stop());

const PIECE = `${'x'.repeat(65_535)}\n`;

/** Sends a request and reads nothing of the answer until it is told to. */
function openPaused(): Socket {
  const socket = connect(app.port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.pause();
  socket.write('GET /lines HTTP/1.1\r\nhost: test\r\n\r\n');
  return socket;
}

describe('an answer in pieces', () => {
  test('arrives whole and in order', async () => {
    text = async function* () {
      yield 'a\n';
      await Promise.resolve();
      yield 'b\n';
    };
    const { status, headers, text: body } = await app.send('GET', '/lines');
    expect([status, headers['content-type'], headers['x-head'], body]).toEqual([
      200,
      'text/lines',
      'yes',
      'a\nb\n',
    ]);
  });

  test('may be bytes of any kind', async () => {
    text = () => Readable.from([Buffer.from([0, 0xff]), Buffer.from([0xc3, 0x28])]);
    const answer = await fetch(`http://127.0.0.1:${app.port}/lines`);
    expect([...new Uint8Array(await answer.arrayBuffer())]).toEqual([0, 0xff, 0xc3, 0x28]);
  });

  test('may be empty', async () => {
    text = () => Readable.from([]);
    expect(await app.send('GET', '/lines')).toMatchObject({ status: 200, text: '' });
  });

  test('is not made for a HEAD', async () => {
    let left = false;
    text = async function* () {
      try {
        yield 'a';
        await Promise.resolve();
        yield 'b';
      } finally {
        left = true;
      }
    };
    expect(await app.send('HEAD', '/lines')).toMatchObject({ status: 200, text: '' });
    expect(left).toBe(true);
  });

  test('that fails before the first piece is an error like any other', async () => {
    text = async function* () {
      await Promise.resolve();
      throw new Error('CANARY');
    };
    const { status, text: body } = await app.send('GET', '/lines');
    expect([status, body.includes('CANARY')]).toEqual([500, false]);
  });

  test('that fails later is cut off, and logged', async () => {
    text = async function* () {
      yield PIECE;
      await Promise.resolve();
      throw new Error('torn');
    };
    await expect(app.send('GET', '/lines')).rejects.toThrow();
    await eventually('it is logged', () => app.logged.length === 1);
    expect(app.logged).toMatchObject([{ message: 'an answer broke off', cause: { message: 'torn' } }]);
  });

  test('is made at the pace of the client, and left when the client goes away', async () => {
    let made = 0;
    let left = false;
    text = async function* () {
      try {
        for (; made < 10_000; made += 1) {
          yield PIECE;
          await Promise.resolve();
        }
      } finally {
        left = true;
      }
    };
    const socket = openPaused();
    let before = -1;
    await eventually('nothing more is made', async () => {
      const same = made > 0 && made === before;
      before = made;
      await new Promise(resolve => setTimeout(resolve, 100));
      return same && made === before;
    });
    // What the buffers of two sockets hold, and not the 650 MB of the whole.
    expect(made).toBeLessThan(1_000);
    socket.destroy();
    await eventually('the rest is left', () => left);
    expect(app.logged).toEqual([]);
  });
});
