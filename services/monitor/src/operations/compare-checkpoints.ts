import type { Queryable } from '@strongroom/db/database';
import type { MonitorContext } from '../context.ts';
import type { Examiner } from '../domain/examiner.ts';
import type { Checkpoint } from '../domain/statements.ts';
import { findBatchEnds } from '../store/chain.ts';
import { readCheckpoints } from '../store/checkpoints.ts';

const AT_ONCE = 500;

/** Whether the batches of today end where, and as, the checkpoints say they did. */
export async function compareCheckpoints(
  tx: Queryable,
  examiner: Examiner,
  checkpoints: readonly Checkpoint[],
): Promise<void> {
  const ends = await findBatchEnds(
    tx,
    checkpoints.map(({ number }) => number),
  );
  for (const { number, position, mac } of checkpoints) {
    const end = ends.get(number);
    if (end?.position !== position || end.mac.toString('base64url') !== mac) {
      examiner.note({ kind: 'checkpoint-mismatch', position, batch: number });
    }
  }
}

/** The same with those that the database keeps, of a range of positions, after checking that they are ours. */
export async function compareStoredCheckpoints(
  { statements }: Pick<MonitorContext, 'statements'>,
  tx: Queryable,
  examiner: Examiner,
  range: { from: number | undefined; to: number | undefined },
): Promise<void> {
  for (let afterNumber = Number.MIN_SAFE_INTEGER; !examiner.isFull();) {
    const stored = await readCheckpoints(tx, { ...range, afterNumber }, AT_ONCE);
    const last = stored.at(-1);
    if (last === undefined) return;
    const checkpoints: Checkpoint[] = [];
    for (const { number, position, statement } of stored) {
      const checkpoint = await statements.readCheckpoint(statement);
      if (checkpoint?.number === number && checkpoint.position === position) checkpoints.push(checkpoint);
      else examiner.note({ kind: 'checkpoint-mismatch', position, batch: number });
    }
    await compareCheckpoints(tx, examiner, checkpoints);
    afterNumber = last.number;
  }
}
