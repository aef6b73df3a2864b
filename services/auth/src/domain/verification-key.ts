import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';

/** A public key that signatures of tokens are checked by. The algorithm is the key's, not the token's to choose. */
export interface VerificationKey {
  /** Empty: it answers to every `kid`. */
  readonly keyId: string;
  readonly algorithm: 'RS256' | 'EdDSA';
  readonly key: KeyObject;
}

/** From PEM (SubjectPublicKeyInfo, PKCS#1 or a certificate). Undefined: not a public key that we take. */
export function keyFromPem(keyId: string, pem: string): VerificationKey | undefined {
  // A private key would do for node:crypto, which takes its public half; it must not lie here in clear.
  if (pem.includes('PRIVATE KEY')) return undefined;
  return checked(keyId, () => createPublicKey(pem));
}

/** From a member of a JWKS (RFC 7517). Undefined: a key of another kind, for another use, or a private one. */
export function keyFromJwk(jwk: unknown): VerificationKey | undefined {
  if (typeof jwk !== 'object' || jwk === null) return undefined;
  const { kid = '', use = 'sig', d } = jwk as Record<string, unknown>;
  if (typeof kid !== 'string' || use !== 'sig' || d !== undefined) return undefined;
  return checked(kid, () => createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' }));
}

function checked(keyId: string, read: () => KeyObject): VerificationKey | undefined {
  let key: KeyObject;
  try {
    key = read();
  } catch {
    return undefined;
  }
  if (key.asymmetricKeyType === 'ed25519') return { keyId, algorithm: 'EdDSA', key };
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  const isStrong = modulusLength >= 2_048 && modulusLength <= 8_192 && publicExponent >= 3n;
  return key.asymmetricKeyType === 'rsa' && isStrong ? { keyId, algorithm: 'RS256', key } : undefined;
}
