import { pruneInbox } from '@strongroom/outbox/inbox';
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
  let running: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    running = pruneInbox(db, new Date(now().getTime() - KEEP_MS)).then(
      pruned => log.info('inbox pruned', { pruned }),
      (error: unknown) => log.error('the inbox could not be pruned', error),
    );
  }, INTERVAL_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
    return running;
  };
}
