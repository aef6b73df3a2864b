import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import { postForm, refresh, signInPerson } from './oauth-walk.ts';
import { basic, startTestAuth, type TestAuth } from './support.ts';

const INTROSPECT = '/auth/api/v1/oauth/introspect';
const REVOKE = '/auth/api/v1/oauth/revoke';
const USERINFO = '/auth/api/v1/oauth/userinfo';

let auth: TestAuth;
let program: string;

beforeAll(async () => {
  auth = await startTestAuth();
  program = basic(auth.secrets.bootstrap.api_client.id, auth.secrets.bootstrap.api_client.secret);
});

afterAll(() => auth.stop());

const introspect = (token: string, as: string | null = program) => postForm(auth, INTROSPECT, { token }, as);

/** An application that people sign in to, and somebody who did. */
async function applicationAndPerson() {
  const made = await auth.call('POST', '/auth/api/v1/idp/clients', {
    body: {
      name: `app ${String(Math.random())}`,
      idp_type: 'oidc',
      enabled: true,
      oidc_allowed_redirect_uris: ['https://app.example/cb'],
      oidc_grant_type_refresh_token: true,
    },
  });
  const { body } = await auth.call('GET', `/auth/api/v1/idp/clients/${String(made.body['id'])}`);
  return { id: String(body['oidc_client_id']), secret: String(body['oidc_client_secret']) };
}

describe('introspection', () => {
  test('tells a program all about tokens that hold, of both kinds', async () => {
    const person = await signInPerson(auth, undefined, { scope: 'openid' });
    const claims = decodeJwt(person.accessToken);
    const access = await introspect(person.accessToken);
    expect(access.headers.get('cache-control')).toBe('no-store');
    expect(access.body).toMatchObject({
      active: true,
      token_type: 'Bearer',
      client_id: 'privx-ui',
      username: 'admin',
      scope: 'openid',
      sub: claims.sub,
      sid: claims['sid'],
      exp: claims.exp,
    });
    expect((await introspect(person.refreshToken)).body).toMatchObject({
      active: true,
      client_id: 'privx-ui',
      sub: claims.sub,
    });
    await auth.call('POST', '/auth/api/v1/logout', { as: person.bearer });
    for (const token of [person.accessToken, person.refreshToken]) {
      expect((await introspect(token)).body).toEqual({ active: false });
    }
  });

  test('says only "inactive" of whatever is no token of ours', async () => {
    const { accessToken, body } = await signInPerson(auth, undefined, { scope: 'openid' });
    const idToken = String(body['id_token']);
    for (const token of ['x', 'a.b.c', `${accessToken}x`, idToken, 'a'.repeat(43)]) {
      const answer = await introspect(token);
      expect([answer.status, answer.body]).toEqual([200, { active: false }]);
    }
  });

  test('is for clients that prove themselves', async () => {
    const { accessToken } = await signInPerson(auth);
    const { id } = auth.secrets.bootstrap.api_client;
    for (const as of [null, basic(id, 'wrong'), basic('privx-ui', ''), `Bearer ${accessToken}`]) {
      const answer = await introspect(accessToken, as);
      expect([answer.status, answer.body['error'], answer.body['error_code']]).toEqual([
        401,
        'invalid_client',
        'INVALID_CLIENT',
      ]);
    }
    const named = await postForm(auth, INTROSPECT, { token: accessToken, client_id: 'privx-ui' });
    expect(named.status).toBe(401);
  });

  test("keeps other clients' tokens from an application", async () => {
    const app = await applicationAndPerson();
    const { accessToken, refreshToken } = await signInPerson(auth);
    for (const token of [accessToken, refreshToken]) {
      expect((await introspect(token, basic(app.id, app.secret))).body).toEqual({ active: false });
    }
  });
});

describe('revocation', () => {
  test('of either token ends the session', async () => {
    for (const kind of ['accessToken', 'refreshToken'] as const) {
      const person = await signInPerson(auth);
      const answer = await postForm(auth, REVOKE, { token: person[kind], client_id: 'privx-ui' });
      expect([answer.status, answer.text]).toEqual([200, '']);
      expect((await introspect(person.accessToken)).body).toEqual({ active: false });
      expect((await refresh(auth, person.refreshToken)).status).toBe(400);
    }
  });

  test('is silent about what is no token, and about one that is revoked already', async () => {
    const person = await signInPerson(auth);
    for (const token of ['x', 'a.b.c', person.accessToken, person.accessToken]) {
      expect((await postForm(auth, REVOKE, { token, client_id: 'privx-ui' })).status).toBe(200);
    }
  });

  test("leaves another client's token alone", async () => {
    const app = await applicationAndPerson();
    const person = await signInPerson(auth);
    const answer = await postForm(auth, REVOKE, { token: person.refreshToken }, basic(app.id, app.secret));
    expect([answer.status, answer.body['error']]).toEqual([400, 'invalid_request']);
    expect((await refresh(auth, person.refreshToken)).status).toBe(200);
  });

  test('needs a client', async () => {
    const person = await signInPerson(auth);
    expect((await postForm(auth, REVOKE, { token: person.accessToken })).status).toBe(401);
    expect((await introspect(person.accessToken)).body['active']).toBe(true);
  });
});

describe('userinfo', () => {
  const ask = (authorization: string | null) => auth.call('GET', USERINFO, { as: authorization });

  test('tells as much as the scopes allow', async () => {
    const { bearer, accessToken } = await signInPerson(auth, undefined, { scope: 'openid profile' });
    const answer = await ask(bearer);
    expect(answer.body).toEqual({ sub: decodeJwt(accessToken).sub, preferred_username: 'admin' });
    const bare = await signInPerson(auth, undefined, { scope: 'openid' });
    expect((await ask(bare.bearer)).body).toEqual({ sub: decodeJwt(accessToken).sub });
  });

  test('is refused without openid, to programs, and without a token that holds', async () => {
    const without = await signInPerson(auth);
    expect((await ask(without.bearer)).status).toBe(403);
    const { bearer } = await auth.clientWith();
    expect((await ask(bearer)).status).toBe(403);
    for (const wrong of [null, 'Bearer x', 'Bearer a.b.c', program]) {
      const answer = await ask(wrong);
      expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    }
  });
});

test('metadata names endpoints that are served, under the issuer', async () => {
  for (const name of ['oauth-authorization-server', 'openid-configuration']) {
    const { status, body } = await auth.call('GET', `/.well-known/${name}`, { as: null });
    expect(status).toBe(200);
    expect(body['issuer']).toBe(auth.config.issuer);
    const endpoints = Object.entries(body).filter(([key]) => /_(endpoint|uri)$/.test(key));
    expect(endpoints.length).toBeGreaterThanOrEqual(7);
    for (const [, url] of endpoints) {
      const path = String(url).slice(auth.config.issuer.length);
      const get = await fetch(`${auth.url}${path}`, { redirect: 'manual' });
      const post = await fetch(`${auth.url}${path}`, { method: 'POST', redirect: 'manual' });
      expect(get.status === 404 && post.status === 404).toBe(false);
    }
  }
});
