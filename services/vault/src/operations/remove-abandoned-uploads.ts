import { repeatEvery } from '@strongroom/service/repeat-every';
import type { VaultContext } from '../context.ts';
import { removeAbandonedUploads as removeRows } from '../store/files.ts';

const INTERVAL_MS = 300_000;
/** Longer than any upload takes: the server gives a request five minutes to come. */
const ABANDONED_MS = 900_000;

/** Removes what uploads have left whose process ended before they did. Returns how many. */
export const removeAbandonedUploads = ({ db, now }: Pick<VaultContext, 'db' | 'now'>): Promise<number> =>
  removeRows(db, new Date(now().getTime() - ABANDONED_MS));

/** Every replica does it: the deletes of several at once find nothing twice. Returns the stop. */
export function startRemovingUploads(ctx: Pick<VaultContext, 'db' | 'now' | 'log'>): () => Promise<void> {
  return repeatEvery(
    INTERVAL_MS,
    () => removeAbandonedUploads(ctx),
    error => ctx.log.error('abandoned uploads were not removed; the next round tries again', error),
  );
}
