import { createHash, createHmac } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { scramVerifier } from './scram.ts';

/** The exchange that RFC 7677 shows in section 3. */
const SALT = 'W22ZaJ0SNY7soEsUEjb6gQ==';
const NONCE = 'rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0';
const AUTH_MESSAGE = `n=user,r=rOprNGfwEbeRWgbNEkqO,r=${NONCE},s=${SALT},i=4096,c=biws,r=${NONCE}`;
const CLIENT_PROOF = 'dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=';
const SERVER_SIGNATURE = '6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=';

test('proves both sides of the published exchange', () => {
  const verifier = scramVerifier('pencil', Buffer.from(SALT, 'base64'));
  const [, storedKey = '', serverKey = ''] =
    /^SCRAM-SHA-256\$4096:W22ZaJ0SNY7soEsUEjb6gQ==\$([^:]+):(.+)$/.exec(verifier) ?? [];
  const sign = (key: string) =>
    createHmac('sha256', Buffer.from(key, 'base64')).update(AUTH_MESSAGE).digest();
  expect(sign(serverKey).toString('base64')).toBe(SERVER_SIGNATURE);
  // The client's proof, less the signature that the server makes, is the client key; its hash is what is stored.
  const proof = Buffer.from(CLIENT_PROOF, 'base64');
  const clientKey = sign(storedKey).map((byte, index) => byte ^ proof[index]!);
  expect(createHash('sha256').update(clientKey).digest('base64')).toBe(storedKey);
});

test('salts each verifier anew', () => {
  expect(scramVerifier('pencil')).not.toBe(scramVerifier('pencil'));
});
