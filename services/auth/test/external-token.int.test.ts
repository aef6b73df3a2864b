import { createHmac, createSign, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { CompactSign } from 'jose';
import { OAuthError } from '@strongroom/errors/oauth-error';
import { silentLogger } from '@strongroom/log/logger';
import type { KeySet } from '../src/clients/remote-keys.ts';
import { keyFromJwk } from '../src/domain/verification-key.ts';
import { verifyExternalToken } from '../src/operations/external-token.ts';
import { startTestAuth, uniqueName, type TestAuth } from './support.ts';

const PROVIDERS = '/role-store/api/v1/identity-providers';
const now = new Date('2026-06-01T08:00:00Z');
const seconds = now.getTime() / 1000;
const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const ed25519 = generateKeyPairSync('ed25519');
const stranger = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const pem = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }).toString();

let auth: TestAuth;
let directory: string;
let issuer: string;
let asked: [KeySet, string | undefined][];
/** What the provider publishes by now. */
let published: Record<string, unknown>[];

beforeAll(async () => {
  auth = await startTestAuth({ now: () => now });
  const { body } = await auth.call('GET', '/role-store/api/v1/sources');
  directory = (body['items'] as { id: string }[])[0]!.id;
  for (const [name, disabled] of [
    ['alice', false],
    ['Bob', false],
    ['carol', true],
  ] as const) {
    await auth.superuser.query(
      `INSERT INTO users (id, username, canonical_username, source_id, is_disabled, created_at)
       VALUES (gen_random_uuid(), $1, lower($1), $2, $3, $4)`,
      [name, directory, disabled, now],
    );
  }
});
afterAll(() => auth.stop());

beforeEach(() => {
  issuer = uniqueName('issuer');
  asked = [];
  published = [];
});

async function provider(body: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
  const sent = {
    name: uniqueName('provider'),
    jwt_issuer: issuer,
    jwt_audience: 'privx',
    jwt_subject_type: 'plain',
    public_key_method: 'static',
    public_keys: [
      { key_id: 'rsa', public_key: pem(rsa.publicKey) },
      { key_id: 'ed', public_key: pem(ed25519.publicKey) },
    ],
    users_directory: directory,
    ...body,
  };
  const made = await auth.call('POST', PROVIDERS, { body: sent });
  expect([made.status, made.text]).toEqual([201, expect.any(String)]);
  return { ...sent, id: made.body['id'] };
}

const claims = (other: Record<string, unknown> = {}) => ({
  iss: issuer,
  aud: 'privx',
  sub: 'alice',
  exp: seconds + 60,
  ...other,
});

const sign = (payload: unknown, key = rsa.privateKey, header: Record<string, unknown> = {}) =>
  new CompactSign(Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload)))
    .setProtectedHeader({ alg: key.asymmetricKeyType === 'rsa' ? 'RS256' : 'EdDSA', ...header })
    .sign(key);

const verify = (token: string, remoteAddress?: string) =>
  verifyExternalToken(
    {
      db: auth.superuser,
      log: silentLogger,
      now: () => now,
      remoteKeys: {
        find: (set, keyId) => {
          asked.push([set, keyId]);
          return Promise.resolve(published.map(keyFromJwk).filter(key => key !== undefined));
        },
      },
    },
    token,
    remoteAddress,
  );

/** One text for whatever is wrong. */
async function refused(token: string | Promise<string>, remoteAddress?: string): Promise<void> {
  const error: unknown = await verify(await token, remoteAddress).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(OAuthError);
  expect(error).toMatchObject({
    oauthCode: 'invalid_grant',
    message: 'The external token is not valid here',
  });
}

describe('a JWT of another issuer (contract 1.5)', () => {
  test('names a person of the directory, any number of times', async () => {
    const { id, name } = await provider();
    const token = await sign(claims());
    for (let turn = 0; turn < 3; turn++) {
      expect(await verify(token)).toEqual({
        user: { id: expect.stringMatching(/^[0-9a-f-]{36}$/), username: 'alice', sourceId: directory },
        provider: { id, name },
      });
    }
  });

  test.each<[string, () => Promise<string>]>([
    ['RS256 with kid', () => sign(claims(), rsa.privateKey, { kid: 'rsa' })],
    ['EdDSA with kid', () => sign(claims(), ed25519.privateKey, { kid: 'ed' })],
    ['EdDSA without kid', () => sign(claims(), ed25519.privateKey)],
    ['EdDSA by its newer name', () => sign(claims(), ed25519.privateKey, { alg: 'Ed25519' })],
    ['one of several audiences', () => sign(claims({ aud: ['other', 'privx'] }))],
    ['no expiry, but fresh', () => sign(claims({ exp: undefined, iat: seconds - 100 }))],
  ])('%s', async (_, make) => {
    await provider();
    expect((await verify(await make())).user.username).toBe('alice');
  });

  test.each<[string, () => string | Promise<string>]>([
    ['of a stranger', () => sign(claims(), stranger.privateKey)],
    ['of a stranger who takes the kid', () => sign(claims(), stranger.privateKey, { kid: 'rsa' })],
    ['with another kid', () => sign(claims(), rsa.privateKey, { kid: 'other' })],
    ['with the kid of the other key', () => sign(claims(), rsa.privateKey, { kid: 'ed' })],
    [
      'that brings its key',
      () => sign(claims(), stranger.privateKey, { jwk: stranger.publicKey.export({ format: 'jwk' }) }),
    ],
    [
      'that brings even the right key',
      () => sign(claims(), rsa.privateKey, { jwk: rsa.publicKey.export({ format: 'jwk' }) }),
    ],
    ['that names a place of keys', () => sign(claims(), rsa.privateKey, { x5u: 'https://evil.example' })],
    ['of another issuer', () => sign(claims({ iss: 'other' }))],
    ['for another audience', () => sign(claims({ aud: 'other' }))],
    ['for no audience', () => sign(claims({ aud: undefined }))],
    ['that is expired', () => sign(claims({ exp: seconds - 60 }))],
    ['that is not valid yet', () => sign(claims({ nbf: seconds + 61 }))],
    ['that would never expire', () => sign(claims({ exp: undefined }))],
    ['of somebody unknown', () => sign(claims({ sub: 'nobody' }))],
    ['of somebody disabled', () => sign(claims({ sub: 'carol' }))],
    ['of another spelling', () => sign(claims({ sub: 'Alice' }))],
    ['of a spelling that is not the one kept', () => sign(claims({ sub: 'bob' }))],
    ['with a wildcard', () => sign(claims({ sub: 'alic%' }))],
    ['with NUL', () => sign(claims({ sub: 'alice\0' }))],
    ['of an issuer with NUL', () => sign(claims({ iss: 'acme\0' }))],
    ['with a claim twice', () => sign(JSON.stringify(claims()).replace('{', '{"sub":"Bob",'))],
  ])('is refused: one %s', async (_, make) => {
    await provider();
    await refused(make());
  });

  test.each(['iss', 'aud', 'sub', 'exp'])(
    'is refused without %s, with it twice, and with it mistyped',
    async name => {
      await provider();
      const whole = claims();
      const text = JSON.stringify(whole);
      expect((await verify(await sign(text))).user.username).toBe('alice');
      await refused(sign({ ...whole, [name]: undefined }));
      const member = `"${name}":${JSON.stringify(whole[name as 'sub'])}`;
      await refused(sign(text.replace('{', `{${member},`)));
      // The same name by another spelling of its first letter.
      const escaped = `\\u00${name.charCodeAt(0).toString(16)}${name.slice(1)}`;
      await refused(sign(text.replace('{', `{${member.replace(name, escaped)},`)));
      const right = whole[name as 'sub'];
      const wrong: unknown[] = [null, true, {}, { value: right }, [], [[right]], '', -1];
      // A list of audiences is one (RFC 7519, 4.1.3).
      if (name !== 'aud') wrong.push([right]);
      wrong.push(name === 'exp' ? `${seconds + 60}` : 7);
      for (const value of wrong) await refused(sign({ ...whole, [name]: value }));
    },
  );

  test.each(['nbf', 'iat'])('is refused with a mistyped %s, though it need have none', async name => {
    await provider();
    for (const value of [null, true, {}, [], '', String(seconds - 60)]) {
      await refused(sign(claims({ [name]: value })));
    }
  });

  test('is refused as anything but a signed JWT: encrypted, zipped, detached, with more demanded', async () => {
    await provider();
    const token = await sign(claims());
    const [header = '', payload = '', signature = ''] = token.split('.');
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    await refused(
      `${encode({ alg: 'RSA-OAEP', enc: 'A256GCM', zip: 'DEF' })}.${payload}.${payload}.${payload}.${payload}`,
    );
    await refused(`${header}..${signature}`);
    await refused(`${token}.`);
    // A signature is right, but over a header that demands what nobody here knows.
    const signed = (members: Record<string, unknown>) => {
      const content = `${encode({ alg: 'RS256', ...members })}.${payload}`;
      return `${content}.${createSign('sha256').update(content).sign(rsa.privateKey).toString('base64url')}`;
    };
    expect((await verify(signed({}))).user.username).toBe('alice');
    await refused(signed({ crit: ['exp'], exp: 1 }));
    await refused(signed({ crit: ['b64'], b64: false }));
  });

  test('is refused when a part was exchanged, or the algorithm', async () => {
    await provider();
    const [header, , signature] = (await sign(claims())).split('.');
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    await refused(`${header}.${encode(claims({ sub: 'Bob' }))}.${signature}`);
    await refused(`${encode({ alg: 'none' })}.${encode(claims())}.`);
    // The public key as the secret of a MAC.
    const content = `${encode({ alg: 'HS256' })}.${encode(claims())}`;
    await refused(
      `${content}.${createHmac('sha256', pem(rsa.publicKey)).update(content).digest('base64url')}`,
    );
  });

  test('is refused once the provider is disabled or deleted', async () => {
    const made = await provider();
    const token = await sign(claims());
    await verify(token);
    await auth.call('PUT', `${PROVIDERS}/${String(made['id'])}`, { body: { ...made, enabled: false } });
    await refused(token);
    await auth.call('PUT', `${PROVIDERS}/${String(made['id'])}`, { body: { ...made, enabled: true } });
    await verify(token);
    await auth.call('DELETE', `${PROVIDERS}/${String(made['id'])}`);
    await refused(token);
  });

  test('is refused for people of another source, and while the source is disabled', async () => {
    const source = await auth.call('POST', '/role-store/api/v1/sources', {
      body: { name: uniqueName('source') },
    });
    await provider({ users_directory: source.body['id'] });
    const token = await sign(claims());
    await refused(token);
    await auth.superuser.query(
      `INSERT INTO users (id, username, canonical_username, source_id, created_at)
       VALUES (gen_random_uuid(), 'dave', 'dave', $1, $2)`,
      [source.body['id'], now],
    );
    const dave = await sign(claims({ sub: 'dave' }));
    expect((await verify(dave)).user.sourceId).toBe(source.body['id']);
    await auth.superuser.query('UPDATE sources SET is_enabled = false WHERE id = $1', [source.body['id']]);
    await refused(dave);
    const deleted = await auth.call('DELETE', `/role-store/api/v1/sources/${String(source.body['id'])}`);
    expect(deleted.status).toBe(409);
  });

  test('needs one answer: two providers that would answer are none', async () => {
    await provider();
    const idle = await provider({ enabled: false });
    const token = await sign(claims());
    await verify(token);
    await auth.superuser.query('UPDATE identity_providers SET is_enabled = true WHERE id = $1', [idle['id']]);
    await refused(token);
  });
});

describe('the subject as a distinguished name', () => {
  test('names a person by one attribute', async () => {
    await provider({ jwt_subject_type: 'dn', jwt_subject_dn_username_attribute: 'cn' });
    expect((await verify(await sign(claims({ sub: 'CN=alice,DC=example,DC=com' })))).user.username).toBe(
      'alice',
    );
    for (const sub of [
      'alice',
      'UID=alice',
      'CN=alice,CN=Bob',
      'CN=mallory\\,CN=alice',
      'O=CN\\=alice',
      'CN=alice\\00',
    ]) {
      await refused(sign(claims({ sub })));
    }
  });
});

describe('custom attributes', () => {
  test('are all demanded', async () => {
    await provider({
      custom_attributes: [
        { field_name: 'email', type: 'string_pattern', expected_value: '*@example.com' },
        { field_name: 'uid', type: 'numeric_range', start: '1000', end: '2000' },
      ],
    });
    await verify(await sign(claims({ email: 'a@example.com', uid: 1_500 })));
    await refused(sign(claims({ email: 'a@example.com' })));
    await refused(sign(claims({ email: 'a@example.com', uid: 2_001 })));
    await refused(sign(claims({ email: 'a@example.com.evil', uid: 1_500 })));
    await refused(sign(claims()));
  });

  test('a token for one address is refused from others, and where the address is not known', async () => {
    await provider({ custom_attributes: [{ field_name: 'from', type: 'ip_client' }] });
    const token = await sign(claims({ from: '192.0.2.7' }));
    await verify(token, '192.0.2.7');
    await refused(token, '192.0.2.8');
    await refused(token);
  });

  test('what every object has is no claim', async () => {
    await provider({
      custom_attributes: [{ field_name: 'constructor', type: 'string_pattern', expected_value: '*' }],
    });
    await refused(sign(claims()));
    await verify(await sign(claims({ constructor: 'x' })));
  });
});

test('published keys are asked for where the provider says, by the kid of the token', async () => {
  await provider({
    public_key_method: 'jwks',
    public_keys: null,
    jwks_uri: 'https://idp.example/keys',
    x5u_tls_trust_anchor: 'PEM',
  });
  const token = await sign(claims(), rsa.privateKey, { kid: 'new' });
  await refused(token);
  published = [{ ...rsa.publicKey.export({ format: 'jwk' }), kid: 'new' }];
  expect((await verify(token)).user.username).toBe('alice');
  expect(asked).toEqual(Array(2).fill([{ url: 'https://idp.example/keys', ca: 'PEM' }, 'new']));
  await refused(sign(claims(), stranger.privateKey, { kid: 'new' }));
});
