import type { Queryable } from '@strongroom/db/database';

/** What an earlier request of this caller under this key was answered. */
export async function findAnswer(
  db: Queryable,
  caller: string,
  keyHash: string,
): Promise<{ fingerprint: string; answer: unknown } | undefined> {
  const [row] = await db.query<{ fingerprint: string; answer: unknown }>(
    'SELECT fingerprint, answer FROM idempotency_keys WHERE caller = $1 AND key_hash = $2',
    [caller, keyHash],
  );
  return row;
}

const FORGET_AT_ONCE = 10_000;

/** Forgets what is older, in pieces. Returns how many. */
export async function pruneAnswers(db: Queryable, olderThan: Date): Promise<number> {
  for (let total = 0; ;) {
    const rows = await db.query(
      `DELETE FROM idempotency_keys WHERE (caller, key_hash) IN (
         SELECT caller, key_hash FROM idempotency_keys WHERE created_at < $1 LIMIT $2
       ) RETURNING 1`,
      [olderThan, FORGET_AT_ONCE],
    );
    total += rows.length;
    if (rows.length < FORGET_AT_ONCE) return total;
  }
}
