import type { Queryable } from '@strongroom/db/database';

export interface SigningKeyRow {
  id: string;
  algorithm: string;
  public_key: Record<string, unknown>;
  sealed_private_key: Buffer;
  active_from: Date;
}

/** Oldest first. */
export const findSigningKeys = (db: Queryable): Promise<SigningKeyRow[]> =>
  db.query<SigningKeyRow>(
    `SELECT id, algorithm, public_key, sealed_private_key, active_from FROM signing_keys
     ORDER BY active_from, id`,
  );

/** Replicas that start at once race here: one key is stored, the others are not. */
export async function insertFirstSigningKey(db: Queryable, key: SigningKeyRow): Promise<void> {
  await db.query(
    `INSERT INTO signing_keys (id, algorithm, public_key, sealed_private_key, created_at, active_from)
     SELECT $1::uuid, $2, $3::json, $4::bytea, $5::timestamptz, $5
     WHERE NOT EXISTS (SELECT FROM signing_keys WHERE algorithm = $2)`,
    [key.id, key.algorithm, JSON.stringify(key.public_key), key.sealed_private_key, key.active_from],
  );
}
