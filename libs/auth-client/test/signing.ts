import { expect } from '@jest/globals';
import { CompactSign, createLocalJWKSet, exportJWK, generateKeyPair } from 'jose';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import { createTokenVerifier, type AccessTokenClaims } from '../src/access-token.ts';
import { createRevocations } from '../src/revocations.ts';

/** A key of our own, so that a test can sign what no issuer would. */
const pair = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
export const publicKey = pair.publicKey;
export const keys = createLocalJWKSet({
  keys: [{ ...(await exportJWK(publicKey)), kid: 'key-1', alg: 'EdDSA', use: 'sig' }],
});

export const ISSUER = 'https://issuer.test';
export const NOW_S = 1_800_000_000;
export const HEADER = { alg: 'EdDSA', typ: 'at+jwt', kid: 'key-1' };
export const CLAIMS: AccessTokenClaims = {
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
  scope: 'all',
  auth_time: NOW_S - 60,
  amr: ['pwd'],
  address: '',
};

export const signText = (
  payload: string,
  header: Record<string, unknown> = HEADER,
  key = pair.privateKey,
): Promise<string> =>
  new CompactSign(Buffer.from(payload))
    .setProtectedHeader({ ...header, alg: String(header['alg']) })
    .sign(key);

export const sign = (claims: Record<string, unknown>, header?: Record<string, unknown>) =>
  signText(JSON.stringify(claims), header);

export const bearer = (token: string) => `Bearer ${token}`;

export type Verify = ReturnType<typeof createTokenVerifier>;

export const from = (remoteAddress: string): RequestInfo => ({
  id: 'request-1',
  remoteAddress,
  userAgent: '',
});
export const REQUEST = from('192.0.2.1');

export const at = (seconds: number) => () => new Date(seconds * 1000);
export const verifier = (now = at(NOW_S), revocations = createRevocations(now)): Verify =>
  createTokenVerifier({ issuer: ISSUER, keys, now, revocations });

export const ask = async (
  verify: Verify,
  authorization: string | undefined,
  request = REQUEST,
): Promise<Caller> => verify(authorization, request);

export async function expectRefused(
  authorization: string | undefined,
  verify: Verify = verifier(),
  request = REQUEST,
): Promise<void> {
  await expect(ask(verify, authorization, request)).rejects.toMatchObject({
    kind: 'unauthenticated',
    code: 'UNAUTHENTICATED',
  });
}
