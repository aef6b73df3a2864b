import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { AppError } from '@strongroom/errors/app-error';
import { Line, Members, Type, Uuid } from '@strongroom/schema/types';
import { authenticate, MANAGER, startApp, type TestApp } from '../test/app.ts';
import { isDescending, paging, SortDirection } from './paging.ts';
import { AUTHENTICATED, created, ok, PUBLIC, route, withPermission } from './route.ts';

const ID = '123e4567-e89b-42d3-a456-426614174000';
const body = Members({ name: Line(9) });
let handled: string[] = [];
let app: TestApp;

beforeAll(async () => {
  const common = { tag: 'test', summary: '' };
  const manage = withPermission('vault-manage', 'vault-add');
  app = await startApp(
    [
      route({
        ...common,
        method: 'post',
        path: '/things',
        operationId: 'create',
        access: manage,
        status: 201,
        body,
        handle: input => {
          handled.push(input.body.name);
          return created({ id: ID }, `/things/${ID}`);
        },
      }),
      route({
        ...common,
        method: 'get',
        path: '/things',
        operationId: 'list',
        access: AUTHENTICATED,
        query: Members({ ...paging({ limit: 50, max: 100 }), sortdir: Type.Optional(SortDirection) }),
        handle: ({ query, caller }) =>
          ok({ query, descending: isDescending(query.sortdir), caller: caller.id }),
      }),
      route({
        ...common,
        method: 'delete',
        path: '/things/:id',
        operationId: 'remove',
        access: manage,
        params: Members({ id: Uuid }),
        handle: () => ok(),
      }),
      route({
        ...common,
        method: 'get',
        path: '/secrets/*name',
        operationId: 'read',
        access: AUTHENTICATED,
        params: Members({ name: Line(40, 1) }),
        handle: ({ params }) => ok(params),
      }),
      route({
        ...common,
        method: 'get',
        path: '/open',
        operationId: 'open',
        access: PUBLIC,
        handle: ({ caller, authorization, request }) =>
          ok({ id: caller.id, permissions: [...caller.permissions], authorization, request }),
      }),
    ],
    {
      bodyLimitBytes: 1_000,
      authenticate: authorization => {
        if (authorization === 'Bearer later') return Promise.resolve(authenticate('Bearer vault-manage'));
        if (authorization === 'Bearer unreachable')
          return Promise.reject(new AppError({ kind: 'unavailable', code: 'DOWN', message: 'down' }));
        return authenticate(authorization);
      },
    },
  );
});
afterEach(() => {
  handled = [];
});
afterAll(() => app.stop());

describe('who may not call is refused before the body is read', () => {
  const bodies: [string, string][] = [
    ['valid', '{"name":"x"}'],
    ['malformed', '{"name":'],
    ['too large', 'x'.repeat(2_000)],
    ['deep', '['.repeat(900)],
    ['of a wrong shape', '{"name":7}'],
  ];

  test.each(bodies)('without a token: %s', async (_what, text) => {
    const answer = await app.send('POST', '/things', { body: text });
    expect([answer.status, answer.json['error_code']]).toEqual([401, 'UNAUTHENTICATED']);
    expect(answer.headers['www-authenticate']).toBe('Bearer');
  });

  test.each(bodies)('without the permission: %s', async (_what, text) => {
    const headers = { authorization: 'Bearer vault-view,vault-manage-all' };
    const answer = await app.send('POST', '/things', { headers, body: text });
    expect([answer.status, answer.json['error_code']]).toEqual([403, 'PERMISSION_DENIED']);
  });

  test('with the permission, size comes before syntax, and syntax before the schema', async () => {
    const statuses = [];
    for (const [what, text] of bodies) {
      const { status, json } = await app.send('POST', '/things', { headers: MANAGER, body: text });
      statuses.push([what, status, json['error_code']]);
    }
    expect(statuses).toEqual([
      ['valid', 201, undefined],
      ['malformed', 400, 'BAD_REQUEST'],
      ['too large', 413, 'OUT_OF_RESOURCES'],
      ['deep', 400, 'BAD_REQUEST'],
      ['of a wrong shape', 400, 'VALUE_INCORRECT_TYPE'],
    ]);
    expect(handled).toEqual(['x']);
  });

  test('before parameters are checked, too', async () => {
    expect((await app.send('DELETE', '/things/no-uuid')).status).toBe(401);
    expect(
      (await app.send('DELETE', '/things/no-uuid', { headers: { authorization: 'Bearer x' } })).status,
    ).toBe(403);
    expect((await app.send('DELETE', '/things/no-uuid', { headers: MANAGER })).status).toBe(400);
  });
});

describe('access', () => {
  test.each(['vault-manage', 'vault-add', 'users-view,vault-add'])(
    'by any of the permissions: %s',
    async held => {
      const headers = { authorization: `Bearer ${held}` };
      expect((await app.send('DELETE', `/things/${ID}`, { headers })).status).toBe(200);
    },
  );

  test('by a token that takes time to verify', async () => {
    const headers = { authorization: 'Bearer later' };
    expect((await app.send('DELETE', `/things/${ID}`, { headers })).status).toBe(200);
  });

  test('is not refused but unavailable when no token can be verified', async () => {
    const headers = { authorization: 'Bearer unreachable' };
    const answer = await app.send('DELETE', `/things/${ID}`, { headers });
    expect([answer.status, answer.json['error_code']]).toEqual([503, 'DOWN']);
  });

  test('to a public route makes nobody somebody', async () => {
    const { json } = await app.send('GET', '/open', { headers: MANAGER });
    expect(json).toMatchObject({ id: '', permissions: [], authorization: 'Bearer vault-manage' });
  });
});

describe('an answer', () => {
  test('to a create is 201 with the location', async () => {
    const answer = await app.send('POST', '/things', { headers: MANAGER, body: '{"name":"x","id":"mine"}' });
    expect([answer.status, answer.headers.location, answer.json]).toEqual([201, `/things/${ID}`, { id: ID }]);
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
  });

  test('without content is 200 and empty', async () => {
    const answer = await app.send('DELETE', `/things/${ID}`, { headers: MANAGER });
    expect([answer.status, answer.text, answer.headers['content-length']]).toEqual([200, '', '0']);
  });

  test('says nothing of the software behind it', async () => {
    const { headers } = await app.send('GET', '/open');
    expect(Object.keys(headers).sort()).toEqual(['connection', 'content-length', 'content-type', 'date']);
  });

  test.each([
    ['GET', '/nothing'],
    ['GET', '/THINGS'],
    ['PATCH', '/things'],
    ['PUT', `/things/${ID}`],
    ['GET', '/secrets'],
    ['OPTIONS', '/nothing'],
  ])('to %s %s, which nobody serves, is 404', async (method, path) => {
    const answer = await app.send(method, path, { headers: MANAGER });
    expect(answer.status).toBe(404);
    expect(answer.json).toEqual({
      error_code: 'OBJECT_NOT_FOUND',
      error_message: 'Resource not found',
      request_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });
});

describe('query parameters', () => {
  const query = async (text: string) => (await app.send('GET', `/things${text}`, { headers: MANAGER })).json;

  test('have defaults, and a bare question mark is none', async () => {
    for (const text of ['', '?', '?unknown=1&__proto__=x&constructor=y', '?limit[]=7']) {
      expect(await query(text)).toMatchObject({ query: { offset: 0, limit: 50 }, descending: false });
    }
  });

  test.each(['ASC', 'asc', 'DESC', 'desc', 'Desc'])('take the sort direction %s', async direction => {
    expect(await query(`?sortdir=${direction}&limit=100&offset=7`)).toMatchObject({
      query: { offset: 7, limit: 100 },
      descending: direction.toLowerCase() === 'desc',
    });
  });

  test.each([
    'limit=0',
    'limit=101',
    'offset=-1',
    'offset=2147483648',
    'sortdir=down',
    'limit=1&limit=2',
    'limit=',
  ])('out of range are refused: %s', async text => {
    expect(await query(`?${text}`)).toMatchObject({ property: text.split('=')[0] });
  });
});

describe('a wildcard', () => {
  test.each([
    ['a/b', 'a/b'],
    ['a%2Fb', 'a/b'],
    ['a%2fb', 'a/b'],
    ['a%252Fb', 'a%2Fb'],
    ['a%2Fb%20c', 'a/b c'],
    ['a+b', 'a+b'],
    ['%E2%82%AC', '€'],
    ['a;b=c', 'a;b=c'],
    ['a%3Fb', 'a?b'],
    ['a//b', 'a//b'],
  ])('reads %s once as %s', async (path, name) => {
    expect((await app.send('GET', `/secrets/${path}`, { headers: MANAGER })).json).toEqual({ name });
  });

  test.each(['%ZZ', '%', 'a/%E2%82', '%FF', '%C0%AF', 'a%00b'])(
    'refuses %s without a quote of it',
    async path => {
      const answer = await app.send('GET', `/secrets/CANARY${path}`, { headers: MANAGER });
      expect(answer.status).toBe(400);
      expect(answer.text).not.toContain('CANARY');
    },
  );
});

describe('the request', () => {
  const seen = async (headers: Record<string, string>) =>
    (await app.send('GET', '/open', { headers })).json['request'] as { id: string; remoteAddress: string };

  test('has the id and the peer that the gateway states', async () => {
    expect(await seen({ 'x-request-id': ID, 'x-forwarded-for': '2001:db8::1' })).toEqual({
      id: ID,
      remoteAddress: '2001:db8::1',
      userAgent: '',
    });
  });

  test('has a fresh id and its own peer when none or no proper ones are stated', async () => {
    const ids = new Set<string>();
    for (const id of ['', 'x', `${ID}0`, ID.toUpperCase(), '"}{"']) {
      const request = await seen({ 'x-request-id': id, 'x-forwarded-for': 'x'.repeat(65) });
      expect(request).toMatchObject({
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        remoteAddress: '127.0.0.1',
      });
      ids.add(request.id);
    }
    expect(ids.size).toBe(5);
  });
});

describe('a caller who asks too much', () => {
  const open = (wait: number | Promise<number>, asked: string[] = []) =>
    startApp(
      [
        route({
          tag: 'test',
          summary: '',
          method: 'post',
          path: '/things',
          operationId: 'create',
          access: withPermission('vault-manage'),
          body,
          handle: () => ok(),
        }),
        route({
          tag: 'test',
          summary: '',
          method: 'get',
          path: '/public',
          operationId: 'public',
          access: PUBLIC,
          handle: () => ok(),
        }),
      ],
      {
        admit: ({ id }) => {
          asked.push(id);
          return wait;
        },
      },
    );

  test.each([['at once', 3] as const, ['after a question', Promise.resolve(3)] as const])(
    'is refused %s, with the time to wait, before the body is looked at',
    async (_when, wait) => {
      const limited = await open(wait);
      const answered = await limited.send('POST', '/things', { headers: MANAGER, body: 'no JSON' });
      await limited.stop();
      expect([answered.status, answered.json['error_code']]).toEqual([429, 'MAX_LOAD']);
      expect(answered.headers['retry-after']).toBe('3');
    },
  );

  test.each([['at once', 0] as const, ['after a question', Promise.resolve(0)] as const])(
    'is admitted %s when it does not',
    async (_when, wait) => {
      const admitting = await open(wait);
      const answered = await admitting.send('POST', '/things', { headers: MANAGER, body: '{"name":"n"}' });
      await admitting.stop();
      expect(answered.status).toBe(200);
    },
  );

  test('is counted once it is known and may do this, and not before', async () => {
    const asked: string[] = [];
    const counting = await open(0, asked);
    const statuses = [
      await counting.send('POST', '/things'),
      await counting.send('POST', '/things', { headers: { authorization: 'Bearer vault-add' } }),
      await counting.send('GET', '/public'),
    ].map(({ status }) => status);
    await counting.stop();
    expect(statuses).toEqual([401, 403, 200]);
    expect(asked).toEqual([]);
  });
});
