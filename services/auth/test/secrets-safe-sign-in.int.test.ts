import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import { eventually } from '@strongroom/testing/eventually';
import { from, makeAccount, opens } from './secret-server.ts';
import {
  API,
  askToken,
  bearerIn,
  cookieOf,
  KEYS,
  makeKey,
  psAuth,
  setCookieOf,
  signAppIn,
  signOut,
} from './secrets-safe.ts';
import { API_CLIENTS, startTestAuth, uniqueName, USERS, type Answer, type TestAuth } from './support.ts';

let time = Date.now();
let auth: TestAuth;
beforeAll(async () => {
  auth = await startTestAuth({ now: () => new Date(time) });
});
afterAll(() => auth.stop());

const INSIDE = '192.0.2.17';
const answerOf = ({ status, body }: Answer) => ({ status, body });
const REFUSED = { status: 401, body: { error: 'The API key or its user is not admitted' } };

/** An application account with a key, and how it signs in. */
async function keyed(members: Record<string, unknown> = {}) {
  const account = await makeAccount(auth, {}, ['users-view']);
  const made = await makeKey(auth, account.id, members);
  return { account, ...made, as: psAuth(made.key, account.username) };
}

describe('an API client', () => {
  test('gets a token and opens a session with it, which is the token itself', async () => {
    const client = await auth.clientWith('users-view');
    const granted = await askToken(auth, { client_id: client.id, client_secret: client.secret });
    expect(answerOf(granted)).toEqual({
      status: 200,
      body: {
        access_token: expect.any(String),
        expires_in: 1_800,
        token_type: 'Bearer',
        scope: 'publicapi',
      },
    });
    const token = String(granted.body['access_token']);
    const [row] = await auth.superuser.query<{ number: number; name: string }>(
      'SELECT number, name FROM api_clients WHERE id = $1',
      [client.id],
    );
    const signedIn = await signAppIn(auth, `Bearer ${token}`);
    expect(answerOf(signedIn)).toEqual({
      status: 200,
      body: { UserId: row?.number, SID: null, EmailAddress: '', UserName: row?.name, Name: row?.name },
    });
    expect(row?.number).toBeGreaterThanOrEqual(1);
    expect(setCookieOf(signedIn)).toBe(`StrongroomSession=${token}; Path=/; HttpOnly; SameSite=Strict`);
    const overTls = await signAppIn(auth, `Bearer ${token}`, { 'x-forwarded-proto': 'https' });
    expect(setCookieOf(overTls)).toMatch(/; SameSite=Strict; Secure$/);
  });

  test.each([
    ['a wrong secret', { client_secret: 'x'.repeat(43) }, 401],
    ['an unknown id', { client_id: '0b6a3c1e-8f0e-4c2b-9d5e-1f2a3b4c5d6e' }, 401],
    ['no id', { client_id: '' }, 401],
    ['another grant', { grant_type: 'password' }, 400],
    ['no grant', { grant_type: '' }, 400],
  ])('gets nothing with %s', async (_what, fields, status) => {
    const client = await auth.clientWith();
    const answer = await askToken(auth, { client_id: client.id, client_secret: client.secret, ...fields });
    expect(answerOf(answer)).toEqual({ status, body: { error: expect.any(String) } });
  });
});

describe('SignAppIn', () => {
  test('by a key answers who it is for and opens a session of its own', async () => {
    const { account, id, as } = await keyed();
    const signedIn = await signAppIn(auth, as);
    expect(answerOf(signedIn)).toEqual({
      status: 200,
      body: {
        UserId: account.number,
        SID: null,
        EmailAddress: '',
        UserName: account.username,
        Name: account.username,
      },
    });
    const bearer = bearerIn(cookieOf(signedIn));
    expect(decodeJwt(bearer.slice(7))).toMatchObject({
      sub: account.id,
      client_id: `api-key-${id}`,
      address: '',
    });
    expect(await opens(auth, bearer)).toBe(true);
    expect((await auth.call('GET', USERS, { as: bearer })).status).toBe(200);
  });

  test('works for API clients, by name and by id', async () => {
    const { id } = await auth.clientWith();
    const { key } = await makeKey(auth, id);
    const [row] = await auth.superuser.query<{ name: string }>('SELECT name FROM api_clients WHERE id = $1', [
      id,
    ]);
    expect((await signAppIn(auth, psAuth(key, id))).status).toBe(200);
    expect((await signAppIn(auth, psAuth(key, row?.name ?? ''))).status).toBe(200);
  });

  test('has one answer for all that is wrong about a key', async () => {
    const { account, key } = await keyed({ networks: ['192.0.2.0/24'] });
    const other = await keyed();
    const here = from(INSIDE);
    const wrong = [
      await signAppIn(auth, psAuth('0'.repeat(128), account.username), here),
      await signAppIn(auth, psAuth(key, other.account.username), here),
      await signAppIn(auth, psAuth(key, account.username), from('198.51.100.1')),
      await signAppIn(auth, `PS-Auth runas=${account.username}`, here),
      await signAppIn(auth, `PS-Auth key=${key}`, here),
      await signAppIn(auth, 'Negotiate abc', here),
    ];
    for (const answer of wrong) {
      expect(answerOf(answer)).toEqual(REFUSED);
      expect(setCookieOf(answer)).toBe('');
    }
    expect((await signAppIn(auth, psAuth(key, account.username), here)).status).toBe(200);
    const reasons = (await auth.trail()).flatMap(({ code, message }) =>
      code === 5009 ? [message['reason']] : [],
    );
    expect(reasons.slice(-3)).toEqual(['key', 'account', 'address']);
  });

  test('counts refusals as failed sign-ins, which never keeps the right key out', async () => {
    const { account, as } = await keyed();
    const guess = () => signAppIn(auth, psAuth('0'.repeat(128), account.username), from(INSIDE));
    const statuses: number[] = [];
    for (let turn = 0; turn < 6; turn += 1) statuses.push((await guess()).status);
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429]);
    expect((await signAppIn(auth, as, from(INSIDE))).status).toBe(200);
  });

  test('refuses a disabled account, and a token that has ended or is a service’s', async () => {
    const { account, as } = await keyed();
    const session = cookieOf(await signAppIn(auth, as));
    await auth.superuser.query('UPDATE users SET is_disabled = true WHERE id = $1', [account.id]);
    expect(answerOf(await signAppIn(auth, as))).toEqual(REFUSED);
    expect((await signOut(auth, session)).status).toBe(200);
    expect((await signAppIn(auth, bearerIn(session))).status).toBe(401);
    const service = await auth.postToken(
      new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: 'strongroom-vault',
        client_secret: auth.secrets.machineSecrets['strongroom-vault'],
      }).toString(),
      null,
    );
    expect(service.status).toBe(200);
    expect((await signAppIn(auth, `Bearer ${String(service.body['access_token'])}`)).status).toBe(401);
    expect((await signAppIn(auth, 'Bearer a.b.c')).status).toBe(401);
  });
});

describe('a session', () => {
  test('by the cookie alone, also within all of Set-Cookie, and never beside a foreign name', async () => {
    const { as } = await keyed();
    const signedIn = await signAppIn(auth, as);
    const value = bearerIn(cookieOf(signedIn)).slice(7);
    expect((await signOut(auth, `Other=${value}; XStrongroomSession=${value}`)).status).toBe(401);
    const out = await signOut(auth, setCookieOf(signedIn));
    expect([out.status, out.text]).toEqual([200, '']);
    expect(setCookieOf(out)).toBe('StrongroomSession=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0');
    // Whoever kept it opens nothing by it.
    await eventually('the session is void', async () => !(await opens(auth, `Bearer ${value}`)));
    expect((await signOut(auth, cookieOf(signedIn))).status).toBe(401);
    expect((await signAppIn(auth, `Bearer ${value}`)).status).toBe(401);
  });

  test('beside the key by which it was opened, as some clients send it', async () => {
    const { as } = await keyed();
    const cookie = cookieOf(await signAppIn(auth, as));
    expect((await signOut(auth, cookie, { authorization: as })).status).toBe(200);
    // The key alone is for SignAppIn.
    expect((await auth.call('POST', `${API}/signout`, { as })).status).toBe(401);
  });

  test('that ends on one replica is void on the others at once', async () => {
    const replica = await auth.startReplica();
    const { as } = await keyed();
    const [one, two] = [cookieOf(await signAppIn(auth, as)), cookieOf(await signAppIn(auth, as))];
    const there = async (cookie: string) =>
      (
        await fetch(`${replica.url}/role-store/api/v1/users/current`, {
          headers: { authorization: bearerIn(cookie) },
        })
      ).status;
    expect([await there(one), await there(two)]).toEqual([200, 200]);
    expect((await signOut(auth, one)).status).toBe(200);
    await eventually('the session is void there', async () => (await there(one)) === 401);
    expect(await there(two)).toBe(200);
    await replica.stop();
  });

  test('of a key with networks holds at the address that opened it alone', async () => {
    const { as } = await keyed({ networks: ['192.0.2.0/24'] });
    const bearer = bearerIn(cookieOf(await signAppIn(auth, as, from(INSIDE))));
    expect(await opens(auth, bearer, from(INSIDE))).toBe(true);
    expect(await opens(auth, bearer, from('192.0.2.18'))).toBe(false);
    expect((await signAppIn(auth, bearer, from('192.0.2.18'))).status).toBe(401);
  });
});

describe('a key', () => {
  test('is shown once, and kept as a digest', async () => {
    const { account, id, key } = await keyed({ networks: ['192.0.2.0/24'] });
    expect(key).toMatch(/^[0-9a-f]{128}$/);
    const read = await auth.call('GET', `${KEYS}/${id}`);
    expect(read.body).toMatchObject({
      id,
      subject_id: account.id,
      subject_kind: 'user',
      subject_name: account.username,
      networks: ['192.0.2.0/24'],
      expires_at: null,
    });
    const listed = await auth.call('GET', `${KEYS}?limit=1000`);
    expect(listed.body['items']).toContainEqual(read.body);
    const rows = await auth.superuser.query<{ row: string }>('SELECT k::text AS row FROM api_keys k');
    const trail = JSON.stringify(await auth.trail());
    for (const text of [read.text, listed.text, JSON.stringify(rows), trail]) {
      expect(text).toContain(id);
      expect(text).not.toContain(key);
    }
  });

  test('that is rotated is worth nothing, nor what it opened; the new one is', async () => {
    const { account, id, as } = await keyed();
    const bearer = bearerIn(cookieOf(await signAppIn(auth, as)));
    const { status, body } = await auth.call('POST', `${KEYS}/${id}/rotate`);
    expect(status).toBe(200);
    await eventually('the session is void', async () => !(await opens(auth, bearer)));
    expect(answerOf(await signAppIn(auth, as))).toEqual(REFUSED);
    expect((await signAppIn(auth, psAuth(String(body['key']), account.username))).status).toBe(200);
  });

  test('that is replaced while somebody signs in by it lets nobody in', async () => {
    const { id, as } = await keyed();
    const isWaiting = async () =>
      (
        await auth.superuser.query(
          `SELECT 1 FROM pg_stat_activity
           WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%FOR SHARE OF k%'`,
        )
      ).length > 0;
    const [answer] = await auth.superuser.transaction(async tx => {
      await tx.query(`UPDATE api_keys SET key_hash = 'another' WHERE id = $1`, [id]);
      const signingIn = signAppIn(auth, as);
      await eventually('the sign-in waits', isWaiting);
      return [signingIn];
    });
    expect(answerOf(await answer)).toEqual(REFUSED);
  });

  test('that is revoked is worth nothing, nor what it opened', async () => {
    const { id, as } = await keyed();
    const bearer = bearerIn(cookieOf(await signAppIn(auth, as)));
    expect((await auth.call('DELETE', `${KEYS}/${id}`)).status).toBe(200);
    await eventually('the session is void', async () => !(await opens(auth, bearer)));
    expect(answerOf(await signAppIn(auth, as))).toEqual(REFUSED);
    expect((await auth.call('GET', `${KEYS}/${id}`)).status).toBe(404);
    expect((await auth.call('POST', `${KEYS}/${id}/rotate`)).status).toBe(404);
  });

  test('goes with whom it is for', async () => {
    const client = await auth.clientWith();
    const { id, key } = await makeKey(auth, client.id);
    await auth.call('DELETE', `${API_CLIENTS}/${client.id}`);
    expect(answerOf(await signAppIn(auth, psAuth(key, client.id)))).toEqual(REFUSED);
    expect((await auth.call('GET', `${KEYS}/${id}`)).status).toBe(404);
  });

  test('opens no session beyond its end, and none after it', async () => {
    const { as } = await keyed({ expires_at: new Date(time + 90_000).toISOString() });
    const bearer = bearerIn(cookieOf(await signAppIn(auth, as)));
    const { exp = 0, iat = 0 } = decodeJwt(bearer.slice(7));
    expect(exp - iat).toBeLessThanOrEqual(90);
    time += 90_000;
    expect(await opens(auth, bearer)).toBe(false);
    expect(answerOf(await signAppIn(auth, as))).toEqual(REFUSED);
  });

  test.each([
    ['of nobody', { subject_id: '0b6a3c1e-8f0e-4c2b-9d5e-1f2a3b4c5d6e' }, 'subject_id'],
    ['for a network that is none', { networks: ['192.0.2.0/24', 'here'] }, 'networks.1'],
    ['that has ended', { expires_at: '2020-01-01T00:00:00Z' }, 'expires_at'],
    ['that ends at no time', { expires_at: 'soon' }, 'expires_at'],
  ])('is not made %s', async (_what, members, property) => {
    const account = await makeAccount(auth);
    const body = { name: 'key', subject_id: account.id, ...members };
    const answer = await auth.call('POST', KEYS, { body });
    expect([answer.status, answer.body['property']]).toEqual([400, property]);
  });

  test('is not made for a person, who signs in himself', async () => {
    const person = await makeAccount(auth, { application_account: false });
    const body = { name: 'key', subject_id: person.id };
    expect((await auth.call('POST', KEYS, { body })).status).toBe(400);
  });

  test('is made, rotated and revoked by those alone who have the rights of whom it is for', async () => {
    const stronger = await auth.clientWith('roles-manage');
    const manager = await auth.clientWith('api-clients-manage');
    const account = await makeAccount(auth, {}, ['roles-manage']);
    const as = manager.bearer;
    for (const subject of [stronger.id, account.id]) {
      const { id } = await makeKey(auth, subject);
      const body = { name: uniqueName('key'), subject_id: subject };
      expect((await auth.call('POST', KEYS, { as, body })).status).toBe(403);
      expect((await auth.call('POST', `${KEYS}/${id}/rotate`, { as })).status).toBe(403);
      expect((await auth.call('DELETE', `${KEYS}/${id}`, { as })).status).toBe(403);
    }
    const { bearer } = await auth.clientWith('users-manage');
    expect((await auth.call('GET', KEYS, { as: bearer })).status).toBe(403);
  });
});
