import { Agent, createServer, request, type RequestListener, type Server } from 'node:http';
import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { listen, type Listening } from './listen.ts';

/** Longer than any test may take: a stop that leans on it fails by the test's own deadline. */
const NEVER_MS = 600_000;

const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const open: Server[] = [];

afterEach(() => {
  agent.destroy();
  for (const server of open.splice(0)) server.closeAllConnections();
});

async function start(handler: RequestListener): Promise<Listening> {
  // As services do: an idle connection stays open longer than any test.
  const server = createServer({ keepAliveTimeout: NEVER_MS }, handler);
  open.push(server);
  return listen(server, '127.0.0.1', 0);
}

interface Got {
  text: string;
  connection: string | undefined;
}

function get(port: number): Promise<Got> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, agent }, response => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (text += part));
      response.on('end', () => resolve({ text, connection: response.headers.connection }));
      response.on('error', reject);
    })
      .on('error', reject)
      .end();
  });
}

/** A handler that holds its response until it is let go. */
function held(begin: (response: Parameters<RequestListener>[1]) => void = () => undefined) {
  let release: () => void = () => undefined;
  let arrive: () => void = () => undefined;
  const arrived = new Promise<void>(resolve => (arrive = resolve));
  const handler: RequestListener = (_request, response) => {
    begin(response);
    release = () => response.end('done');
    arrive();
  };
  return { handler, arrived, release: () => release() };
}

describe('stop', () => {
  test('closes idle keep-alive connections at once', async () => {
    const listening = await start((_request, response) => response.end('one'));
    expect((await get(listening.port)).connection).toBe('keep-alive');
    await listening.stop(NEVER_MS);
    await expect(get(listening.port)).rejects.toThrow(/ECONNREFUSED|ECONNRESET|hang up/);
  });

  test('lets a request under way finish, then waits no longer', async () => {
    const { handler, arrived, release } = held();
    const listening = await start(handler);
    const answer = get(listening.port);
    await arrived;
    const stopped = listening.stop(NEVER_MS);
    release();
    expect((await answer).text).toBe('done');
    await stopped;
  });

  test('lets an answer that has begun finish, then waits no longer', async () => {
    const { handler, arrived, release } = held(response => response.write('begun, '));
    const listening = await start(handler);
    const answer = get(listening.port);
    await arrived;
    const stopped = listening.stop(NEVER_MS);
    release();
    expect((await answer).text).toBe('begun, done');
    await stopped;
  });

  test('gives notice first: it serves what still comes, and tells connections to close', async () => {
    const listening = await start((_request, response) => response.end('one'));
    expect((await get(listening.port)).connection).toBe('keep-alive');
    const stopped = listening.stop(NEVER_MS, 500);
    expect(await get(listening.port)).toEqual({ text: 'one', connection: 'close' });
    expect(await (await fetch(`http://127.0.0.1:${listening.port}`)).text()).toBe('one');
    await stopped;
    await expect(get(listening.port)).rejects.toThrow(/ECONNREFUSED/);
  });

  test('accepts no new connection while it drains', async () => {
    const { handler, arrived, release } = held();
    const listening = await start(handler);
    const answer = get(listening.port);
    await arrived;
    const stopped = listening.stop(NEVER_MS);
    await expect(fetch(`http://127.0.0.1:${listening.port}`)).rejects.toThrow();
    release();
    await Promise.all([answer, stopped]);
  });

  test('closes what does not finish in time', async () => {
    const { handler, arrived } = held();
    const listening = await start(handler);
    const answer = expect(get(listening.port)).rejects.toThrow();
    await arrived;
    await listening.stop(1);
    await answer;
  });

  test('may be called twice, also at once', async () => {
    const listening = await start((_request, response) => response.end());
    await Promise.all([listening.stop(NEVER_MS), listening.stop(NEVER_MS)]);
    await listening.stop(NEVER_MS);
  });
});

test('a port in use is refused', async () => {
  const other = createTcpServer();
  await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as AddressInfo;
  await expect(listen(createServer(), '127.0.0.1', port)).rejects.toThrow('EADDRINUSE');
  await new Promise(resolve => other.close(resolve));
});
