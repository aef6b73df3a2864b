import { createHmac, generateKeyPairSync, sign as nodeSign } from 'node:crypto';
import { createServer } from 'node:http';
import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  CompactSign,
  createLocalJWKSet,
  createRemoteJWKSet,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  type CompactVerifyGetKey,
  type CryptoKey,
} from 'jose';
import type { Caller } from '@strongroom/contracts/caller';
import { listen } from '@strongroom/http/listen';
import { createTokenIssuer } from '@strongroom/testing/tokens';
import { createTokenVerifier, type AccessTokenClaims } from './access-token.ts';

const ISSUER = 'https://issuer.test';
const NOW_S = 1_800_000_000;
const HEADER = { alg: 'EdDSA', typ: 'at+jwt', kid: 'key-1' };
const CLAIMS: AccessTokenClaims = {
  iss: ISSUER,
  aud: 'strongroom',
  sub: 'client-1',
  exp: NOW_S + 600,
  nbf: NOW_S,
  iat: NOW_S,
  jti: 'token-1',
  client_id: 'privx-external',
  sid: 'session-1',
  kind: 'api-client',
  name: 'Terraform',
  roles: ['role-1'],
  permissions: ['vault-manage', 'vault-add'],
};

let privateKey: CryptoKey;
let publicKey: CryptoKey;
let keys: CompactVerifyGetKey;

beforeAll(async () => {
  ({ privateKey, publicKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true }));
  keys = createLocalJWKSet({
    keys: [{ ...(await exportJWK(publicKey)), kid: 'key-1', alg: 'EdDSA', use: 'sig' }],
  });
});

const at = (seconds: number) => () => new Date(seconds * 1000);
const verifier = (now = at(NOW_S)) => createTokenVerifier({ issuer: ISSUER, keys, now });

const base64 = (text: string | Buffer): string => Buffer.from(text).toString('base64url');
const signText = (
  payload: string,
  header: Record<string, unknown> = HEADER,
  key = privateKey,
): Promise<string> =>
  new CompactSign(Buffer.from(payload))
    .setProtectedHeader({ ...header, alg: String(header['alg']) })
    .sign(key);
const sign = (claims: Record<string, unknown>, header?: Record<string, unknown>) =>
  signText(JSON.stringify(claims), header);

/** Header and payload signed as they stand, whatever jose thinks of them. */
function signRaw(header: string, payload: string): string {
  const input = `${base64(header)}.${base64(payload)}`;
  return `${input}.${base64(nodeSign(null, Buffer.from(input), KeyPair.privateKey))}`;
}
const KeyPair = generateKeyPairSync('ed25519');

type Verify = (authorization: string | undefined) => Caller | Promise<Caller>;
const ask = async (verify: Verify, authorization: string | undefined): Promise<Caller> =>
  verify(authorization);

async function expectRefused(authorization: string | undefined, verify: Verify = verifier()): Promise<void> {
  await expect(ask(verify, authorization)).rejects.toMatchObject({
    kind: 'unauthenticated',
    code: 'UNAUTHENTICATED',
  });
}
const bearer = (token: string) => `Bearer ${token}`;

describe('a valid token', () => {
  test('makes its subject the caller', async () => {
    const caller = await ask(verifier(), bearer(await sign(CLAIMS)));
    expect(caller).toEqual({
      id: 'client-1',
      kind: 'api-client',
      name: 'Terraform',
      sessionId: 'session-1',
      roles: ['role-1'],
      permissions: new Set(['vault-manage', 'vault-add']),
    });
  });

  test('may state further claims and any case of the scheme', async () => {
    const token = await sign({ ...CLAIMS, scope: 'x', auth_time: 7 });
    for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
      expect((await ask(verifier(), `${scheme} ${token}`)).id).toBe('client-1');
    }
  });

  test('holds from its start, with five seconds for clocks that differ, until just before its end', async () => {
    const authorization = bearer(await sign(CLAIMS));
    for (const seconds of [CLAIMS.nbf - 5, CLAIMS.nbf, CLAIMS.exp - 0.001]) {
      expect((await ask(verifier(at(seconds)), authorization)).id).toBe('client-1');
    }
    for (const seconds of [CLAIMS.nbf - 5.001, CLAIMS.exp, CLAIMS.exp + 1]) {
      await expectRefused(authorization, verifier(at(seconds)));
    }
  });
});

describe('a token is refused', () => {
  test.each([
    ['another issuer', { iss: 'https://other.test' }],
    ['an issuer with a slash more', { iss: `${ISSUER}/` }],
    ['another audience', { aud: 'other' }],
    ['an audience in a list', { aud: ['strongroom'] }],
    ['an audience among others', { aud: ['strongroom', 'other'] }],
    ['an unknown kind of caller', { kind: 'person' }],
    ['an empty subject', { sub: '' }],
    ['an endless subject', { sub: 'x'.repeat(129) }],
    ['a start that is negative', { nbf: -1 }],
    ['a role that is no text', { roles: [7] }],
    ['a permission that is no text', { permissions: [['vault-manage']] }],
  ])('with %s', async (_what, change) => {
    await expectRefused(bearer(await sign({ ...CLAIMS, ...change })));
  });

  const names = Object.keys(CLAIMS) as (keyof AccessTokenClaims)[];

  test.each(names)('without its claim %s', async name => {
    const others = Object.entries(CLAIMS).filter(([other]) => other !== name);
    await expectRefused(bearer(await sign(Object.fromEntries(others))));
  });

  test.each(names)('with its claim %s of another type', async name => {
    const value = CLAIMS[name];
    const others = [null, true, {}, [[]], 1.5, typeof value === 'string' ? 7 : 'text', [value], { 0: value }];
    for (const other of others) await expectRefused(bearer(await sign({ ...CLAIMS, [name]: other })));
  });

  test.each(names)('with its claim %s twice', async name => {
    const text = JSON.stringify(CLAIMS);
    const claim = `${JSON.stringify(name)}:${JSON.stringify(CLAIMS[name])}`;
    expect((await ask(verifier(), bearer(await signText(text)))).id).toBe('client-1');
    await expectRefused(bearer(await signText(`{${claim},${text.slice(1)}`)));
    await expectRefused(bearer(await signText(`${text.slice(0, -1)},${claim}}`)));
    await expectRefused(
      bearer(
        await signText(
          `${text.slice(0, -1)},"\\u${'0'.repeat(2)}${name.charCodeAt(0).toString(16)}${name.slice(1)}":1}`,
        ),
      ),
    );
  });

  test.each([['[]'], ['null'], ['"text"'], ['{'], [''], ['7']])('with the payload %j', async payload => {
    await expectRefused(bearer(await signText(payload)));
  });

  test.each([
    ['no type', { alg: 'EdDSA', kid: 'key-1' }],
    ['the type of an ID token', { ...HEADER, typ: 'JWT' }],
    ['an unknown key', { ...HEADER, kid: 'key-2' }],
  ])('with %s in its header', async (_what, header) => {
    await expectRefused(bearer(await sign(CLAIMS, header)));
  });

  test('signed with another key under a known name', async () => {
    const other = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
    await expectRefused(bearer(await signText(JSON.stringify(CLAIMS), HEADER, other.privateKey)));
  });

  test('unsigned: alg none, with and without a signature', async () => {
    for (const alg of ['none', 'None', 'NONE']) {
      const input = `${base64(JSON.stringify({ ...HEADER, alg }))}.${base64(JSON.stringify(CLAIMS))}`;
      for (const signature of ['', 'AAAA', base64(Buffer.alloc(64))])
        await expectRefused(`Bearer ${input}.${signature}`);
    }
  });

  test('signed by HMAC with the public key as its secret', async () => {
    const input = `${base64(JSON.stringify({ ...HEADER, alg: 'HS256' }))}.${base64(JSON.stringify(CLAIMS))}`;
    const { x = '' } = await exportJWK(publicKey);
    for (const secret of [await exportSPKI(publicKey), x, Buffer.from(x, 'base64url')]) {
      await expectRefused(`Bearer ${input}.${base64(createHmac('sha256', secret).update(input).digest())}`);
    }
  });

  test('with any part of another token', async () => {
    const [one, other] = await Promise.all([sign(CLAIMS), sign({ ...CLAIMS, sub: 'client-2' })]);
    const [header, payload, signature] = one.split('.');
    const [, otherPayload, otherSignature] = other.split('.');
    await expectRefused(`Bearer ${header}.${otherPayload}.${signature}`);
    await expectRefused(`Bearer ${header}.${payload}.${otherSignature}`);
  });

  test('whatever its header says, signed by a key that it brings along', async () => {
    const jwk = KeyPair.publicKey.export({ format: 'jwk' });
    const value = fc.constantFrom<unknown>(
      'EdDSA',
      'at+jwt',
      'key-1',
      7,
      null,
      [],
      ['b64'],
      {},
      true,
      jwk,
      '',
    );
    const header = fc.record(
      { alg: value, typ: value, kid: value, crit: value, b64: value, jwk: value, x5c: value, zip: value },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(header, async fields => {
        await expectRefused(
          bearer(signRaw(JSON.stringify({ ...HEADER, jwk, ...fields }), JSON.stringify(CLAIMS))),
        );
        await expectRefused(bearer(signRaw(JSON.stringify(fields), JSON.stringify(CLAIMS))));
      }),
    );
    for (const text of ['', '{', '[]', 'null', '7'])
      await expectRefused(bearer(signRaw(text, JSON.stringify(CLAIMS))));
  });
});

describe('an Authorization header is refused', () => {
  test('when there is none or when it is not one bearer token', async () => {
    const token = await sign(CLAIMS);
    const headers = [
      undefined,
      '',
      'Bearer',
      'Bearer ',
      token,
      `Basic ${token}`,
      `Bearer${token}`,
      `Bearer  ${token}`,
      ` Bearer ${token}`,
      `Bearer ${token} `,
      `Bearer ${token}\n`,
      `Bearer ${token},`,
      `Bearer ${token}, Bearer ${token}`,
      `Bearer ${token} ${token}`,
      `Bearer ${token}.${token.split('.')[0]}`,
      `Bearer ${token}=`,
    ];
    for (const header of headers) await expectRefused(header);
  });

  test('when it is larger than any token that is issued', async () => {
    const roles = (count: number) => ({
      ...CLAIMS,
      roles: Array.from({ length: count }, () => 'r'.repeat(60)),
    });
    expect((await ask(verifier(), bearer(await sign(roles(150))))).roles).toHaveLength(150);
    await expectRefused(bearer(await sign(roles(250))));
  });
});

describe('a remembered token', () => {
  function counting(cacheSize?: number) {
    const clock = { seconds: NOW_S };
    const looked: string[] = [];
    const verify = createTokenVerifier({
      issuer: ISSUER,
      keys: (header, token) => {
        looked.push(String(header.kid));
        return keys(header, token);
      },
      now: () => new Date(clock.seconds * 1000),
      ...(cacheSize === undefined ? {} : { cacheSize }),
    });
    return { clock, looked, verify };
  }

  test('is not verified again, and answered at once', async () => {
    const { verify, looked } = counting();
    const authorization = bearer(await sign(CLAIMS));
    const first = await ask(verify, authorization);
    expect(verify(authorization)).toBe(first);
    expect(verify(authorization.replace('Bearer', 'bearer'))).toBe(first);
    expect(looked).toHaveLength(1);
  });

  test('stops at its end', async () => {
    const { verify, clock } = counting();
    const authorization = bearer(await sign(CLAIMS));
    await ask(verify, authorization);
    clock.seconds = CLAIMS.exp - 0.001;
    expect(verify(authorization)).toMatchObject({ id: 'client-1' });
    clock.seconds = CLAIMS.exp;
    await expectRefused(authorization, verify);
  });

  test('that was refused is not remembered as refused, nor as accepted', async () => {
    const { verify, clock } = counting();
    const authorization = bearer(await sign({ ...CLAIMS, nbf: NOW_S + 60 }));
    await expectRefused(authorization, verify);
    await expectRefused(authorization, verify);
    clock.seconds = NOW_S + 60;
    expect((await ask(verify, authorization)).id).toBe('client-1');
  });

  test('makes room for a newer one: no more are kept than stated', async () => {
    const { verify, looked } = counting(3);
    const tokens = await Promise.all([1, 2, 3, 4].map(number => sign({ ...CLAIMS, jti: `token-${number}` })));
    for (const token of tokens) await ask(verify, bearer(token));
    expect(looked).toHaveLength(4);
    for (const token of tokens.slice(1)) expect(verify(bearer(token))).toMatchObject({ id: 'client-1' });
    expect(verify(bearer(tokens[0]!))).toBeInstanceOf(Promise);
  });

  test('gives the answers that a verifier without memory gives', async () => {
    const other = bearer(await sign({ ...CLAIMS, sub: 'client-2', exp: NOW_S + 30 }));
    const wrong = bearer(await sign({ ...CLAIMS, aud: 'other' }));
    const authorizations = [bearer(await sign(CLAIMS)), other, wrong, `${other}x`];
    const outcome = (verify: Verify, authorization: string) =>
      ask(verify, authorization).then(
        caller => caller.id,
        () => 'refused',
      );
    const step = fc.record({
      authorization: fc.constantFrom(...authorizations),
      pass: fc.integer({ min: 0, max: 40 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async steps => {
        const { verify, clock } = counting(2);
        for (const { authorization, pass } of steps) {
          clock.seconds += pass * 10;
          const fresh = verifier(at(clock.seconds));
          expect(await outcome(verify, authorization)).toBe(await outcome(fresh, authorization));
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe('the key set', () => {
  const remote = (url: string): Verify =>
    createTokenVerifier({
      issuer: ISSUER,
      keys: createRemoteJWKSet(new URL(`${url}/auth/api/v1/oauth/jwks`)),
      now: () => new Date(),
    });

  test('is fetched from auth', async () => {
    const issuer = await createTokenIssuer();
    try {
      const verify = remote(issuer.url);
      expect((await ask(verify, await issuer.bearer({ sub: 'me' }))).id).toBe('me');
      await expectRefused(bearer(await sign(CLAIMS)), verify);
    } finally {
      await issuer.stop();
    }
  });

  test.each([
    ['nothing listens', undefined],
    ['auth fails', { status: 503, body: '' }],
    ['auth answers with something else', { status: 200, body: '<html>' }],
    ['auth answers with no key set', { status: 200, body: '{"keys":7}' }],
  ])("that cannot be had is our fault and not the caller's: %s", async (_what, answer) => {
    const server = createServer((_request, response) =>
      response.writeHead(answer?.status ?? 200).end(answer?.body),
    );
    const listening = await listen(server, '127.0.0.1', 0);
    if (answer === undefined) await listening.stop(0);
    const verify = remote(`http://127.0.0.1:${listening.port}`);
    await expect(ask(verify, bearer(await sign(CLAIMS)))).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'INTRA_SERVICE_COMMUNICATION_ERROR',
    });
    await listening.stop(0);
  });
});
