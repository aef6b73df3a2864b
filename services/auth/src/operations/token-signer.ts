import {
  createLocalJWKSet,
  errors,
  importJWK,
  SignJWT,
  type CompactVerifyGetKey,
  type CryptoKey,
  type JWK,
} from 'jose';
import {
  TOKEN_ALGORITHM,
  TOKEN_AUDIENCE,
  TOKEN_TYPE,
  type AccessTokenClaims,
} from '@strongroom/auth-client/access-token';
import type { LiveKeyring } from '@strongroom/keys/live-keyring';
import type { Foundations } from '@strongroom/service/foundations';
import { openSecret } from '../domain/sealed-secret.ts';
import { isShown, signingKeyAt, type SigningAlgorithm, type SigningKey } from '../domain/signing-key.ts';
import { findSigningKeys, type StoredSigningKey } from '../store/signing-keys.ts';
import { makeFirstSigningKeys, PRIVATE_KEY } from './make-signing-keys.ts';

/** What is said of whoever gets a token; the signer adds issuer, times and ids. */
export type TokenSubject = Pick<
  AccessTokenClaims,
  'sub' | 'client_id' | 'kind' | 'name' | 'roles' | 'permissions' | 'scope' | 'auth_time' | 'amr' | 'address'
>;

export interface TokenSigner {
  /** An access token (RFC 9068). */
  sign: (
    subject: TokenSubject,
    sessionId: string,
    lifetimeSeconds: number,
    options?: { audience?: string },
  ) => Promise<string>;
  /** An ID token (OpenID Connect Core, 2); the claims are the caller's. */
  signIdToken: (claims: Record<string, unknown>, algorithm: SigningAlgorithm) => Promise<string>;
  /** The keys that verify what was signed, and what will be signed soon: for the JWKS. */
  publicKeys: () => JWK[];
  /** The same for auth's own verification of tokens. */
  verificationKey: CompactVerifyGetKey;
  /** Takes over what the database says. Until then, and when that fails, the keys of the last time count. */
  reload: () => Promise<void>;
}

export type SignerContext = Pick<Foundations, 'db' | 'now' | 'newId' | 'config'> & { keyring: LiveKeyring };

interface PrivateKey extends SigningKey {
  readonly privateKey: CryptoKey;
}

interface KeyRing {
  readonly keys: readonly SigningKey[];
  readonly signing: readonly PrivateKey[];
  readonly find: CompactVerifyGetKey;
}

/** Signs with the keys of the database, chosen by the clock; makes the first ones on a new database. */
export async function createTokenSigner(ctx: SignerContext): Promise<TokenSigner> {
  const { db, now, newId, config, keyring } = ctx;
  const rows = await findSigningKeys(db);
  let ring = await toKeyRing(keyring, await makeFirstSigningKeys(ctx, rows), []);

  function chosen(algorithm: SigningAlgorithm): PrivateKey {
    const key = signingKeyAt(ring.signing, algorithm, now());
    if (key === undefined) throw new Error(`auth has no key that signs by ${algorithm}`);
    return key;
  }

  return {
    async sign(subject, sessionId, lifetimeSeconds, { audience = TOKEN_AUDIENCE } = {}) {
      const issuedAt = Math.floor(now().getTime() / 1000);
      const claims: AccessTokenClaims = {
        iss: config.issuer,
        aud: audience,
        iat: issuedAt,
        nbf: issuedAt,
        exp: issuedAt + lifetimeSeconds,
        jti: newId(),
        sid: sessionId,
        ...subject,
      };
      const { id, privateKey } = chosen(TOKEN_ALGORITHM);
      return new SignJWT(claims)
        .setProtectedHeader({ alg: TOKEN_ALGORITHM, typ: TOKEN_TYPE, kid: id })
        .sign(privateKey);
    },
    async signIdToken(claims, algorithm) {
      const { id, privateKey } = chosen(algorithm);
      return new SignJWT(claims).setProtectedHeader({ alg: algorithm, typ: 'JWT', kid: id }).sign(privateKey);
    },
    publicKeys: () => ring.keys.filter(key => isShown(key, now())).map(key => key.publicKey as JWK),
    async verificationKey(header, token) {
      const known = ring.keys.find(key => key.id === header.kid);
      if (known === undefined || !isShown(known, now())) throw new errors.JWKSNoMatchingKey();
      return ring.find(header, token);
    },
    async reload() {
      ring = await toKeyRing(keyring, await findSigningKeys(db), ring.signing);
    },
  };
}

/** Keys that were opened before are not opened again. */
async function toKeyRing(
  keyring: LiveKeyring,
  rows: readonly StoredSigningKey[],
  opened: readonly PrivateKey[],
): Promise<KeyRing> {
  const signing: PrivateKey[] = [];
  for (const { sealedPrivateKey, ...key } of rows) {
    if (sealedPrivateKey === null) continue;
    const privateKey =
      opened.find(({ id }) => id === key.id)?.privateKey ?? (await open(keyring, key, sealedPrivateKey));
    signing.push({ ...key, privateKey });
  }
  const find = createLocalJWKSet({ keys: rows.map(row => row.publicKey as JWK) });
  return { keys: rows, signing, find };
}

async function open(keyring: LiveKeyring, { id, algorithm }: SigningKey, sealed: Buffer): Promise<CryptoKey> {
  const jwk = JSON.parse(await openSecret(keyring, PRIVATE_KEY, id, sealed)) as JWK;
  return (await importJWK(jwk, algorithm)) as CryptoKey;
}
