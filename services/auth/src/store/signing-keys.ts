import type { Queryable } from '@strongroom/db/database';
import type { SigningAlgorithm, SigningKey } from '../domain/signing-key.ts';

export interface StoredSigningKey extends SigningKey {
  /** Null once it has signed its last token. */
  readonly sealedPrivateKey: Buffer | null;
}

interface SigningKeyRow {
  id: string;
  algorithm: SigningAlgorithm;
  public_key: Record<string, unknown>;
  sealed_private_key: Buffer;
  created_at: Date;
  active_from: Date;
  retired_at: Date | null;
}

/** Held to the end of the transaction by whoever adds keys: one at a time on any number of replicas. */
export async function lockSigningKeys(tx: Queryable): Promise<void> {
  await tx.query(`SELECT pg_advisory_xact_lock(hashtext('strongroom-signing-keys'))`);
}

/** Oldest first. */
export async function findSigningKeys(db: Queryable): Promise<StoredSigningKey[]> {
  const rows = await db.query<SigningKeyRow>(
    `SELECT id, algorithm, public_key, sealed_private_key, created_at, active_from, retired_at
     FROM signing_keys ORDER BY active_from, id`,
  );
  return rows.map(row => ({
    id: row.id,
    algorithm: row.algorithm,
    publicKey: row.public_key,
    sealedPrivateKey: row.sealed_private_key.length === 0 ? null : row.sealed_private_key,
    createdAt: row.created_at,
    activeFrom: row.active_from,
    retiredAt: row.retired_at,
  }));
}

export async function insertSigningKey(
  tx: Queryable,
  key: SigningKey & { sealedPrivateKey: Buffer },
): Promise<void> {
  await tx.query(
    `INSERT INTO signing_keys (id, algorithm, public_key, sealed_private_key, created_at, active_from, retired_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [
      key.id,
      key.algorithm,
      JSON.stringify(key.publicKey),
      key.sealedPrivateKey,
      key.createdAt,
      key.activeFrom,
      key.retiredAt,
    ],
  );
}

/** Those of the algorithm that had no end yet get one. */
export async function retireSigningKeys(
  tx: Queryable,
  algorithm: SigningAlgorithm,
  exceptId: string,
  at: Date,
): Promise<void> {
  await tx.query(
    'UPDATE signing_keys SET retired_at = $3 WHERE algorithm = $1 AND id <> $2 AND retired_at IS NULL',
    [algorithm, exceptId, at],
  );
}

/** Private halves of keys that have a successor which signs since `before`. */
export async function destroyPrivateKeys(db: Queryable, before: Date): Promise<void> {
  await db.query(
    `UPDATE signing_keys AS old SET sealed_private_key = ''
     WHERE sealed_private_key <> '' AND EXISTS (
       SELECT FROM signing_keys AS next WHERE next.algorithm = old.algorithm
         AND next.active_from > old.active_from AND next.active_from <= $1)`,
    [before],
  );
}

export async function deleteRetiredSigningKeys(db: Queryable, before: Date): Promise<void> {
  await db.query('DELETE FROM signing_keys WHERE retired_at <= $1', [before]);
}
