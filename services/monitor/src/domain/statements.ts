import { createPrivateKey, createPublicKey } from 'node:crypto';
import { calculateJwkThumbprint, compactVerify, CompactSign, errors, exportJWK, type JWK } from 'jose';
import { deriveKey } from '@strongroom/crypto/derive-key';
import type { SecretBytes } from '@strongroom/crypto/secret-bytes';

/** Where the chain stood: its last batch, that batch's last position, and its MAC in base64url. */
export interface Checkpoint {
  readonly number: number;
  readonly position: number;
  readonly mac: string;
}

/** Which batches' records were dropped by age. */
export interface Pruning {
  readonly firstNumber: number;
  readonly lastNumber: number;
  readonly firstPosition: number;
  readonly lastPosition: number;
}

/**
 * Signs what is said of the trail: compact JWS (RFC 7515), EdDSA over Ed25519 (RFC 8037). A statement holds wherever
 * it is kept, and anyone can check it by the public key. The reading functions answer undefined for a text that is no
 * statement of that kind under this key.
 */
export interface Statements {
  readonly publicKey: JWK;
  readonly signCheckpoint: (checkpoint: Checkpoint, time: Date) => Promise<string>;
  readonly readCheckpoint: (statement: string) => Promise<Checkpoint | undefined>;
  readonly signPruning: (pruning: Pruning, time: Date) => Promise<string>;
  readonly readPruning: (statement: string) => Promise<Pruning | undefined>;
}

/** The type in the header keeps one kind from being taken for the other. */
const CHECKPOINT = 'strongroom-checkpoint+jws';
const PRUNING = 'strongroom-pruning+jws';

/** `issuer` names the installation in each statement. */
export async function createStatements(auditKey: SecretBytes, issuer: string): Promise<Statements> {
  const privateKey = ed25519(deriveKey(auditKey, 'strongroom audit checkpoint signing'));
  const publicKey = createPublicKey(privateKey);
  const jwk = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(jwk);

  const sign = (typ: string, claims: object, time: Date): Promise<string> =>
    new CompactSign(
      Buffer.from(JSON.stringify({ iss: issuer, iat: Math.floor(time.getTime() / 1_000), ...claims })),
    )
      .setProtectedHeader({ alg: 'EdDSA', typ, kid })
      .sign(privateKey);

  async function read<T>(typ: string, statement: string): Promise<T | undefined> {
    try {
      const { payload, protectedHeader } = await compactVerify(statement, publicKey, {
        algorithms: ['EdDSA'],
      });
      if (protectedHeader.typ !== typ) return undefined;
      // Signed under this key, hence written by `sign` above.
      return JSON.parse(Buffer.from(payload).toString('utf8')) as T;
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
  }

  return {
    publicKey: { ...jwk, kid, alg: 'EdDSA', use: 'sig' },
    signCheckpoint: (checkpoint, time) => sign(CHECKPOINT, checkpoint, time),
    readCheckpoint: statement => read<Checkpoint>(CHECKPOINT, statement),
    signPruning: (pruning, time) => sign(PRUNING, pruning, time),
    readPruning: statement => read<Pruning>(PRUNING, statement),
  };
}

/** A private key from its 32 bytes: they follow a fixed beginning in PKCS #8 (RFC 8410, 7). */
const ed25519 = (seed: SecretBytes) =>
  createPrivateKey({
    key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed.reveal()]),
    format: 'der',
    type: 'pkcs8',
  });
