import type { Queryable } from '@strongroom/db/database';

/** Names of the keys of the chain; undefined before the table is there. */
export async function findChainKeys(
  db: Queryable,
): Promise<{ ids: string[]; hasBatches: boolean } | undefined> {
  const [table] = await db.query<{ present: boolean }>(
    `SELECT to_regclass('chain_keys') IS NOT NULL AS present`,
  );
  if (table?.present !== true) return undefined;
  const [row] = await db.query<{ ids: string[]; has_batches: boolean }>(
    `SELECT coalesce(array_agg(id), '{}') AS ids, EXISTS (SELECT FROM audit_batches) AS has_batches
     FROM chain_keys`,
  );
  return { ids: row?.ids ?? [], hasBatches: row?.has_batches ?? false };
}

export async function insertChainKey(tx: Queryable, id: string, now: Date): Promise<void> {
  await tx.query('INSERT INTO chain_keys (id, created_at) VALUES ($1, $2)', [id, now]);
}

/** Until the transaction ends: replicas that start at once begin a chain one after the other. */
export async function lockChainKeys(tx: Queryable): Promise<void> {
  await tx.query(
    `SELECT pg_advisory_xact_lock(hashtext('strongroom-chain-keys'), hashtext(current_schema()))`,
  );
}
