import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify, SignJWT, importJWK, type JWK } from 'jose';
import { createTokenVerifier } from '@strongroom/auth-client/access-token';
import { createRevocations } from '@strongroom/auth-client/revocations';
import { openSecret } from '../src/domain/sealed-secret.ts';
import { keepSigningKeys, rotateSigningKeys } from '../src/operations/rotate-signing-keys.ts';
import { findSigningKeys } from '../src/store/signing-keys.ts';
import { openInside, type Inside } from './inside.ts';
import { ISSUER, ROLES, startTestAuth, type Identity, type TestAuth } from './support.ts';

const KEYS = '/auth/api/v1/signing-keys';
const JWKS = '/auth/api/v1/oauth/jwks';
const MINUTE = 60_000;
const REQUEST = { id: randomUUID(), remoteAddress: '192.0.2.1', userAgent: '' };

let auth: TestAuth;
let inside: Inside;
let client: Identity;

// Only Date is the test's own: jose asks it how old its key set is, and timers and sockets go on.
const REAL = [
  'hrtime',
  'nextTick',
  'performance',
  'queueMicrotask',
  'setImmediate',
  'clearImmediate',
  'setInterval',
  'clearInterval',
  'setTimeout',
  'clearTimeout',
] as const;
const pass = (ms: number) => jest.setSystemTime(Date.now() + ms);

beforeEach(async () => {
  jest.useFakeTimers({ now: new Date('2026-06-01T00:00:00Z'), doNotFake: [...REAL] });
  const now = () => new Date();
  auth = await startTestAuth({ now });
  inside = await openInside(auth.config, auth.secrets, now);
  client = await auth.clientWith('settings-manage', 'roles-view');
});
afterEach(async () => {
  await inside.close();
  await auth.stop();
  jest.useRealTimers();
});

const tokenOf = async (who: Identity = client) => String((await auth.signIn(who)).body['access_token']);
const rotate = async () => auth.call('POST', `${KEYS}/rotate`, { as: `Bearer ${await tokenOf()}` });
const kidOf = (token: string) => String(decodeProtectedHeader(token).kid);
const served = async () =>
  (await auth.call('GET', JWKS, { as: null })).body['keys'] as (JWK & { kid: string })[];
const servedIds = async () => (await served()).map(key => key.kid);
const stateOf = (body: Record<string, unknown>) =>
  body['keys'] as {
    kid: string;
    algorithm: string;
    created: string;
    active_from: string;
    retired_at: string | null;
  }[];

/** Verifies over HTTP with jose's defaults, and remembers no token. */
function remoteVerifier() {
  const keys = createRemoteJWKSet(new URL(`${auth.url}${JWKS}`));
  const now = () => new Date();
  return async (token: string) => {
    const verify = createTokenVerifier({ issuer: ISSUER, keys, now, revocations: createRevocations(now) });
    return verify(`Bearer ${token}`, REQUEST);
  };
}

const takenByAuth = async (token: string) =>
  (await auth.call('GET', ROLES, { as: `Bearer ${token}` })).status === 200;

test('through a whole rotation no token is refused before its end, and then the old key is gone', async () => {
  const verify = remoteVerifier();
  const { claims } = await inside.signIn({ kind: 'api-client', id: client.id });
  const first = await tokenOf();
  await verify(first);
  const oldKid = kidOf(first);
  pass(MINUTE);
  const { body } = await rotate();
  const next = stateOf(body).find(key => key.algorithm === 'EdDSA' && key.kid !== oldKid)!;
  expect(await servedIds()).toContain(next.kid);
  const activeFrom = new Date(next.active_from).getTime();
  // Longer than any real one: it stands for what somebody does who stole the old key.
  const stolen = await inside.ctx.signer.sign(claims, randomUUID(), 86_400);

  let kept: { token: string; expiresAt: number }[] = [];
  const kids = new Set<string>();
  let verifiedAfterChange = 0;
  // Until the verifier's set of ten minutes was had after the retirement.
  const end = Date.now() + 90 * MINUTE;
  while (Date.now() < end) {
    const isNearChange = Math.abs(Date.now() - activeFrom) < MINUTE;
    // What the other replicas' timers do.
    await inside.ctx.signer.reload();
    const tokens = [await tokenOf(), await inside.ctx.signer.sign(claims, randomUUID(), 3_600)];
    for (const token of tokens) {
      expect(kidOf(token)).toBe(Date.now() < activeFrom ? oldKid : next.kid);
      kids.add(kidOf(token));
      await verify(token);
      expect(await takenByAuth(token)).toBe(true);
    }
    if (isNearChange) kept.push({ token: tokens[1]!, expiresAt: Date.now() + 3_600_000 });
    kept = kept.filter(({ expiresAt }) => Date.now() < expiresAt);
    for (const { token } of kept) {
      await verify(token);
      if (kidOf(token) === oldKid && Date.now() > activeFrom + 59 * MINUTE) verifiedAfterChange += 1;
    }
    pass(isNearChange ? 10_000 : MINUTE / 2);
  }
  expect(kids).toEqual(new Set([oldKid, next.kid]));
  expect(verifiedAfterChange).toBeGreaterThan(0);
  expect(await servedIds()).not.toContain(oldKid);
  expect(await takenByAuth(stolen)).toBe(false);
  await expect(verify(stolen)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  expect(await takenByAuth(await tokenOf())).toBe(true);
});

describe('rotation by hand', () => {
  test('answers with the public state, is on the record, and waits for the next key to sign', async () => {
    const before = await findSigningKeys(inside.ctx.db);
    const { status, body, text } = await rotate();
    expect(status).toBe(200);
    expect(text).not.toContain('"d"');
    const state = stateOf(body);
    const activeFrom = new Date(Date.now() + 15 * MINUTE).toISOString();
    const retiredAt = new Date(Date.now() + (15 + 60 + 1) * MINUTE).toISOString();
    for (const algorithm of ['EdDSA', 'RS256']) {
      const own = state.filter(key => key.algorithm === algorithm);
      expect(own).toEqual([
        expect.objectContaining({
          kid: before.find(key => key.algorithm === algorithm)!.id,
          retired_at: retiredAt,
        }),
        expect.objectContaining({ active_from: activeFrom, retired_at: null }),
      ]);
    }
    const list = await auth.call('GET', KEYS, { as: `Bearer ${await tokenOf()}` });
    expect([list.status, list.body]).toEqual([200, body]);
    const added = (await auth.trail()).filter(record => record.name === 'Signing-key-added');
    expect(added.map(({ message }) => [message['userID'], message['algorithm'], message['keyID']])).toEqual(
      ['EdDSA', 'RS256'].map(algorithm => [
        client.id,
        algorithm,
        state.find(key => key.algorithm === algorithm && key.retired_at === null)!.kid,
      ]),
    );
    // While it waits, a second one changes nothing.
    pass(MINUTE);
    expect((await rotate()).body).toEqual(body);
  });

  test('needs settings-manage, and the list settings-view', async () => {
    const viewer = `Bearer ${await tokenOf(await auth.clientWith('settings-view'))}`;
    const nobody = `Bearer ${await tokenOf(await auth.clientWith('roles-manage'))}`;
    expect((await auth.call('GET', KEYS, { as: viewer })).status).toBe(200);
    expect((await auth.call('POST', `${KEYS}/rotate`, { as: viewer })).status).toBe(403);
    expect((await auth.call('GET', KEYS, { as: nobody })).status).toBe(403);
    expect((await auth.call('POST', `${KEYS}/rotate`, { as: null })).status).toBe(401);
    expect(await servedIds()).toHaveLength(2);
  });

  test('is one at a time, on however many replicas', async () => {
    const other = await openInside(auth.config, auth.secrets);
    await Promise.all([
      rotate(),
      rotate(),
      rotateSigningKeys(inside.ctx),
      rotateSigningKeys(other.ctx),
      keepSigningKeys(other.ctx, 0),
    ]);
    await other.close();
    const keys = await findSigningKeys(inside.ctx.db);
    expect(keys.map(key => key.algorithm).sort()).toEqual(['EdDSA', 'EdDSA', 'RS256', 'RS256']);
    expect(keys.filter(key => key.retiredAt === null)).toHaveLength(2);
  });
});

describe('a round of upkeep', () => {
  test('makes next keys at the age that is set, once, and never when it is 0', async () => {
    pass(90 * 86_400_000 - 1);
    await keepSigningKeys(inside.ctx, 90);
    pass(1);
    await keepSigningKeys(inside.ctx, 0);
    expect(await findSigningKeys(inside.ctx.db)).toHaveLength(2);
    const other = await openInside(auth.config, auth.secrets);
    await Promise.all([inside, other, inside, other].map(({ ctx }) => keepSigningKeys(ctx, 90)));
    await other.close();
    expect(await findSigningKeys(inside.ctx.db)).toHaveLength(4);
    expect(inside.ctx.signer.publicKeys()).toHaveLength(4);
    pass(15 * MINUTE);
    await keepSigningKeys(inside.ctx, 90);
    expect(await findSigningKeys(inside.ctx.db)).toHaveLength(4);
  });

  test('destroys a private half once its successor signs, and the row once nobody needs it', async () => {
    const [old] = await findSigningKeys(inside.ctx.db);
    await rotateSigningKeys(inside.ctx);
    const stored = async () => {
      await keepSigningKeys(inside.ctx, 90);
      return (await findSigningKeys(inside.ctx.db)).find(({ id }) => id === old!.id);
    };
    pass(15 * MINUTE);
    expect((await stored())?.sealedPrivateKey).not.toBeNull();
    pass(MINUTE);
    expect((await stored())?.sealedPrivateKey).toBeNull();
    expect(inside.ctx.signer.publicKeys().map(key => key.kid)).toContain(old!.id);
    const { claims } = await inside.signIn({ kind: 'api-client', id: client.id });
    expect(kidOf(await inside.ctx.signer.sign(claims, randomUUID(), 600))).not.toBe(old!.id);
    pass(60 * MINUTE);
    expect(await stored()).toBeUndefined();
    expect(await findSigningKeys(inside.ctx.db)).toHaveLength(2);
  });

  test('leaves the keys of the last time in use when the database is away', async () => {
    const { claims } = await inside.signIn({ kind: 'api-client', id: client.id });
    await auth.superuser.query('ALTER TABLE signing_keys RENAME TO gone');
    await expect(keepSigningKeys(inside.ctx, 90)).rejects.toThrow();
    await auth.superuser.query('ALTER TABLE gone RENAME TO signing_keys');
    expect(await takenByAuth(await inside.ctx.signer.sign(claims, randomUUID(), 600))).toBe(true);
  });
});

describe('the two algorithms', () => {
  test.each(['EdDSA', 'RS256'] as const)(
    'an ID token by %s verifies against the key set',
    async algorithm => {
      const token = await inside.ctx.signer.signIdToken(
        { iss: ISSUER, sub: 'me', aud: 'app', nonce: 'n' },
        algorithm,
      );
      const keys = createRemoteJWKSet(new URL(`${auth.url}${JWKS}`));
      const { payload, protectedHeader } = await jwtVerify(token, keys, { audience: 'app', typ: 'JWT' });
      expect(payload).toEqual({ iss: ISSUER, sub: 'me', aud: 'app', nonce: 'n' });
      expect(protectedHeader).toEqual({ alg: algorithm, typ: 'JWT', kid: expect.any(String) });
    },
  );

  test('an RS256 key never makes an access token', async () => {
    const token = await tokenOf();
    const claims = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as Record<
      string,
      unknown
    >;
    const rsa = (await findSigningKeys(inside.ctx.db)).find(key => key.algorithm === 'RS256')!;
    const column = { table: 'signing_keys', field: 'private_key' } as const;
    const jwk = JSON.parse(
      await openSecret(inside.ctx.keyring, column, rsa.id, rsa.sealedPrivateKey!),
    ) as JWK;
    const header = { typ: 'at+jwt', kid: rsa.id, alg: 'RS256' };
    const forged = await new SignJWT(claims).setProtectedHeader(header).sign(await importJWK(jwk, 'RS256'));
    // The signature is good; it is the algorithm that is not.
    await jwtVerify(forged, createRemoteJWKSet(new URL(`${auth.url}${JWKS}`)), { typ: 'at+jwt' });
    expect(await takenByAuth(token)).toBe(true);
    expect(await takenByAuth(forged)).toBe(false);
    await expect(remoteVerifier()(forged)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test('an ID token is no access token, nor is one for another audience', async () => {
    const { claims } = await inside.signIn({ kind: 'api-client', id: client.id });
    const seconds = Math.floor(Date.now() / 1000);
    const all = { ...claims, iss: ISSUER, aud: 'strongroom', iat: seconds, nbf: seconds, exp: seconds + 600 };
    const idToken = await inside.ctx.signer.signIdToken({ ...all, jti: 'j', sid: 's' }, 'EdDSA');
    const other = await inside.ctx.signer.sign(claims, 's', 600, { audience: 'other' });
    for (const token of [idToken, other]) {
      expect(await takenByAuth(token)).toBe(false);
      await expect(remoteVerifier()(token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    }
  });
});
