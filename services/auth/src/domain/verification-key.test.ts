import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { keyFromJwk, keyFromPem } from './verification-key.ts';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const ed25519 = generateKeyPairSync('ed25519');
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const weak = generateKeyPairSync('rsa', { modulusLength: 1_024 });
const pss = generateKeyPairSync('rsa-pss', { modulusLength: 2_048 });

const pem = (key: typeof rsa.publicKey, type: 'spki' | 'pkcs1' = 'spki') =>
  String(key.export({ type, format: 'pem' }));
const jwk = (key: typeof rsa.publicKey) => key.export({ format: 'jwk' });

test('the algorithm is that of the key', () => {
  expect(keyFromPem('k', pem(rsa.publicKey))).toMatchObject({ keyId: 'k', algorithm: 'RS256' });
  expect(keyFromPem('k', pem(rsa.publicKey, 'pkcs1'))?.algorithm).toBe('RS256');
  expect(keyFromPem('', pem(ed25519.publicKey))).toMatchObject({ keyId: '', algorithm: 'EdDSA' });
  expect(keyFromJwk({ ...jwk(rsa.publicKey), kid: 'a', use: 'sig' })).toMatchObject({
    keyId: 'a',
    algorithm: 'RS256',
  });
  expect(keyFromJwk(jwk(ed25519.publicKey))).toMatchObject({ keyId: '', algorithm: 'EdDSA' });
});

test('other keys are none', () => {
  const others = [ec, weak, pss].map(({ publicKey }) => pem(publicKey));
  const secrets = [rsa, ed25519].map(({ privateKey }) =>
    String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
  );
  for (const text of [
    ...others,
    ...secrets,
    '',
    'key',
    '-----BEGIN PUBLIC KEY-----\nMII=\n-----END PUBLIC KEY-----',
  ]) {
    expect(keyFromPem('', text)).toBeUndefined();
  }
  const shared = { kty: 'oct', k: 'c2VjcmV0', kid: 'a' };
  for (const value of [
    jwk(ec.publicKey),
    jwk(weak.publicKey),
    rsa.privateKey.export({ format: 'jwk' }),
    { ...jwk(rsa.publicKey), use: 'enc' },
    { ...jwk(rsa.publicKey), kid: 7 },
    { ...jwk(rsa.publicKey), e: 'AQ' },
    shared,
    {},
    null,
    'key',
  ]) {
    expect(keyFromJwk(value)).toBeUndefined();
  }
});
