import { MAX_ACCESS_TOKEN_SECONDS } from '@strongroom/contracts/session-events';
import { repeatEvery } from '@strongroom/service/repeat-every';
import type { AuthContext } from '../context.ts';
import { FORGOTTEN_SECONDS } from '../domain/sign-in-throttle.ts';
import { deleteExpiredRows } from '../store/expired-rows.ts';

const INTERVAL_MS = 600_000;
/** How long a session that ran out can still be asked for by the audit's readers. */
const KEEP_SESSIONS_MS = 86_400_000;

type Pruner = Pick<AuthContext, 'db' | 'now' | 'log'>;

export function pruneExpired({ db, now }: Pick<Pruner, 'db' | 'now'>): Promise<void> {
  const time = now().getTime();
  return deleteExpiredRows(
    db,
    new Date(time),
    new Date(time - KEEP_SESSIONS_MS),
    new Date(time - MAX_ACCESS_TOKEN_SECONDS * 1_000),
    new Date(time - FORGOTTEN_SECONDS * 1_000),
  );
}

/** Every replica does it: the deletes of several at once find nothing twice. Returns the stop. */
export function startPruning(ctx: Pruner): () => Promise<void> {
  return repeatEvery(
    INTERVAL_MS,
    () => pruneExpired(ctx),
    error =>
      ctx.log.warn('expired rows were not deleted; the next round tries again', {
        reason: error instanceof Error ? error.message : 'unknown',
      }),
  );
}
