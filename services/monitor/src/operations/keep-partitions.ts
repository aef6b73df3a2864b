import type { MonitorContext } from '../context.ts';
import { countMissingPartitions, lockPartitions, makePartitions } from '../store/partitions.ts';

/** Months beyond the present one. */
const AHEAD = 2;

/** Makes the partitions of the present and the next months. Any replica may, at any time. */
export async function keepPartitions(ctx: Pick<MonitorContext, 'db' | 'now'>): Promise<void> {
  const now = ctx.now();
  if ((await countMissingPartitions(ctx.db, now, AHEAD)) === 0) return;
  await ctx.db.transaction(async tx => {
    await lockPartitions(tx);
    await makePartitions(tx, now, AHEAD);
  });
}
