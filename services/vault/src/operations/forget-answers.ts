import { repeatEvery } from '@strongroom/service/repeat-every';
import type { VaultContext } from '../context.ts';
import { pruneAnswers } from '../store/idempotency-keys.ts';

const INTERVAL_MS = 600_000;
const KEEP_MS = 86_400_000;

/** Forgets the answers of requests with an idempotency key after a day. */
export const forgetAnswers = ({ db, now }: Pick<VaultContext, 'db' | 'now'>): Promise<number> =>
  pruneAnswers(db, new Date(now().getTime() - KEEP_MS));

/** Every replica does it: the deletes of several at once find nothing twice. Returns the stop. */
export function startForgetting(ctx: Pick<VaultContext, 'db' | 'now' | 'log'>): () => Promise<void> {
  return repeatEvery(
    INTERVAL_MS,
    () => forgetAnswers(ctx),
    error => ctx.log.error('old idempotency keys were not deleted; the next round tries again', error),
  );
}
