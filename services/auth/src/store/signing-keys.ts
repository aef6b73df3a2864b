import type { Queryable } from '@strongroom/db/database';

export interface SigningKeyRow {
  id: string;
  public_key: Record<string, unknown>;
  sealed_private_key: Buffer;
  is_active: boolean;
}

export const findSigningKeys = (db: Queryable): Promise<SigningKeyRow[]> =>
  db.query<SigningKeyRow>(
    'SELECT id, public_key, sealed_private_key, is_active FROM signing_keys ORDER BY created_at, id',
  );

/** Replicas that start at once race here: one key becomes the active one, the others are not stored. */
export async function insertFirstSigningKey(db: Queryable, key: SigningKeyRow, now: Date): Promise<void> {
  await db.query(
    `INSERT INTO signing_keys (id, public_key, sealed_private_key, is_active, created_at)
     VALUES ($1, $2, $3, true, $4) ON CONFLICT DO NOTHING`,
    [key.id, JSON.stringify(key.public_key), key.sealed_private_key, now],
  );
}
