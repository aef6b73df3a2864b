import type { Transaction } from '@strongroom/db/database';

/** Any number that no other advisory lock of this database has. */
const LOCK = 5_221_030;

/** Held until the transaction ends. */
export async function lockDeployments(tx: Transaction): Promise<void> {
  await tx.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
}
