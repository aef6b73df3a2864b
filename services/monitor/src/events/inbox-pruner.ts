import { pruneInbox } from '@strongroom/outbox/inbox';
import { repeatEvery } from '@strongroom/service/repeat-every';
import type { MonitorContext } from '../context.ts';

const INTERVAL_MS = 3_600_000;
/** Longer than any broker keeps trying. */
const KEEP_MS = 7 * 86_400_000;

/** Forgets hourly which events were seen. Replicas may do so at the same time. Returns the way to stop. */
export function startInboxPruner({
  db,
  log,
  now,
}: Pick<MonitorContext, 'db' | 'log' | 'now'>): () => Promise<void> {
  const prune = async () => {
    const pruned = await pruneInbox(db, new Date(now().getTime() - KEEP_MS));
    log.info('inbox pruned', { pruned });
  };
  return repeatEvery(INTERVAL_MS, prune, error => log.error('the inbox could not be pruned', error));
}
