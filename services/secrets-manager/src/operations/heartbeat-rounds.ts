import { AppError } from '@strongroom/errors/app-error';
import { repeatEvery } from '@strongroom/service/repeat-every';
import type { SecretsManagerContext } from '../context.ts';
import type { AccountKey } from '../domain/account-path.ts';
import { findDueHeartbeats } from '../store/heartbeats.ts';
import { TargetError } from '../targets/target-error.ts';
import { beat } from './heartbeat.ts';

/** A round leaves the rest to the next one. */
const MOST_OF_A_ROUND = 500;

/** Makes the heartbeats that are due, as many at once as rotations. Returns how many it made. */
export async function makeHeartbeats(ctx: SecretsManagerContext, signal: AbortSignal): Promise<number> {
  const due = await findDueHeartbeats(ctx.db, ctx.now(), MOST_OF_A_ROUND);
  let made = 0;
  const work = async () => {
    for (let next = due.shift(); next !== undefined && !signal.aborted; next = due.shift()) {
      if (await tryBeat(ctx, next, signal)) made += 1;
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: ctx.rotation.concurrency }, work));
  const failed = ends.find(end => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return made;
}

/** False: another replica made it, or the account is gone, switched off or busy by now. */
async function tryBeat(ctx: SecretsManagerContext, key: AccountKey, signal: AbortSignal): Promise<boolean> {
  try {
    return (await beat(ctx, key, { dueAt: ctx.now(), signal })) !== undefined;
  } catch (error) {
    if (error instanceof TargetError && error.reason === 'aborted') return false;
    if (error instanceof AppError && (error.kind === 'not_found' || error.kind === 'conflict')) return false;
    throw error;
  }
}

/** Every replica does it: of several that take up one account, one makes its heartbeat. Returns the stop. */
export function startHeartbeats(ctx: SecretsManagerContext): () => Promise<void> {
  const stopping = new AbortController();
  const stop = repeatEvery(
    ctx.rotation.tickMs,
    () => makeHeartbeats(ctx, stopping.signal),
    error => ctx.log.error('heartbeats could not be made; the next round tries again', error),
  );
  return async () => {
    stopping.abort();
    await stop();
  };
}
