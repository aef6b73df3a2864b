import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { AppError } from '@strongroom/errors/app-error';
import { invalidField, unauthenticated } from '@strongroom/errors/common-errors';
import { startApp, type TestApp } from '../test/app.ts';
import { OAuthError } from '@strongroom/errors/oauth-error';
import { PUBLIC, route } from './route.ts';

let app: TestApp;
let thrown: unknown;
let ready: () => Promise<boolean> = () => Promise.resolve(true);

beforeAll(async () => {
  const common = { method: 'get', tag: 'test', summary: '', access: PUBLIC } as const;
  app = await startApp(
    [
      route({
        ...common,
        path: '/sync',
        operationId: 'sync',
        handle: () => {
          throw thrown;
        },
      }),
      route({
        ...common,
        path: '/async',
        operationId: 'async',
        handle: async () => {
          await Promise.resolve();
          throw thrown;
        },
      }),
    ],
    { isReady: () => ready() },
  );
});
afterEach(() => void app.logged.splice(0));
afterAll(() => app.stop());

async function answerTo(error: unknown, path = '/sync') {
  thrown = error;
  return app.send('GET', path);
}

describe('an error that is not ours', () => {
  const secrets: [string, unknown][] = [
    ['an error', Object.assign(new Error('CANARY'), { detail: 'CANARY', code: 'CANARY' })],
    ['an error with a cause', new TypeError('CANARY', { cause: new Error('CANARY') })],
    ['an error with a status of 500', Object.assign(new Error('CANARY'), { status: 500, expose: true })],
    ['an error of a parser', Object.assign(new SyntaxError('CANARY'), { status: 400, body: 'CANARY' })],
    ['a text', 'CANARY'],
    ['an object', { status: 200, message: 'CANARY' }],
    ['nothing', undefined],
  ];

  test.each(secrets)('is answered without its text: %s', async (what, error) => {
    for (const path of ['/sync', '/async']) {
      const answer = await answerTo(error, path);
      expect(answer.status).toBe(what.includes('parser') ? 400 : 500);
      expect(answer.text + JSON.stringify(answer.headers)).not.toContain('CANARY');
      expect(Object.keys(answer.json)).toEqual(['error_code', 'error_message', 'request_id']);
    }
  });

  test('is logged as it was thrown, once', async () => {
    const error = new Error('the cause');
    await answerTo(error);
    expect(app.logged).toEqual([{ message: 'request failed', cause: error }]);
  });
});

describe('an error of ours', () => {
  test('tells its public members and never its cause', async () => {
    const error = new AppError({
      kind: 'unavailable',
      code: 'DATABASE_ERROR',
      message: 'The database cannot be reached',
      retryAfterSeconds: 7,
      cause: new Error('CANARY'),
    });
    const answer = await answerTo(error);
    expect([answer.status, answer.headers['retry-after']]).toEqual([503, '7']);
    expect(answer.json).toEqual({
      error_code: 'DATABASE_ERROR',
      error_message: 'The database cannot be reached',
      request_id: expect.any(String),
    });
    expect(app.logged).toHaveLength(1);
  });

  test('that the caller made is not logged', async () => {
    for (const error of [invalidField('name', 'name is wrong'), unauthenticated()]) await answerTo(error);
    expect(app.logged).toEqual([]);
  });

  test('names the fields that are wrong', async () => {
    const { json } = await answerTo(invalidField('read_roles.0.id', 'is not a role'));
    expect(json).toMatchObject({
      property: 'read_roles.0.id',
      details: [{ error_code: 'INVALID_REQUEST_DATA', property: 'read_roles.0.id' }],
    });
  });

  test('asks for a bearer token with 401 and 401 only', async () => {
    expect((await answerTo(unauthenticated())).headers['www-authenticate']).toBe('Bearer');
    expect((await answerTo(invalidField('a', 'b'))).headers['www-authenticate']).toBeUndefined();
  });
});

describe('an OAuth error', () => {
  test('has both shapes, all texts', async () => {
    const answer = await answerTo(new OAuthError('invalid_grant', 'The code has expired'));
    expect(answer.status).toBe(400);
    expect(answer.json).toEqual({
      error: 'invalid_grant',
      error_description: 'The code has expired',
      error_code: 'INVALID_GRANT',
      error_message: 'The code has expired',
      request_id: expect.any(String),
    });
    expect(answer.headers['www-authenticate']).toBeUndefined();
  });

  test('of an unknown client is 401 and asks for Basic (RFC 6749, 5.2)', async () => {
    const answer = await answerTo(new OAuthError('invalid_client', 'Unknown client'), '/async');
    expect([answer.status, answer.headers['www-authenticate']]).toEqual([401, 'Basic']);
  });
});

describe('the pages for the neighbours', () => {
  test('readiness follows the service, whatever way it fails; liveness does not', async () => {
    const outcomes: [() => Promise<boolean>, number][] = [
      [() => Promise.resolve(true), 200],
      [() => Promise.resolve(false), 503],
      [() => Promise.reject(new Error('CANARY')), 503],
    ];
    for (const [isReady, status] of outcomes) {
      ready = isReady;
      const answer = await app.send('GET', '/readyz');
      expect(answer.status).toBe(status);
      expect(answer.text).not.toContain('CANARY');
      expect((await app.send('GET', '/healthz')).status).toBe(200);
    }
  });

  test('the description of the API is served', async () => {
    const { status, json } = await app.send('GET', '/openapi.json');
    expect(status).toBe(200);
    expect(Object.keys(json['paths'] as object)).toEqual(['/sync', '/async']);
  });
});
