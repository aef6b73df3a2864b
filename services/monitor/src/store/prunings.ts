import type { Queryable } from '@strongroom/db/database';
import type { Pruning } from '../domain/statements.ts';

/** Which batches' records were dropped by age, by signed statements; the oldest first. */
export const findPrunings = (db: Queryable): Promise<{ statement: string }[]> =>
  db.query('SELECT statement FROM audit_prunings ORDER BY first_number');

export async function insertPruning(
  tx: Queryable,
  pruning: Pruning & { statement: string; prunedAt: Date },
): Promise<void> {
  await tx.query(
    `INSERT INTO audit_prunings (first_number, last_number, first_position, last_position, pruned_at, statement)
     VALUES ($1, $2, $3, $4, $5, $6)`,
    [
      pruning.firstNumber,
      pruning.lastNumber,
      pruning.firstPosition,
      pruning.lastPosition,
      pruning.prunedAt,
      pruning.statement,
    ],
  );
}
