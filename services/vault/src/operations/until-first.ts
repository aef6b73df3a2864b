import { writeConflict } from '../domain/errors.ts';

/** In each round at least one writer wins, so as many rounds as there may be writers at once are enough. */
const MAX_ROUNDS = 64;

/** Repeats an optimistic write, each time on what it then finds, until no other writer was first. */
export async function untilFirst(attempt: () => Promise<boolean>): Promise<void> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) if (await attempt()) return;
  throw writeConflict();
}
