import { repeatEvery } from '@strongroom/service/repeat-every';
import type { SecretsManagerContext } from '../context.ts';
import { pruneRotations } from '../store/rotations.ts';

const INTERVAL_MS = 600_000;
const KEPT_MS = 90 * 86_400_000;
const AT_ONCE = 1_000;

/** Forgets rotations that ended a quarter of a year ago; the trail keeps what is on record of them. */
export async function forgetRotations({ db, now }: Pick<SecretsManagerContext, 'db' | 'now'>): Promise<void> {
  const endedBefore = new Date(now().getTime() - KEPT_MS);
  while ((await pruneRotations(db, endedBefore, AT_ONCE)) === AT_ONCE);
}

/** Every replica does it: what one deletes, the others pass over. Returns the stop. */
export function startForgettingRotations(
  ctx: Pick<SecretsManagerContext, 'db' | 'now' | 'log'>,
): () => Promise<void> {
  return repeatEvery(
    INTERVAL_MS,
    () => forgetRotations(ctx),
    error => ctx.log.error('old rotations were not deleted; the next round tries again', error),
  );
}
