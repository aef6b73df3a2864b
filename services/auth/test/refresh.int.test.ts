import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import { countStatus, refresh, signInPerson } from './oauth-walk.ts';
import { basic, startTestAuth, type TestAuth } from './support.ts';

let auth: TestAuth;
const clock = { now: new Date('2027-03-01T12:00:00Z') };
const later = (seconds: number) => (clock.now = new Date(clock.now.getTime() + seconds * 1_000));

beforeAll(async () => {
  auth = await startTestAuth({ now: () => clock.now });
});

afterAll(() => auth.stop());

const refused = { status: 400, body: { error: 'invalid_grant', error_code: 'INVALID_GRANT' } };

test('a refresh token brings a whole new answer in the same session', async () => {
  const first = await signInPerson(auth);
  later(400);
  const second = await refresh(auth, first.refreshToken);
  expect(second.status).toBe(200);
  expect(second.body['refresh_token']).not.toBe(first.refreshToken);
  expect(decodeJwt(String(second.body['access_token']))).toMatchObject({
    sid: decodeJwt(first.accessToken)['sid'],
    // The time of the sign-in, not of the refresh.
    auth_time: decodeJwt(first.accessToken)['auth_time'],
  });
});

describe('a refresh token is refused', () => {
  test('the second time, and its session ends with all that came of it', async () => {
    const first = await signInPerson(auth);
    const second = await refresh(auth, first.refreshToken);
    expect(await refresh(auth, first.refreshToken)).toMatchObject(refused);
    expect(await refresh(auth, String(second.body['refresh_token']))).toMatchObject(refused);
  });

  test('to all but one of 100 that come at once', async () => {
    const { refreshToken } = await signInPerson(auth);
    const answers = await Promise.all(Array.from({ length: 100 }, () => refresh(auth, refreshToken)));
    expect(countStatus(answers, 200)).toBe(1);
    expect(countStatus(answers, 400)).toBe(99);
    const winner = answers.find(answer => answer.status === 200);
    expect(await refresh(auth, String(winner?.body['refresh_token']))).toMatchObject(refused);
  });

  test('to another client', async () => {
    const { oauth_client } = auth.secrets.bootstrap;
    const { refreshToken } = await signInPerson(auth);
    const answer = await auth.postToken(
      `grant_type=refresh_token&refresh_token=${refreshToken}`,
      basic(oauth_client.id, oauth_client.secret),
    );
    expect(answer).toMatchObject({ status: 400, body: { error: 'unauthorized_client' } });
    expect((await refresh(auth, refreshToken)).status).toBe(200);
  });

  test('after eight hours, however often it was renewed', async () => {
    let { refreshToken } = await signInPerson(auth);
    for (let hour = 0; hour < 7; hour += 1) {
      later(3_600);
      refreshToken = String((await refresh(auth, refreshToken)).body['refresh_token']);
    }
    later(3_599);
    const last = await refresh(auth, refreshToken);
    expect(last.status).toBe(200);
    expect(last.body['expires_in']).toBe(1);
    later(1);
    expect(await refresh(auth, String(last.body['refresh_token']))).toMatchObject(refused);
  });

  test('when it is none', async () => {
    for (const text of ['', 'x', 'a'.repeat(43)]) expect(await refresh(auth, text)).toMatchObject(refused);
  });

  test('after logging out', async () => {
    const { refreshToken, bearer } = await signInPerson(auth);
    expect((await auth.call('POST', '/auth/api/v1/logout', { as: bearer })).status).toBe(200);
    expect(await refresh(auth, refreshToken)).toMatchObject(refused);
  });
});
