import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Gateway } from '../src/service.ts';
import { fakeUpstream, sameForAll, send, startTestGateway, type FakeUpstream } from './harness.ts';

let auth: FakeUpstream;
let vault: FakeUpstream;
let gateway: Gateway;
let seen: string[] = [];

const named = (name: string) =>
  fakeUpstream((request, response) => {
    seen.push(`${name} ${request.method ?? ''} ${request.url ?? ''}`);
    request.resume();
    request.once('end', () => response.writeHead(200).end('{}'));
  });

beforeAll(async () => {
  [auth, vault] = await Promise.all([named('auth'), named('vault')]);
  gateway = await startTestGateway(vault.origin, {
    upstreams: { ...sameForAll(vault.origin), auth: auth.origin },
  });
});
beforeEach(() => {
  seen = [];
});
afterAll(async () => {
  await gateway.stop();
  await auth.close();
  await vault.close();
});

describe('the door of Secret Server', () => {
  test.each([
    ['POST', '//oauth2/token', 'auth POST /SecretServer/oauth2/token'],
    ['POST', '/SecretServer/oauth2/token', 'auth POST /SecretServer/oauth2/token'],
    ['GET', '/api/v1/users/current', 'auth GET /SecretServer/api/v1/users/current'],
    ['POST', '/api/v1/sdk-client-accounts/', 'auth POST /SecretServer/api/v1/sdk-client-accounts'],
    ['GET', '/api/v1/healthcheck', 'vault GET /SecretServer/api/v1/healthcheck'],
    ['POST', '/api/v1/secrets/', 'vault POST /SecretServer/api/v1/secrets'],
    ['PATCH', '/SecretServer/api/v2/secrets/1/general', 'vault PATCH /SecretServer/api/v2/secrets/1/general'],
    [
      'GET',
      '/api/v1/secrets/0?secretPath=%5Ca%2Fb+c',
      'vault GET /SecretServer/api/v1/secrets/0?secretPath=%5Ca%2Fb+c',
    ],
  ])('%s %s arrives as %s', async (method, path, arrived) => {
    expect((await send(gateway.url, path, { method })).status).toBe(200);
    expect(seen).toEqual([arrived]);
  });

  test.each([
    ['/SecretServer/nothing', 404],
    ['/SecretServer/winauthwebservices/api/v1/secrets', 404],
    ['/api/v1/secrets/%2e%2e/a', 400],
    ['/webservices/sswebservice.asmx', 410],
  ])('%s is refused in the shape of its dialect', async (path, status) => {
    const answer = await send(gateway.url, path);
    expect([answer.status, answer.json()]).toEqual([status, { message: expect.any(String) }]);
    expect(seen).toEqual([]);
  });

  test('a path that nobody serves has what the clients of each dialect look for', async () => {
    const { status, json } = await send(gateway.url, '/nonexistent/api/v1/secrets/1');
    expect(status).toBe(404);
    expect(json()).toEqual({
      error_code: 'OBJECT_NOT_FOUND',
      error_message: expect.any(String),
      message: expect.any(String),
      request_id: expect.any(String),
    });
  });

  test('the health page of another product is not there', async () => {
    const { status, body } = await send(gateway.url, '/health');
    expect(status).toBe(404);
    expect(body).not.toMatch(/healthy/i);
  });

  test('sign-ins count into the stricter limit, other requests do not', async () => {
    const strict = await startTestGateway(vault.origin, { signInRateLimitPerSecond: 1 });
    const post = (path: string) => send(strict.url, path, { method: 'POST' });
    const answers = [await post('/oauth2/token'), await post('//oauth2//token/')];
    expect(answers.map(({ status }) => status)).toEqual([200, 429]);
    expect(answers[1]?.json()).toEqual({ message: expect.any(String) });
    expect((await send(strict.url, '/api/v1/healthcheck')).status).toBe(200);
    await strict.stop();
  });

  test('a service that is away is told in the shape of the dialect', async () => {
    const gone = await fakeUpstream((_request, response) => response.end());
    await gone.close();
    const lonely = await startTestGateway(gone.origin);
    const answer = await send(lonely.url, '/api/v1/secrets/1');
    expect([answer.status, answer.json()]).toEqual([
      503,
      { message: expect.any(String), exceptionMessage: '', exceptionType: '', stackTrace: '' },
    ]);
    await lonely.stop();
  });
});
