import { createServer, type ServerResponse } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { listen, type Listening } from '@strongroom/http/listen';
import { createMachineTokenSource } from './machine-token.ts';

interface Asked {
  target: string;
  authorization: string | undefined;
  type: string | undefined;
  body: string;
}

let listening: Listening;
let asked: Asked[] = [];
let answer: (response: ServerResponse) => void;
let clockMs: number;
let source: () => Promise<string>;

beforeAll(async () => {
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (part: string) => (body += part));
    request.on('end', () => {
      asked.push({
        target: `${request.method ?? ''} ${request.url ?? ''}`,
        authorization: request.headers.authorization,
        type: request.headers['content-type'],
        body,
      });
      answer(response);
    });
  });
  listening = await listen(server, '127.0.0.1', 0);
});
afterAll(() => listening.stop(0));

beforeEach(() => {
  asked = [];
  clockMs = 1_800_000_000_000;
  answer = response =>
    response.end(
      JSON.stringify({ access_token: `token-${asked.length}`, token_type: 'Bearer', expires_in: 600 }),
    );
  source = createMachineTokenSource({
    authUrl: `http://127.0.0.1:${listening.port}`,
    clientId: 'vault',
    clientSecret: 'CANARY',
    now: () => new Date(clockMs),
  });
});

const refuse = (status: number, body: string) => (response: ServerResponse) =>
  response.writeHead(status).end(body);

describe('the machine token', () => {
  test('is had by client_credentials', async () => {
    expect(await source()).toBe('token-1');
    expect(asked).toEqual([
      {
        target: 'POST /auth/api/v1/oauth/token',
        authorization: `Basic ${Buffer.from('vault:CANARY').toString('base64')}`,
        type: 'application/x-www-form-urlencoded',
        body: 'grant_type=client_credentials',
      },
    ]);
  });

  test('is asked for once by callers who come at once', async () => {
    const tokens = await Promise.all(Array.from({ length: 20 }, () => source()));
    expect(new Set(tokens)).toEqual(new Set(['token-1']));
    expect(asked).toHaveLength(1);
  });

  test('is kept until half a minute before its end, then renewed once', async () => {
    await source();
    clockMs += 570_000 - 1;
    expect(await source()).toBe('token-1');
    clockMs += 1;
    expect(await Promise.all([source(), source()])).toEqual(['token-2', 'token-2']);
    clockMs += 570_000;
    expect(await source()).toBe('token-3');
  });

  test('that lives shorter than that is had anew for each caller', async () => {
    answer = response => response.end(JSON.stringify({ access_token: `t${asked.length}`, expires_in: 5 }));
    expect([await source(), await source()]).toEqual(['t1', 't2']);
  });
});

describe('a failure', () => {
  test('is told to all who wait, and the next caller tries again', async () => {
    const works = answer;
    answer = refuse(503, '');
    const outcomes = await Promise.allSettled([source(), source(), source()]);
    expect(outcomes.map(outcome => outcome.status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(asked).toHaveLength(1);
    answer = works;
    expect(await source()).toBe('token-2');
  });

  test('to renew does not bring the old token back', async () => {
    await source();
    const works = answer;
    clockMs += 600_000;
    answer = refuse(500, '{}');
    await expect(source()).rejects.toThrow();
    answer = works;
    expect(await source()).toBe('token-3');
  });

  // It is a fault of the platform: told as it came, it would tell a caller with a good token that his is bad.
  test.each([
    [
      'a refused secret',
      401,
      '{"error":"invalid_client","error_code":"INVALID_CLIENT","error_message":"no"}',
    ],
    ['a refused grant', 400, '{"error_code":"INVALID_GRANT"}'],
    ['another shape of answer', 200, '{"access_token":7}'],
    ['no lifetime', 200, '{"access_token":"CANARY"}'],
    ['no JSON', 200, 'CANARY'],
  ])('is "unavailable", whatever it is: %s', async (_what, status, body) => {
    answer = refuse(status, body);
    const error: unknown = await source().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ kind: 'unavailable', code: 'INTRA_SERVICE_COMMUNICATION_ERROR' });
    for (let next = error; next instanceof Error; next = next.cause) {
      expect(`${next.message}${next.stack ?? ''}`).not.toContain('CANARY');
    }
  });
});
