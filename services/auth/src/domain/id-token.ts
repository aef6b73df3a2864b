import { createHash } from 'node:crypto';
import type { OAuthClient } from './oauth-client.ts';
import type { Session } from './session.ts';

/** OpenID Connect Core, 2 and 3.1.3.6. People's names and addresses are for the userinfo endpoint. */
export function idTokenClaims(
  session: Session,
  client: OAuthClient,
  issuer: string,
  now: Date,
  lifetimeSeconds: number,
  nonce: string,
  accessToken: string,
): Record<string, unknown> {
  const issuedAt = Math.floor(now.getTime() / 1_000);
  return {
    iss: issuer,
    sub: session.subject.id,
    // Of several audiences, `azp` says which one asked.
    ...(client.idTokenAudiences.length === 0
      ? { aud: client.id }
      : { aud: [client.id, ...client.idTokenAudiences], azp: client.id }),
    iat: issuedAt,
    exp: issuedAt + lifetimeSeconds,
    auth_time: Math.floor(session.authTime.getTime() / 1_000),
    ...(nonce === '' ? {} : { nonce }),
    amr: session.authMethods,
    sid: session.id,
    at_hash: accessTokenHash(accessToken, client.idTokenAlgorithm),
  };
}

/** The left half of the digest that belongs to the signature: SHA-512 for Ed25519 (RFC 8032), else SHA-256. */
const accessTokenHash = (accessToken: string, algorithm: 'EdDSA' | 'RS256'): string => {
  const digest = createHash(algorithm === 'EdDSA' ? 'sha512' : 'sha256')
    .update(accessToken)
    .digest();
  return digest.subarray(0, digest.length / 2).toString('base64url');
};
