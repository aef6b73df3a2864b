import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { AppError, type ErrorKind } from '@strongroom/errors/app-error';
import { errorBody, statusOf } from '@strongroom/errors/error-body';
import { callJson } from './client.ts';
import { listen, type Listening } from './listen.ts';

let listening: Listening;
let url: string;
let answer: (request: IncomingMessage, response: ServerResponse, body: string) => void;

beforeAll(async () => {
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (part: string) => (body += part));
    request.on('end', () => answer(request, response, body));
  });
  listening = await listen(server, '127.0.0.1', 0);
  url = `http://127.0.0.1:${listening.port}/path`;
});
afterAll(() => listening.stop(0));
beforeEach(() => {
  answer = (_request, response) => response.end();
});

const DEADLINE_MS = 10_000;
const get = (deadlineMs = DEADLINE_MS) => callJson({ method: 'GET', url, deadlineMs });

async function failure(call: Promise<unknown>): Promise<AppError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('the call succeeded');
}

const unreachable = { kind: 'unavailable', code: 'INTRA_SERVICE_COMMUNICATION_ERROR', retryAfterSeconds: 1 };

describe('a call', () => {
  test('sends an object as JSON, a text as it is, and nothing as nothing', async () => {
    answer = (request, response, body) =>
      response.end(JSON.stringify([request.headers['content-type'], body]));
    const send = (body: unknown, headers: Record<string, string> = {}) =>
      callJson({ method: 'POST', url, body, headers, deadlineMs: DEADLINE_MS });
    expect(await send({ a: 'ä' })).toEqual(['application/json', '{"a":"ä"}']);
    expect(await send('a=1', { 'content-type': 'application/x-www-form-urlencoded' })).toEqual([
      'application/x-www-form-urlencoded',
      'a=1',
    ]);
    expect(await send(undefined)).toEqual(['application/json', '']);
  });

  test('reads an empty answer as nothing', async () => {
    expect(await get()).toBeUndefined();
  });
});

describe('a refusal', () => {
  const kinds: ErrorKind[] = [
    'invalid',
    'unauthenticated',
    'forbidden',
    'not_found',
    'conflict',
    'too_large',
    'rate_limited',
    'internal',
    'unavailable',
  ];

  test.each(kinds)('stays what it is: %s', async kind => {
    const refusal = new AppError({ kind, code: 'SOME_CODE', message: 'No', property: 'name' });
    answer = (_request, response) =>
      response.writeHead(statusOf(refusal)).end(JSON.stringify(errorBody(refusal, 'id')));
    expect(await failure(get())).toMatchObject({ kind, code: 'SOME_CODE', message: 'No', property: 'name' });
  });

  test('without a body keeps the kind of its status', async () => {
    answer = (_request, response) => response.writeHead(404).end();
    expect((await failure(get())).kind).toBe('not_found');
  });
});

describe('no answer is "unavailable"', () => {
  test('when the port is closed', async () => {
    const gone = await listen(createServer(), '127.0.0.1', 0);
    await gone.stop(0);
    const call = callJson({ method: 'GET', url: `http://127.0.0.1:${gone.port}`, deadlineMs: DEADLINE_MS });
    expect(await failure(call)).toMatchObject(unreachable);
  });

  test('when nothing comes before the deadline', async () => {
    answer = () => undefined;
    expect(await failure(get(30))).toMatchObject(unreachable);
  });

  test('when the body does not end before the deadline', async () => {
    answer = (_request, response) => void response.writeHead(200).write('{"a":');
    expect(await failure(get(30))).toMatchObject(unreachable);
  });

  test('when the connection breaks in the middle', async () => {
    answer = (_request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('{"a":');
      response.socket?.destroy();
    };
    expect(await failure(get())).toMatchObject(unreachable);
  });

  test.each([
    [200, '<html>CANARY</html>'],
    [200, '{"access_token":CANARY}'],
    [502, 'CANARY'],
    [404, '{"CANARY'],
  ])('when it is not JSON, and the error does not quote it: %i %s', async (status, text) => {
    answer = (_request, response) => response.writeHead(status).end(text);
    const error = await failure(get());
    expect(error).toMatchObject(unreachable);
    for (let next: unknown = error; next instanceof Error; next = next.cause) {
      expect(`${next.message}${next.stack ?? ''}`).not.toContain('CANARY');
    }
  });
});
