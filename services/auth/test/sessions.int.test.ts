import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import { refresh, signInPerson, type PersonTokens } from './oauth-walk.ts';
import { startTestAuth, type TestAuth } from './support.ts';

const PREFIX = '/auth/api/v1/sessionstorage';

let auth: TestAuth;
let adminId: string;

beforeAll(async () => {
  auth = await startTestAuth();
  const { accessToken } = await signInPerson(auth);
  adminId = String(decodeJwt(accessToken).sub);
});

afterAll(() => auth.stop());

const sidOf = ({ accessToken }: PersonTokens) => String(decodeJwt(accessToken)['sid']);

async function list(path: string, as?: string, method = 'GET', body?: unknown) {
  const answer = await auth.call(method, path, {
    ...(as === undefined ? {} : { as }),
    ...(body === undefined ? {} : { body }),
  });
  expect(answer.status).toBe(200);
  return answer.body as { count: number; items: Record<string, unknown>[] };
}

/** auth hears of it by event, as every service does. */
async function untilRefused(bearer: string): Promise<void> {
  for (;;) {
    const { status } = await auth.call('GET', `${PREFIX}/users/current/sessions`, { as: bearer });
    if (status === 401) return;
    expect(status).toBe(200);
    await new Promise(resolve => setTimeout(resolve, 10));
  }
}

describe('a session', () => {
  test('is shown whole, to its owner as the current one', async () => {
    const person = await signInPerson(auth);
    const { items } = await list(`${PREFIX}/users/current/sessions?limit=1000`, person.bearer);
    const own = items.filter(item => item['current'] === true);
    expect(own).toHaveLength(1);
    expect(own[0]).toMatchObject({
      id: sidOf(person),
      user_id: adminId,
      domain: 'privx-ui',
      username: 'admin',
      remote_addr: '127.0.0.1',
      type: 'user',
      logged_out: false,
    });
    for (const name of ['created', 'updated', 'expires', 'token_expires']) {
      expect(Date.parse(String(own[0]?.[name]))).not.toBeNaN();
    }
  });

  test('of an API client is one, too', async () => {
    const { id, bearer } = await auth.clientWith();
    const { items } = await list(`${PREFIX}/users/${id}/sessions`);
    expect(items).toHaveLength(1);
    expect((await auth.call('POST', `${PREFIX}/users/${id}/sessions/terminate`)).status).toBe(200);
    await untilRefused(bearer);
  });
});

describe('lists', () => {
  test('page, sort and count all', async () => {
    const { id } = await auth.clientWith();
    const { secret } = (await auth.call('GET', `/local-user-store/api/v1/api-clients/${id}`)).body;
    for (let index = 0; index < 4; index += 1) await auth.signIn({ id, secret: String(secret) });
    const path = `${PREFIX}/users/${id}/sessions?sortkey=created&limit=2`;
    const first = await list(`${path}&sortdir=ASC`);
    const rest = await list(`${path}&sortdir=ASC&offset=2`);
    const backwards = await list(`${path}&sortdir=desc`);
    expect([first.count, first.items.length, rest.items.length]).toEqual([5, 2, 2]);
    const all = (await list(`${PREFIX}/users/${id}/sessions?sortkey=created`)).items.map(item => item['id']);
    expect([...first.items, ...rest.items].map(item => item['id'])).toEqual(all.slice(0, 4));
    expect(backwards.items[0]?.['id']).toBe(all[4]);
  });

  test.each([
    'id',
    'user_id',
    'source_id',
    'parent_session_id',
    'domain',
    'username',
    'remote_address',
    'type',
    'created',
    'updated',
    'expires',
    'token_expires',
  ])('sort by %s (contract 1.7)', async key => {
    const { id } = await auth.clientWith();
    const { count } = await list(`${PREFIX}/users/${id}/sessions?sortkey=${key}&sortdir=DESC`);
    expect(count).toBe(1);
  });

  test('are searched by words, owner and type, with the empty members that Go sends', async () => {
    const { bearer, id } = await auth.clientWith();
    await auth.call('GET', `${PREFIX}/users/current/sessions`, { as: bearer });
    const search = (body: unknown) => list(`${PREFIX}/sessions/search`, undefined, 'POST', body);
    const all = await search({ keywords: '', user_id: '', type: '' });
    expect((await search({})).count).toBe(all.count);
    expect((await search({ user_id: id })).count).toBe(1);
    expect((await search({ user_id: id, type: 'user' })).count).toBe(0);
    expect((await search({ keywords: 'ADMI' })).items.every(item => item['username'] === 'admin')).toBe(true);
    // A wildcard is a text like any other.
    expect((await search({ keywords: '%' })).count).toBe(0);
  });

  test.each(['limit=0', 'limit=1001', 'offset=-1', 'sortkey=secret', 'sortdir=up'])(
    'refuse %s',
    async query => {
      const answer = await auth.call('GET', `${PREFIX}/users/current/sessions?${query}`);
      expect(answer.status).toBe(400);
      expect(answer.body['property']).toBe(query.split('=')[0]);
    },
  );

  test("are nobody's without the permission", async () => {
    const { bearer } = await auth.clientWith('roles-view');
    for (const [method, path] of [
      ['GET', `/users/${adminId}/sessions`],
      ['GET', `/sources/${randomUUID()}/sessions`],
      ['POST', '/sessions/search'],
      ['POST', `/sessions/${randomUUID()}/terminate`],
      ['POST', `/users/${adminId}/sessions/terminate`],
    ] as const) {
      const answer = await auth.call(method, `${PREFIX}${path}`, { as: bearer });
      expect(answer.status).toBe(403);
    }
  });
});

describe('ending', () => {
  test('one ends its tokens and leaves the others', async () => {
    const [one, other] = [await signInPerson(auth), await signInPerson(auth)];
    const answer = await auth.call('POST', `${PREFIX}/sessions/${sidOf(one)}/terminate`);
    expect([answer.status, answer.text]).toEqual([200, '']);
    await untilRefused(one.bearer);
    expect((await refresh(auth, one.refreshToken)).status).toBe(400);
    expect((await refresh(auth, other.refreshToken)).status).toBe(200);
    const gone = await auth.call('POST', `${PREFIX}/sessions/${randomUUID()}/terminate`);
    expect([gone.status, gone.body['error_code']]).toEqual([404, 'OBJECT_NOT_FOUND']);
  });

  test("all of a person ends each, and an unfinished sign-in of the person's", async () => {
    const people = [await signInPerson(auth), await signInPerson(auth)];
    await auth.call('POST', `${PREFIX}/users/${adminId}/sessions/terminate`);
    for (const person of people) {
      await untilRefused(person.bearer);
      expect((await refresh(auth, person.refreshToken)).status).toBe(400);
    }
  });

  test("one's own works without a permission; another's does not exist", async () => {
    const person = await signInPerson(auth);
    const { bearer } = await auth.clientWith();
    const path = `${PREFIX}/users/current/sessions/${sidOf(person)}/terminate`;
    expect((await auth.call('POST', path, { as: bearer })).status).toBe(404);
    expect((await refresh(auth, person.refreshToken)).status).toBe(200);
    expect((await auth.call('POST', path, { as: person.bearer })).status).toBe(200);
    await untilRefused(person.bearer);
  });

  test('is on the record', async () => {
    const person = await signInPerson(auth);
    await auth.call('POST', '/auth/api/v1/logout', { as: person.bearer });
    const records = (await auth.trail()).filter(
      record => record.message['sessionID'] === sidOf(person) && [100, 101, 106].includes(record.code),
    );
    expect(records.map(record => record.code).sort()).toEqual([100, 101, 106]);
  });
});
