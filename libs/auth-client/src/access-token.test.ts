import { createHmac, generateKeyPairSync, sign as nodeSign } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { exportJWK, exportSPKI, generateKeyPair } from 'jose';
import {
  ask,
  at,
  bearer,
  CLAIMS,
  expectRefused,
  HEADER,
  ISSUER,
  NOW_S,
  publicKey,
  sign,
  signText,
  verifier,
} from '../test/signing.ts';
import type { AccessTokenClaims } from './access-token.ts';

const strangers = generateKeyPairSync('ed25519');
const base64 = (text: string | Buffer): string => Buffer.from(text).toString('base64url');

/** Header and payload signed by a stranger as they stand, whatever jose thinks of them. */
function signRaw(header: string, payload: string): string {
  const input = `${base64(header)}.${base64(payload)}`;
  return `${input}.${base64(nodeSign(null, Buffer.from(input), strangers.privateKey))}`;
}

describe('a valid token', () => {
  test('makes its subject the caller', async () => {
    const caller = await ask(verifier(), bearer(await sign(CLAIMS)));
    expect(caller).toEqual({
      id: 'client-1',
      kind: 'api-client',
      name: 'Terraform',
      sessionId: 'session-1',
      clientId: 'privx-external',
      authTime: NOW_S - 60,
      authMethods: ['pwd'],
      roles: ['role-1'],
      permissions: new Set(['vault-manage', 'vault-add']),
    });
  });

  test('may state further claims and any case of the scheme', async () => {
    const token = await sign({ ...CLAIMS, nonce: 'x', acr: 7 });
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
    ['an endless scope', { scope: 'x'.repeat(1_025) }],
    ['a sign-in before 1970', { auth_time: -1 }],
    ['a method of sign-in that is no text', { amr: [7] }],
    ['an endless address', { address: '1'.repeat(65) }],
    ['an address that is none', { address: 'here' }],
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
    const jwk = strangers.publicKey.export({ format: 'jwk' });
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
