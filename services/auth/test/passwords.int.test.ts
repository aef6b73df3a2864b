import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { RequestInfo } from '@strongroom/contracts/caller';
import type { AuthContext } from '../src/context.ts';
import { authenticatePerson } from '../src/operations/authenticate-person.ts';
import { changeExpiredPassword } from '../src/operations/change-password.ts';
import { findUser } from '../src/store/users.ts';
import { liveSessions, makePerson, openContext, signInAs } from './people.ts';
import { startTestAuth, uniqueName, USERS, type TestAuth } from './support.ts';

const OWN = '/auth/api/v1/password';
const RESET = `${OWN}/reset`;
const PASSWORD = 'Kumquat-Orchard-9';
const NEXT = 'Tangerine-Grove-4';

const now = new Date('2026-06-01T08:00:00Z');
let auth: TestAuth;
let ctx: AuthContext;

beforeAll(async () => {
  auth = await startTestAuth({ now: () => now });
  ctx = await openContext(auth, () => now);
});
afterAll(async () => {
  await ctx.close();
  await auth.stop();
});

const request: RequestInfo = { id: 'request', remoteAddress: '198.51.100.1', userAgent: '' };

async function person(body: Record<string, unknown> = {}) {
  const username = uniqueName('person');
  const id = await makePerson(auth, { username, password: { password: PASSWORD }, ...body });
  const signsInBy = (password: string) =>
    authenticatePerson(ctx, request, username, password).then(
      () => true,
      () => false,
    );
  return { id, username, signsInBy, path: `${USERS}/${id}` };
}

describe("changing one's own password", () => {
  const change = (bearer: string | null, current: unknown, next: unknown) =>
    auth.call('PUT', OWN, { as: bearer, body: { current_password: current, new_password: next } });

  test('needs the current one, and ends the other sessions', async () => {
    const { id, signsInBy } = await person({ password_change_required: true });
    const [here, there] = [await signInAs(ctx, id), await signInAs(ctx, id)];
    const wrong = await change(here.bearer, NEXT, NEXT);
    expect([wrong.status, wrong.body['property']]).toEqual([400, 'current_password']);
    expect(await liveSessions(auth, [here.sessionId, there.sessionId])).toHaveLength(2);
    const done = await change(here.bearer, PASSWORD, NEXT);
    expect([done.status, done.text]).toEqual([200, '']);
    expect(await liveSessions(auth, [here.sessionId, there.sessionId])).toEqual([here.sessionId]);
    expect([await signsInBy(PASSWORD), await signsInBy(NEXT)]).toEqual([false, true]);
    expect(await findUser(ctx.db, id)).toMatchObject({ passwordChangeRequired: false, updatedBy: id });
  });

  test.each([
    ['new_password', PASSWORD, 'short'],
    ['new_password', PASSWORD, 'Password-1234'],
    ['new_password', PASSWORD, PASSWORD],
    ['new_password', PASSWORD, PASSWORD.replace('K', '\uff2b')],
    ['new_password', PASSWORD, undefined],
    ['new_password', PASSWORD, 'x'.repeat(1_025)],
    ['current_password', undefined, NEXT],
  ])('what is wrong with %s is told (%#)', async (property, current, next) => {
    const { id, signsInBy } = await person();
    const { bearer } = await signInAs(ctx, id);
    const { status, body } = await change(bearer, current, next);
    expect([status, body['property']]).toEqual([400, property]);
    expect(await signsInBy(PASSWORD)).toBe(true);
  });

  test('is for people alone', async () => {
    expect((await change(null, PASSWORD, NEXT)).status).toBe(401);
    const client = await auth.clientWith('users-manage');
    expect((await change(client.bearer, PASSWORD, NEXT)).status).toBe(403);
    const { id, path } = await person();
    const { bearer } = await signInAs(ctx, id);
    await auth.call('DELETE', path);
    expect((await change(bearer, PASSWORD, NEXT)).status).toBe(401);
  });

  test('a stolen session cannot guess the current one: the limits of signing in hold', async () => {
    const { id, username } = await person();
    const { bearer } = await signInAs(ctx, id);
    const statuses = [];
    for (let i = 0; i < 6; i += 1) statuses.push((await change(bearer, 'a wrong password', NEXT)).status);
    expect(statuses).toEqual([400, 400, 400, 400, 400, 429]);
    const limited = await change(bearer, PASSWORD, NEXT);
    expect([limited.status, limited.body['error_code']]).toEqual([429, 'MAX_LOAD']);
    expect(limited.headers.get('retry-after')).toBe('60');
    // The address of the test's requests, and of nobody else, is shut out.
    await expect(authenticatePerson(ctx, request, username, PASSWORD)).resolves.toMatchObject({ id });
  });

  test('of two at once, one wins', async () => {
    const { id, signsInBy } = await person();
    const sessions = [await signInAs(ctx, id), await signInAs(ctx, id)];
    const answers = await Promise.all(
      sessions.map(({ bearer }, index) => change(bearer, PASSWORD, `${NEXT}-${index}`)),
    );
    expect(answers.map(answer => answer.status).sort()).toEqual([200, 400]);
    const winner = answers.findIndex(answer => answer.status === 200);
    expect(await signsInBy(`${NEXT}-${winner}`)).toBe(true);
    expect(await signsInBy(`${NEXT}-${1 - winner}`)).toBe(false);
  });
});

describe('a reset', () => {
  const start = async (path: string) => {
    const { status, body, headers } = await auth.call('POST', `${path}/password/reset`);
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
    return body as { token: string; expires: string };
  };
  const complete = (token: unknown, password: unknown = NEXT) =>
    auth.call('POST', RESET, { as: null, body: { token, new_password: password } });
  const refused = async (answer: Promise<Awaited<ReturnType<typeof complete>>>) => {
    const { status, body } = await answer;
    expect([status, body['property'], body['error_message']]).toEqual([
      400,
      'token',
      'The token is unknown, was used or has expired',
    ]);
  };

  test('lets the person set a new password once, and ends all sessions', async () => {
    const { id, path, signsInBy } = await person();
    const session = await signInAs(ctx, id);
    const { token, expires } = await start(path);
    expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(expires).toBe(new Date(now.getTime() + 86_400_000).toISOString());
    expect(await findUser(ctx.db, id)).toMatchObject({ passwordChangeRequired: true });
    expect(await signsInBy(PASSWORD)).toBe(true);
    const done = await complete(token);
    expect([done.status, done.text]).toEqual([200, '']);
    expect(await liveSessions(auth, [session.sessionId])).toEqual([]);
    expect([await signsInBy(PASSWORD), await signsInBy(NEXT)]).toEqual([false, true]);
    expect(await findUser(ctx.db, id)).toMatchObject({ passwordChangeRequired: false });
    await refused(complete(token, `${NEXT}!`));
  });

  test('gives a first password to a person without one', async () => {
    const { path, signsInBy } = await person({ password: {} });
    expect((await complete((await start(path)).token)).status).toBe(200);
    expect(await signsInBy(NEXT)).toBe(true);
  });

  test('is used once by however many at once', async () => {
    const { path } = await person();
    const { token } = await start(path);
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => complete(token, `${NEXT}-${i}`)));
    expect(answers.map(answer => answer.status).sort()).toEqual([200, ...Array<number>(19).fill(400)]);
  });

  test.each<[string, (path: string, id: string) => Promise<unknown>]>([
    ['a newer one was started', path => start(path)],
    [
      'a day has passed',
      (_path, id) =>
        auth.superuser.query(
          `UPDATE password_resets SET expires_at = expires_at - interval '1 day' WHERE user_id = $1`,
          [id],
        ),
    ],
    [
      'the password was set otherwise',
      path => auth.call('PUT', `${path}/password`, { body: { password: 'Citron-Hedge-77' } }),
    ],
    [
      'the person was disabled',
      path => auth.call('PUT', path, { body: { username: uniqueName('disabled'), disabled: true } }),
    ],
    ['the person was deleted', path => auth.call('DELETE', path)],
    [
      'the person changed it',
      async (_path, id) =>
        auth.call('PUT', OWN, {
          as: (await signInAs(ctx, id)).bearer,
          body: { current_password: PASSWORD, new_password: 'Citron-Hedge-77' },
        }),
    ],
  ])('is void when %s', async (_what, act) => {
    const { id, path } = await person();
    const { token } = await start(path);
    await act(path, id);
    await refused(complete(token));
  });

  test('refuses what is no token, and keeps the token through a bad password', async () => {
    const { path } = await person();
    const { token } = await start(path);
    await refused(complete(`${token}x`));
    await refused(complete(''));
    for (const bad of ['short', PASSWORD, null]) {
      const { status, body } = await complete(token, bad);
      expect([status, body['property']]).toEqual([400, 'new_password']);
    }
    expect((await complete(token)).status).toBe(200);
  });

  test('is hashed at rest, and on no trail', async () => {
    const { path } = await person();
    const { token } = await start(path);
    const [row] = await auth.superuser.query<{ dump: string }>(
      `SELECT string_agg(r::text, ' ') AS dump FROM password_resets r`,
    );
    const forms = [
      token,
      Buffer.from(token).toString('hex'),
      Buffer.from(token, 'base64url').toString('hex'),
    ];
    expect(forms.filter(form => row?.dump.includes(form))).toEqual([]);
    await complete(token);
    const records = JSON.stringify(await auth.trail());
    expect(forms.filter(form => records.includes(form))).toEqual([]);
    expect(records).not.toContain(NEXT);
    expect(records).toContain('Password-reset-started');
  });
});

describe('a demanded change at sign-in', () => {
  test('needs another password, clears the demand and ends all sessions', async () => {
    const { id, signsInBy } = await person({ password_change_required: true });
    const session = await signInAs(ctx, id);
    const user = (await findUser(ctx.db, id))!;
    const asked = randomBytes(32);
    for (const bad of ['short', PASSWORD]) {
      await expect(changeExpiredPassword(ctx, request, user, bad, asked)).rejects.toMatchObject({
        kind: 'invalid',
        property: 'new_password',
      });
    }
    const changed = await changeExpiredPassword(ctx, request, user, NEXT, asked);
    expect(changed).toMatchObject({ id, passwordChangeRequired: false });
    expect(await liveSessions(auth, [session.sessionId])).toEqual([]);
    expect([await signsInBy(PASSWORD), await signsInBy(NEXT)]).toEqual([false, true]);
    // Who read the person before the change proved a password that holds no more.
    await expect(changeExpiredPassword(ctx, request, user, `${NEXT}!`, asked)).rejects.toMatchObject({
      code: 'INVALID_GRANT',
    });
  });
});
