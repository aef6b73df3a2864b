import { exportJWK, generateKeyPair, importJWK, SignJWT, type CryptoKey, type JWK } from 'jose';
import {
  TOKEN_ALGORITHM,
  TOKEN_AUDIENCE,
  TOKEN_TYPE,
  type AccessTokenClaims,
} from '@strongroom/auth-client/access-token';
import type { Keyring } from '@strongroom/crypto/keyring';
import type { Foundations } from '@strongroom/service/foundations';
import { openSecret, sealSecret, type SealedColumn } from '../domain/sealed-secret.ts';
import { findSigningKeys, insertFirstSigningKey, type SigningKeyRow } from '../store/signing-keys.ts';

/** What is said of whoever gets a token; the signer adds issuer, times and ids. */
export type TokenSubject = Pick<
  AccessTokenClaims,
  'sub' | 'client_id' | 'kind' | 'name' | 'roles' | 'permissions' | 'scope' | 'auth_time' | 'amr' | 'address'
>;

export interface TokenSigner {
  /** Public keys, for the JWKS and for auth's own verification. */
  readonly publicKeys: readonly JWK[];
  sign: (subject: TokenSubject, sessionId: string, lifetimeSeconds: number) => Promise<string>;
}

const COLUMN: SealedColumn = { table: 'signing_keys', field: 'private_key' };

type SignerDependencies = Pick<Foundations, 'db' | 'now' | 'newId' | 'config'> & { keyring: Keyring };

/** Signs with the active key of the database; makes the first one on a new database. */
export async function createTokenSigner({
  db,
  now,
  newId,
  config,
  keyring,
}: SignerDependencies): Promise<TokenSigner> {
  let rows = await findSigningKeys(db);
  if (rows.length === 0) {
    await insertFirstSigningKey(db, await makeKey(keyring, newId(), now()));
    rows = await findSigningKeys(db);
  }
  const active = rows.findLast(row => row.active_from <= now());
  if (active === undefined) throw new Error('auth has no active signing key');
  const privateJwk = JSON.parse(openSecret(keyring, COLUMN, active.id, active.sealed_private_key)) as JWK;
  const privateKey = (await importJWK(privateJwk, TOKEN_ALGORITHM)) as CryptoKey;

  return {
    publicKeys: rows.map(row => row.public_key as JWK),
    sign(subject, sessionId, lifetimeSeconds) {
      const issuedAt = Math.floor(now().getTime() / 1000);
      const claims: AccessTokenClaims = {
        iss: config.issuer,
        aud: TOKEN_AUDIENCE,
        iat: issuedAt,
        nbf: issuedAt,
        exp: issuedAt + lifetimeSeconds,
        jti: newId(),
        sid: sessionId,
        ...subject,
      };
      return new SignJWT(claims)
        .setProtectedHeader({ alg: TOKEN_ALGORITHM, typ: TOKEN_TYPE, kid: active.id })
        .sign(privateKey);
    },
  };
}

async function makeKey(keyring: Keyring, id: string, activeFrom: Date): Promise<SigningKeyRow> {
  const pair = await generateKeyPair(TOKEN_ALGORITHM, { crv: 'Ed25519', extractable: true });
  const privateJwk = JSON.stringify(await exportJWK(pair.privateKey));
  return {
    id,
    algorithm: TOKEN_ALGORITHM,
    public_key: { ...(await exportJWK(pair.publicKey)), kid: id, alg: TOKEN_ALGORITHM, use: 'sig' },
    sealed_private_key: sealSecret(keyring, COLUMN, id, privateJwk),
    active_from: activeFrom,
  };
}
