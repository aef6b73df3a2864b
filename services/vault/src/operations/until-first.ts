import { writeConflict } from '../domain/errors.ts';

/** In each round at least one writer wins, so as many rounds as there may be writers at once are enough. */
const MAX_ROUNDS = 64;

/**
 * Repeats an optimistic write, each time on what it then finds, until no other writer was first; resolves with what
 * the last attempt came to.
 */
export async function untilFirst<T>(attempt: () => Promise<T | false | undefined>): Promise<T> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const result = await attempt();
    if (result !== false && result !== undefined) return result;
  }
  throw writeConflict();
}
