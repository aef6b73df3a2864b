import { isUniqueViolation, type Queryable } from '@strongroom/db/database';
import { keyUsedMeanwhile } from '../domain/errors.ts';

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

/** For changes that take a transaction: stores the rows that `Remember` made, none or one, with them. */
export async function insertAnswers(tx: Queryable, answers: string): Promise<void> {
  try {
    await tx.query(
      `INSERT INTO idempotency_keys (caller, key_hash, fingerprint, answer, created_at)
       SELECT caller, key_hash, fingerprint, answer, created_at FROM json_to_recordset($1::json)
         AS a (caller text, key_hash text, fingerprint text, answer json, created_at timestamptz)`,
      [answers],
    );
  } catch (error) {
    throw isUniqueViolation(error, 'idempotency_keys_used') ? keyUsedMeanwhile() : error;
  }
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
