import type { Foundations } from '@strongroom/service/foundations';
import { findHead } from './store/audit-events.ts';
import { findLastCheckpoint } from './store/checkpoints.ts';

/** What monitor tells of the trail; the answer counts the records of a batch once it is committed. */
export function registerTrailMetrics({
  metrics,
  db,
  now,
}: Pick<Foundations, 'metrics' | 'db' | 'now'>): (records: number) => void {
  metrics.gauge('strongroom_audit_chain_position', 'Position of the last record of the audit trail', () =>
    findHead(db),
  );
  metrics.gauge(
    'strongroom_audit_checkpoint_age_seconds',
    'Time since the state of the audit trail was last signed',
    async () => {
      const last = await findLastCheckpoint(db);
      // The gauge leaves a value out that cannot be read.
      if (last === undefined) throw new Error('there is no checkpoint yet');
      return (now().getTime() - last.signedAt.getTime()) / 1_000;
    },
  );
  return metrics.histogram(
    'strongroom_audit_batch_records',
    'Records that were chained in one transaction',
    [1, 5, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000],
  );
}
