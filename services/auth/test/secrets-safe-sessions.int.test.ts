import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import { eventually } from '@strongroom/testing/eventually';
import { makeAccount, opens, type Account } from './secret-server.ts';
import { askToken, bearerIn, cookieOf, makeKey, psAuth, signAppIn, signOut } from './secrets-safe.ts';
import { startTestAuth, type Answer, type TestAuth } from './support.ts';

/** How sessions of Secrets Safe's clients go on by their use (docs/adr/0044-sliding-sessions.md). */

let time = Date.now();
let auth: TestAuth;
// Made before the clock is moved, which ends the sessions of those who make them.
let account: Account;
let key: string;
let shortKey: string;
let client: { id: string; secret: string; bearer: string };
beforeAll(async () => {
  auth = await startTestAuth({ now: () => new Date(time) });
  account = await makeAccount(auth, {}, ['users-view']);
  ({ key } = await makeKey(auth, account.id));
  const end = new Date(time + 90_000).toISOString();
  ({ key: shortKey } = await makeKey(auth, account.id, { expires_at: end }));
  client = await auth.clientWith('users-view');
});
afterAll(() => auth.stop());

/** As vault asks for the next token of a session in use. */
const renew = (bearer: string): Promise<Answer> =>
  auth.call('POST', '/auth/api/v1/sessionstorage/sessions/current/renew', { as: bearer });
const tokenIn = ({ body }: Answer) => `Bearer ${String(body['access_token'])}`;
const signInBy = async (one: string) =>
  bearerIn(cookieOf(await signAppIn(auth, psAuth(one, account.username))));

test('other sessions than those are not renewed', async () => {
  expect((await renew(client.bearer)).status).toBe(400);
});

test('none is renewed beyond its key', async () => {
  const bearer = await signInBy(shortKey);
  time += 60_000;
  const { status, body } = await renew(bearer);
  expect(status).toBe(200);
  expect(body['expires_in']).toBeLessThanOrEqual(30);
  time += 31_000;
  expect((await renew(bearer)).status).toBe(401);
});

test('a newer token has the rights of now, and what leaves by it leaves by all', async () => {
  const before = await signInBy(key);
  const { sid, permissions } = decodeJwt<{ sid: string; permissions: string[] }>(before.slice(7));
  expect(permissions).toEqual(['users-view']);
  time += 1_700_000;
  await auth.superuser.query('DELETE FROM user_roles WHERE user_id = $1', [account.id]);
  const renewed = await renew(before);
  expect(renewed).toMatchObject({ status: 200, body: { expires_in: 1_800 } });
  const after = tokenIn(renewed);
  expect(decodeJwt(after.slice(7))).toMatchObject({ sid, permissions: [], sub: account.id });
  const [row] = await auth.superuser.query<{ expires_at: Date }>(
    'SELECT expires_at FROM sessions WHERE id = $1',
    [sid],
  );
  expect(row?.expires_at).toEqual(new Date(time + 1_800_000));
  time += 200_000;
  expect([await opens(auth, before), await opens(auth, after)]).toEqual([false, true]);
  const newest = tokenIn(await renew(after));
  expect((await signOut(auth, `StrongroomSession=${newest.slice(7)}`)).status).toBe(200);
  await eventually('the session is void', async () => !(await opens(auth, after)));
  expect([(await renew(after)).status, (await renew(newest)).status]).toEqual([401, 401]);
});

test('one that is not used ends after half an hour, and one that is after eight', async () => {
  const sign = () => askToken(auth, { client_id: client.id, client_secret: client.secret });
  const idle = tokenIn(await sign());
  let bearer = tokenIn(await sign());
  const end = time + 8 * 3_600_000;
  const lives: unknown[] = [];
  while (time + 1_700_000 < end) {
    time += 1_700_000;
    const renewed = await renew(bearer);
    expect(renewed.status).toBe(200);
    lives.push(renewed.body['expires_in']);
    bearer = tokenIn(renewed);
    if (lives.length === 2) expect((await renew(idle)).status).toBe(401);
  }
  expect(new Set(lives.slice(0, -1))).toEqual(new Set([1_800]));
  expect(lives.at(-1)).toBeLessThanOrEqual((end - time) / 1_000);
  time = end + 1_000;
  expect((await renew(bearer)).status).toBe(401);
});
