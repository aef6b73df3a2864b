import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { CompactSign, decodeJwt } from 'jose';
import { refresh } from './oauth-walk.ts';
import { makeRole } from './people-rows.ts';
import { makePerson } from './people.ts';
import { startTestAuth, uniqueName, USERS, type TestAuth } from './support.ts';

const EXCHANGE = '/auth/api/v1/token/login';
const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const issuer = 'https://idp.example';

const now = new Date('2027-03-01T12:00:00Z');
let auth: TestAuth;
let person: { id: string; username: string };
let providerId: string;

beforeAll(async () => {
  auth = await startTestAuth({ now: () => now });
  const username = uniqueName('person');
  person = { id: await makePerson(auth, { username }), username };
  const role = await makeRole(auth, { permissions: ['users-view'] });
  await auth.call('PUT', `/role-store/api/v1/users/${person.id}/roles`, { body: [{ id: role }] });
  const sources = await auth.call('GET', '/role-store/api/v1/sources');
  const made = await auth.call('POST', '/role-store/api/v1/identity-providers', {
    body: {
      name: uniqueName('provider'),
      jwt_issuer: issuer,
      jwt_audience: 'privx',
      jwt_subject_type: 'plain',
      public_key_method: 'static',
      public_keys: [
        { key_id: 'one', public_key: publicKey.export({ type: 'spki', format: 'pem' }).toString() },
      ],
      users_directory: (sources.body['items'] as { id: string }[])[0]?.id,
    },
  });
  expect([made.status, made.text]).toEqual([201, expect.any(String)]);
  providerId = String(made.body['id']);
});
afterAll(() => auth.stop());

const sign = (other: Record<string, unknown> = {}) =>
  new CompactSign(
    Buffer.from(
      JSON.stringify({
        iss: issuer,
        aud: 'privx',
        sub: person.username,
        exp: now.getTime() / 1_000 + 60,
        ...other,
      }),
    ),
  )
    .setProtectedHeader({ alg: 'EdDSA', kid: 'one' })
    .sign(privateKey);

const exchange = async (body: Record<string, unknown> = {}) =>
  auth.call('POST', EXCHANGE, { as: null, body: { token: await sign(), ...body } });

test('the JWT of a provider is exchanged for tokens, which are refreshed as privx-ui', async () => {
  const granted = await exchange({ scope: 'openid' });
  expect(granted.status).toBe(200);
  expect(granted.headers.get('cache-control')).toBe('no-store');
  const claims = decodeJwt(String(granted.body['access_token']));
  expect(claims).toMatchObject({
    sub: person.id,
    client_id: 'privx-ui',
    amr: ['fed'],
    permissions: ['users-view'],
  });
  const as = `Bearer ${String(granted.body['access_token'])}`;
  expect((await auth.call('GET', USERS, { as })).status).toBe(200);
  const second = await refresh(auth, String(granted.body['refresh_token']));
  expect(second.status).toBe(200);
  expect(decodeJwt(String(second.body['access_token']))).toMatchObject({ sid: claims['sid'], amr: ['fed'] });
  const records = await auth.trail();
  expect(records.filter(({ name }) => name === 'User-logged-in')).toEqual([
    expect.objectContaining({
      message: expect.objectContaining({ userID: person.id, identityProviderID: providerId }),
    }),
  ]);
});

test('an application that identifies people, or nobody, may not exchange', async () => {
  const made = await auth.call('POST', '/auth/api/v1/idp/clients', { body: { name: uniqueName('app') } });
  const { body } = await auth.call('GET', `/auth/api/v1/idp/clients/${String(made.body['id'])}`);
  for (const client_id of [body['oidc_client_id'], 'stranger', 'constructor']) {
    const refused = await exchange({ client_id });
    expect([refused.status, refused.body['error']]).toEqual([400, 'unauthorized_client']);
    expect(refused.body).not.toHaveProperty('access_token');
  }
});

test('a token of ours is none of a provider, and no refusal repeats what was sent', async () => {
  const granted = await exchange({ scope: 'openid' });
  for (const token of [
    String(granted.body['access_token']),
    String(granted.body['id_token']),
    await sign({ sub: 'canary-subject' }),
    await sign({ exp: now.getTime() / 1_000 - 600 }),
    await sign({ aud: 'other' }),
    'canary-token',
  ]) {
    const refused = await exchange({ token });
    expect([refused.status, refused.body['error']]).toEqual([400, 'invalid_grant']);
    expect(refused.body).not.toHaveProperty('access_token');
    expect(refused.text).not.toContain('canary');
    expect(refused.text).not.toContain(token);
  }
  expect(JSON.stringify(await auth.trail())).not.toContain('canary');
});

test('who is disabled neither comes in nor stays', async () => {
  const granted = await exchange();
  const body = { username: person.username, disabled: true };
  expect((await auth.call('PUT', `${USERS}/${person.id}`, { body })).status).toBe(200);
  expect((await exchange()).status).toBe(400);
  expect((await refresh(auth, String(granted.body['refresh_token']))).status).toBe(400);
});
