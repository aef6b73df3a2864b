import { repeatEvery } from '@strongroom/service/repeat-every';
import type { MonitorContext } from '../context.ts';
import type { TrailSettings } from '../config.ts';
import { keepPartitions } from './keep-partitions.ts';
import { pruneTrail } from './prune-trail.ts';
import { signCheckpoint } from './sign-checkpoint.ts';

type KeeperContext = Pick<MonitorContext, 'db' | 'now' | 'log' | 'chain' | 'statements' | 'audit' | 'ring'>;

const INTERVAL_MS = 60_000;
/** A month that does not verify is examined again, and complained of, this often. */
const PRUNING_INTERVAL_MS = 3_600_000;

/**
 * Looks after what the trail needs as time passes: partitions, checkpoints, an end to what is old. Every replica does;
 * the database decides who is first. Returns the way to stop.
 */
export function startTrailKeeper(ctx: KeeperContext, settings: TrailSettings): () => Promise<void> {
  let prunedAt = 0;

  async function keep(): Promise<void> {
    await keepPartitions(ctx);
    await signCheckpoint(ctx, settings.checkpointMinutes);
    const now = ctx.now().getTime();
    if (settings.retentionMonths === 0 || now - prunedAt < PRUNING_INTERVAL_MS) return;
    prunedAt = now;
    await pruneTrail(ctx, settings.retentionMonths);
  }

  return repeatEvery(INTERVAL_MS, keep, error =>
    ctx.log.error('the audit trail could not be looked after', error),
  );
}
