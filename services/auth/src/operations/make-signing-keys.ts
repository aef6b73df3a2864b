import { exportJWK, generateKeyPair } from 'jose';
import type { Keyring } from '@strongroom/crypto/keyring';
import type { Foundations } from '@strongroom/service/foundations';
import { sealSecret, type SealedColumn } from '../domain/sealed-secret.ts';
import { SIGNING_ALGORITHMS, type SigningAlgorithm, type SigningKey } from '../domain/signing-key.ts';
import {
  findSigningKeys,
  insertSigningKey,
  lockSigningKeys,
  type StoredSigningKey,
} from '../store/signing-keys.ts';

export const PRIVATE_KEY: SealedColumn = { table: 'signing_keys', field: 'private_key' };

export interface KeyMaker {
  readonly newId: () => string;
  readonly now: () => Date;
  readonly keyring: Keyring;
}

export type NewSigningKey = SigningKey & { readonly sealedPrivateKey: Buffer };

/** Takes a while for RSA, on a thread of its own: never within a transaction. */
export async function makeSigningKey(
  { newId, now, keyring }: KeyMaker,
  algorithm: SigningAlgorithm,
  activeFrom: Date,
): Promise<NewSigningKey> {
  const id = newId();
  const pair = await generateKeyPair(
    algorithm,
    algorithm === 'EdDSA'
      ? { crv: 'Ed25519', extractable: true }
      : { modulusLength: 2_048, extractable: true },
  );
  const privateJwk = JSON.stringify(await exportJWK(pair.privateKey));
  return {
    id,
    algorithm,
    publicKey: { ...(await exportJWK(pair.publicKey)), kid: id, alg: algorithm, use: 'sig' },
    sealedPrivateKey: sealSecret(keyring, PRIVATE_KEY, id, privateJwk),
    createdAt: now(),
    activeFrom,
    retiredAt: null,
  };
}

/**
 * One key of each algorithm that has none, active at once. Replicas that start together race here: one wins, and
 * the others take its keys. Returns all keys that there are then.
 */
export async function makeFirstSigningKeys(
  ctx: KeyMaker & Pick<Foundations, 'db'>,
  known: readonly StoredSigningKey[],
): Promise<StoredSigningKey[]> {
  const missing = lacking(known);
  if (missing.length === 0) return [...known];
  const made = await Promise.all(missing.map(algorithm => makeSigningKey(ctx, algorithm, ctx.now())));
  return ctx.db.transaction(async tx => {
    await lockSigningKeys(tx);
    const lackingStill = lacking(await findSigningKeys(tx));
    for (const key of made) if (lackingStill.includes(key.algorithm)) await insertSigningKey(tx, key);
    return findSigningKeys(tx);
  });
}

const lacking = (keys: readonly SigningKey[]): SigningAlgorithm[] =>
  SIGNING_ALGORITHMS.filter(algorithm => !keys.some(key => key.algorithm === algorithm));
