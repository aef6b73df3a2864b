import type { SecretsManagerContext } from '../context.ts';
import { advanceRotation, type Advance } from '../store/rotations.ts';
import type { Rotation } from '../domain/rotation.ts';
import type { Queryable } from '@strongroom/db/database';

/** Another replica has claimed the rotation since; what it does counts. */
export class ClaimLost extends Error {
  override readonly name = 'ClaimLost';

  constructor() {
    super('the rotation was claimed by another replica');
  }
}

/** Longer than all calls to vault that lie between two steps take at most. */
export const HOLD_MS = 60_000;

/** What was begun on a host has ended once the deadline has passed twice (docs/adr/0031-targets.md); and some. */
export const busyMs = ({ rotation }: Pick<SecretsManagerContext, 'rotation'>): number =>
  2 * rotation.deadlineMs + 2_000;

export async function advance(tx: Queryable, rotation: Rotation, to: Advance): Promise<void> {
  if (!(await advanceRotation(tx, rotation, to))) throw new ClaimLost();
}
