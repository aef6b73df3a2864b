import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { checkTimes, parseExternalToken, TokenRefused } from './external-token.ts';

const encode = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const CLAIMS = { iss: 'acme', aud: 'privx', sub: 'alice' };
const token = (header: unknown = { alg: 'RS256' }, claims: unknown = CLAIMS) =>
  `${encode(header)}.${encode(claims)}.c2ln`;

describe('the form of a token', () => {
  test.each<[string, string]>([
    ['RS256', 'RS256'],
    ['EdDSA', 'EdDSA'],
    ['Ed25519', 'EdDSA'],
  ])('%s is read as %s', (alg, algorithm) => {
    expect(parseExternalToken(token({ alg, typ: 'JWT', kid: 'k1' }, { ...CLAIMS, exp: 7 }))).toEqual({
      algorithm,
      keyId: 'k1',
      issuer: 'acme',
      audiences: ['privx'],
      subject: 'alice',
      times: { exp: 7 },
      claims: { ...CLAIMS, exp: 7 },
    });
  });

  test('several audiences are read', () =>
    expect(parseExternalToken(token(undefined, { ...CLAIMS, aud: ['a', 'b'] })).audiences).toEqual([
      'a',
      'b',
    ]));

  test.each<[string, string]>([
    ['empty', ''],
    ['two parts', `${encode({ alg: 'RS256' })}.${encode(CLAIMS)}`],
    ['no signature', `${encode({ alg: 'RS256' })}.${encode(CLAIMS)}.`],
    ['five parts', 'a.b.c.d.e'],
    [
      'JSON serialisation',
      JSON.stringify({ protected: encode({ alg: 'RS256' }), payload: encode(CLAIMS), signature: 'c2ln' }),
    ],
    ['blanks around', ` ${token()}`],
    ['a line break at the end', `${token()}\n`],
    ['too long', token(undefined, { ...CLAIMS, more: 'x'.repeat(16_384) })],
    ['no UTF-8', `${encode({ alg: 'RS256' })}.${Buffer.from([0x7b, 0xff, 0x7d]).toString('base64url')}.c2ln`],
    ['an array', token(undefined, [CLAIMS])],
    ['null', token(undefined, null)],
    ['a claim twice', token(undefined, '{"iss":"acme","aud":"privx","sub":"bob","sub":"alice"}')],
    ['a header twice', token('{"alg":"RS256","alg":"RS256"}')],
  ])('%s', (_, text) => expect(() => parseExternalToken(text)).toThrow(TokenRefused));

  test.each([
    {},
    { alg: 'none' },
    { alg: 'None' },
    { alg: 'HS256' },
    { alg: 'ES256' },
    { alg: 'rs256' },
    { alg: 'RS512' },
    { alg: 'constructor' },
    { alg: ['RS256'] },
    { alg: null },
    { alg: 'RS256', jwk: {} },
    { alg: 'RS256', jku: 'https://evil.example' },
    { alg: 'RS256', x5u: 'https://evil.example' },
    { alg: 'RS256', x5c: [] },
    { alg: 'RS256', crit: ['b64'], b64: false },
    { alg: 'RS256', kid: 7 },
  ])('the header %j', header => expect(() => parseExternalToken(token(header))).toThrow(TokenRefused));

  test.each([
    ...(['iss', 'aud', 'sub'] as const).flatMap(name => [
      { ...CLAIMS, [name]: undefined },
      { ...CLAIMS, [name]: null },
      { ...CLAIMS, [name]: 7 },
      { ...CLAIMS, [name]: { a: 1 } },
    ]),
    { ...CLAIMS, sub: '' },
    { ...CLAIMS, sub: 'alice\0' },
    { ...CLAIMS, sub: 'alice\ud800' },
    { ...CLAIMS, iss: ['acme'] },
    { ...CLAIMS, aud: ['privx', 7] },
    ...(['exp', 'nbf', 'iat'] as const).flatMap(name => [
      { ...CLAIMS, [name]: null },
      { ...CLAIMS, [name]: '4102444800' },
      { ...CLAIMS, [name]: [4_102_444_800] },
    ]),
  ])('the claims %j', claims =>
    expect(() => parseExternalToken(token(undefined, claims))).toThrow(TokenRefused),
  );

  test('any text is read or refused, and nothing else happens', () => {
    fc.assert(
      fc.property(fc.json(), fc.json(), fc.base64String(), (header, claims, signature) => {
        try {
          parseExternalToken(`${encode(header)}.${encode(claims)}.${signature}`);
        } catch (error) {
          expect(error).toBeInstanceOf(TokenRefused);
        }
      }),
    );
  });
});

describe('the times of a token', () => {
  const now = new Date('2026-06-01T08:00:00Z');
  const seconds = now.getTime() / 1000;

  test.each([
    { exp: seconds + 1 },
    { exp: seconds - 59 },
    { exp: seconds + 1, nbf: seconds + 60, iat: seconds + 60 },
    { iat: seconds },
    { iat: seconds - 359 },
    { exp: seconds + 1, iat: seconds - 1_000_000 },
  ])('count: %j', times => expect(() => checkTimes(times, now)).not.toThrow());

  test.each([
    {},
    { nbf: seconds - 1 },
    { exp: seconds - 60 },
    { exp: 0 },
    { iat: seconds - 360 },
    { exp: seconds + 1, nbf: seconds + 61 },
    { exp: seconds + 1, iat: seconds + 61 },
    { iat: seconds + 61 },
    { exp: seconds - 60, iat: seconds },
  ])('do not count: %j', times => expect(() => checkTimes(times, now)).toThrow(TokenRefused));
});
