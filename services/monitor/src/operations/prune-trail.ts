import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { MonitorContext } from '../context.ts';
import type { Pruning } from '../domain/statements.ts';
import { findBatchesRecorded } from '../store/chain.ts';
import { dropPartition, listPartitions, lockPartitions, tryLeadPruning } from '../store/partitions.ts';
import { insertPruning } from '../store/prunings.ts';
import { signCheckpoint } from './sign-checkpoint.ts';
import { examineTrail } from './verify-trail.ts';

type PruningContext = Pick<MonitorContext, 'db' | 'now' | 'log' | 'chain' | 'statements' | 'audit' | 'ring'>;

/**
 * Drops the months that ended more than `months` whole months ago, the oldest first, each with a signed statement of
 * which batches' records it held. A month that does not verify stays: age must not take away what somebody altered.
 */
export async function pruneTrail(ctx: PruningContext, months: number): Promise<void> {
  const now = ctx.now();
  const keepFrom = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - months));
  for (const month of await listPartitions(ctx.db)) {
    if (month.end > keepFrom || !(await pruneMonth(ctx, month))) return;
  }
}

/** False: the month is still there. */
async function pruneMonth(ctx: PruningContext, month: { start: Date; end: Date }): Promise<boolean> {
  const batches = await findBatchesRecorded(ctx.db, month.start, month.end);
  if (batches !== undefined && !(await isIntact(ctx, batches))) {
    ctx.log.error(
      'a month of the audit trail is old enough to go, but is not as it was written; it stays',
      undefined,
      {
        month: month.start.toISOString(),
      },
    );
    return false;
  }
  if (batches !== undefined) await signCheckpoint(ctx, 0);
  const prunedAt = ctx.now();
  const statement = batches && (await ctx.statements.signPruning(batches, prunedAt));
  const dropped = await ctx.db.transaction(async tx => {
    // Another replica may be at it, or have done it.
    if (!(await tryLeadPruning(tx))) return false;
    const isThere = (await listPartitions(tx)).some(({ start }) => start.getTime() === month.start.getTime());
    if (!isThere) return false;
    await lockPartitions(tx);
    await dropPartition(tx, month.start);
    if (batches !== undefined && statement !== undefined) {
      await insertPruning(tx, { ...batches, statement, prunedAt });
    }
    await ctx.audit.append(tx, {
      type: AUDIT_EVENTS.auditTrailPruned,
      message: {
        month: month.start.toISOString(),
        ...(batches && { first: String(batches.firstPosition), last: String(batches.lastPosition) }),
      },
    });
    return true;
  });
  if (dropped) {
    ctx.ring();
    ctx.log.info('a month of the audit trail was dropped by age', { month: month.start.toISOString() });
  }
  return dropped;
}

async function isIntact(ctx: PruningContext, { firstPosition, lastPosition }: Pruning): Promise<boolean> {
  for (let from: number | undefined = firstPosition; from !== undefined;) {
    const range = { from, to: lastPosition, startTime: undefined, endTime: undefined };
    const { intact, next } = await examineTrail(ctx, range, []);
    if (!intact) return false;
    from = next;
  }
  return true;
}
