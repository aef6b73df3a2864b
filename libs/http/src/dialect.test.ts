import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { objectNotFound } from '@strongroom/errors/common-errors';
import { Members, OrNull, Type } from '@strongroom/schema/types';
import { MANAGER, startApp, type TestApp } from '../test/app.ts';
import { AUTHENTICATED, ok, PUBLIC, route } from './route.ts';
import { SECRET_SERVER } from './secret-server.ts';

const secretServer = { tag: 'test', summary: '', dialect: SECRET_SERVER } as const;

let app: TestApp;
beforeAll(async () => {
  app = await startApp([
    route({
      ...secretServer,
      method: 'get',
      path: '/SecretServer/api/v1/things',
      operationId: 'list',
      access: AUTHENTICATED,
      query: Members({
        take: Type.Optional(Type.Integer()),
        'filter.searchText': Type.Optional(Type.String()),
      }),
      handle: ({ query }) => ok(query),
    }),
    route({
      ...secretServer,
      method: 'patch',
      path: '/SecretServer/api/v1/things/:id',
      operationId: 'change',
      access: AUTHENTICATED,
      params: Members({ id: Type.Integer() }),
      body: Members({ name: OrNull(Type.String()), active: OrNull(Type.Boolean()) }),
      handle: ({ params, body }) => {
        if (params.id === 7) throw objectNotFound('Thing');
        return ok(body);
      },
    }),
    route({
      ...secretServer,
      method: 'post',
      path: '/SecretServer/oauth2/token',
      operationId: 'token',
      access: PUBLIC,
      bodyType: 'form',
      body: Members({ grant_type: Type.String(), username: OrNull(Type.String()) }),
      handle: ({ body }) => ok(body),
    }),
  ]);
});
afterAll(() => app.stop());

const send = (method: string, path: string, body?: string, headers: Record<string, string> = MANAGER) =>
  app.send(method, path, { headers, ...(body === undefined ? {} : { body }) });

describe('a dialect', () => {
  test('reads both families of paging, and passes over what is empty', async () => {
    const target = '/SecretServer/api/v1/things?paging.filter.searchText=a+b&&paging.take=30&filter.other=';
    expect((await send('GET', target)).json).toEqual({ take: 30, 'filter.searchText': 'a b' });
  });

  test('refuses a filter that a search does not know', async () => {
    const answer = await send('GET', '/SecretServer/api/v1/things?filter.other=x');
    expect([answer.status, answer.json['errorCode']]).toEqual([400, 'API_BadRequest']);
  });

  test('reads members in any case', async () => {
    const answer = await send('PATCH', '/SecretServer/api/v1/things/1', '{"NAME":"a","Active":"True"}');
    expect([answer.status, answer.json]).toEqual([200, { name: 'a', active: true }]);
  });

  test.each([
    ['a form', 'grant_type=password&username=a%40b', 'application/x-www-form-urlencoded'],
    ['a form that says it is JSON', 'grant_type=password&username=a@b', 'application/json'],
    [
      'JSON that says it is a form',
      '{"Grant_Type":"password","username":"a@b"}',
      'application/x-www-form-urlencoded',
    ],
  ])('takes %s where it has a form', async (_what, body, type) => {
    const answer = await send('POST', '/SecretServer/oauth2/token', body, { 'content-type': type });
    expect([answer.status, answer.json]).toEqual([200, { grant_type: 'password', username: 'a@b' }]);
  });

  test.each([
    ['an object that is not there', 'PATCH', '/SecretServer/api/v1/things/7', 404],
    ['a path that nobody serves', 'GET', '/SecretServer/api/v1/nothing', 404],
    ['no token', 'GET', '/SecretServer/api/v1/things', 401],
    ['no number', 'PATCH', '/SecretServer/api/v1/things/canary', 400],
    ['a path that does not decode', 'PATCH', '/SecretServer/api/v1/things/%zz', 400],
    ['no JSON', 'PATCH', '/SecretServer/api/v1/things/1', 400],
  ])('answers %s in its own shape', async (what, method, path, status) => {
    const answer = await send(
      method,
      path,
      what === 'no JSON' ? '{canary' : undefined,
      what === 'no token' ? {} : MANAGER,
    );
    expect(answer.status).toBe(status);
    expect(typeof answer.json['message']).toBe('string');
    expect(answer.text).not.toMatch(/error_code|canary/);
  });

  test('is nothing to the paths of others', async () => {
    const answer = await send('GET', '/SecretServers');
    expect(answer.json['error_code']).toBe('OBJECT_NOT_FOUND');
  });
});
