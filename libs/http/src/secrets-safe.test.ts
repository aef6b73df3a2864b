import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startApp, type TestApp } from '../test/app.ts';
import { AUTHENTICATED, ok, route } from './route.ts';
import { SECRETS_SAFE, SESSION_COOKIE } from './secrets-safe.ts';

const PATH = `${SECRETS_SAFE.prefix}/secrets-safe/things`;

let app: TestApp;
beforeAll(async () => {
  const things = {
    method: 'get',
    operationId: 'things',
    tag: 'test',
    summary: '',
    access: AUTHENTICATED,
    handle: ({ caller }: { caller: { permissions: ReadonlySet<string> } }) => ok([...caller.permissions]),
  } as const;
  app = await startApp([
    route({ ...things, path: PATH, dialect: SECRETS_SAFE }),
    route({ ...things, path: '/own/things' }),
  ]);
});
afterAll(() => app.stop());

const get = (path: string, headers: Record<string, string>) => app.send('GET', path, { headers });

const unsigned = (claims: object) => `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`;

describe('who a request is of', () => {
  test.each([
    ['a token', { authorization: 'Bearer a' }],
    ['the session', { cookie: `${SESSION_COOKIE}=a` }],
    ['the session among others', { cookie: `x=1; ${SESSION_COOKIE}=a; y=2` }],
    ['all of Set-Cookie', { cookie: `${SESSION_COOKIE}=a; path=/; HttpOnly; Secure` }],
    ['the session beside a key', { authorization: 'PS-Auth key=k; runas=u;', cookie: `${SESSION_COOKIE}=a` }],
    ['a token beside a session', { authorization: 'Bearer a', cookie: `${SESSION_COOKIE}=b` }],
  ])('%s tells it', async (_what, headers) => {
    const { status, json } = await get(PATH, headers);
    expect([status, json]).toEqual([200, ['a']]);
  });

  test('of a token and a session, the one that holds longer tells it', async () => {
    const [early, late] = [unsigned({ exp: 1 }), unsigned({ exp: 2 })];
    const by = async (authorization: string, cookie: string) =>
      (await get(PATH, { authorization, cookie: `${SESSION_COOKIE}=${cookie}` })).json;
    expect(await by(`Bearer ${early}`, late)).toEqual([late]);
    expect(await by(`Bearer ${late}`, early)).toEqual([late]);
    expect(await by(`Bearer ${early}`, 'h.bm8.s')).toEqual([early]);
    expect((await get(PATH, { authorization: 'Basic a', cookie: `${SESSION_COOKIE}=${late}` })).status).toBe(
      401,
    );
  });

  test.each([
    ['nothing', {}],
    ['a key alone', { authorization: 'PS-Auth key=k; runas=u;' }],
    ['another cookie', { cookie: `Other${SESSION_COOKIE}=a; path=/` }],
    ['the name alone', { cookie: SESSION_COOKIE }],
    ['another scheme', { authorization: 'Basic a', cookie: `${SESSION_COOKIE}=a` }],
  ])('%s does not', async (_what, headers) => {
    const { status, json } = await get(PATH, headers);
    expect([status, json]).toEqual([401, { error: expect.any(String) }]);
  });

  test('a session is none beyond the dialect', async () => {
    expect((await get('/own/things', { cookie: `${SESSION_COOKIE}=a` })).status).toBe(401);
  });
});
