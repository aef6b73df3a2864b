import { setTimeout as delay } from 'node:timers/promises';
import { ROTATIONS_QUEUE } from '@strongroom/contracts/queues';
import { repeatEvery } from '@strongroom/service/repeat-every';
import type { SecretsManagerContext } from '../context.ts';
import type { Rotation } from '../domain/rotation.ts';
import { carryOutRotation } from '../operations/carry-out-rotation.ts';
import { ClaimLost, HOLD_MS } from '../operations/rotation-context.ts';
import { claimNextRotation, countRotations } from '../store/rotations.ts';

/** What no event tells of: retries whose time has come, replicas that died, events that were lost. */
const LOOK_MS = 5_000;
/** A replica without room leaves an event to others for so long; then its row speaks for itself. */
const ROOM_MS = 1_000;
/** A stop waits for what is under way, then breaks it off; what that leaves in doubt is settled by others. */
const FINISH_MS = 4_000;
const BREAK_OFF_MS = 3_000;

/**
 * Carries out rotations that are due, several at once so that a slow host holds up no other. Events say that there is
 * something to do; what, and who does it, is decided by claiming rows, so an event that comes twice, or never, does no harm.
 */
export async function startRotator(ctx: SecretsManagerContext): Promise<{ stop: () => Promise<void> }> {
  const stopping = new AbortController();
  const breakOff = new AbortController();
  const running = new Set<Promise<void>>();
  const hasRoom = () => running.size < ctx.rotation.concurrency;
  let filling: Promise<void> | undefined;
  measure(ctx, () => running.size);

  const refill = () => {
    fill().catch((error: unknown) => ctx.log.error('no rotation could be claimed', error));
  };

  async function claimAll(): Promise<void> {
    while (hasRoom() && !stopping.signal.aborted) {
      const rotation = await claimNextRotation(ctx.db, HOLD_MS);
      if (rotation === undefined) return;
      const run = carryOut(ctx, rotation, breakOff.signal).finally(() => {
        running.delete(run);
        refill();
      });
      running.add(run);
    }
  }

  /** One at a time: two could overrun the room together. */
  function fill(): Promise<void> {
    filling ??= claimAll().finally(() => (filling = undefined));
    return filling;
  }

  const unsubscribe = await ctx.bus.subscribe({
    queue: ROTATIONS_QUEUE.queue,
    types: ROTATIONS_QUEUE.types,
    batchSize: ctx.rotation.concurrency,
    async handle() {
      // A look that is under way may have begun before this event's row was there.
      await filling?.catch(() => undefined);
      if (!hasRoom()) await Promise.race([...running, delay(ROOM_MS, undefined, { ref: false })]);
      await fill();
    },
  });
  const stopLooking = repeatEvery(LOOK_MS, fill, error =>
    ctx.log.error('no rotation could be claimed', error),
  );

  return {
    async stop() {
      stopping.abort();
      await unsubscribe();
      await stopLooking();
      await filling?.catch(() => undefined);
      const ended = Promise.all(running);
      await Promise.race([ended, delay(FINISH_MS, undefined, { ref: false })]);
      breakOff.abort();
      await Promise.race([ended, delay(BREAK_OFF_MS, undefined, { ref: false })]);
    },
  };
}

/** Never rejects: a rotation that was left anywhere is claimed again when its time has come. */
async function carryOut(ctx: SecretsManagerContext, rotation: Rotation, signal: AbortSignal): Promise<void> {
  try {
    await carryOutRotation(ctx, rotation, signal);
  } catch (error) {
    const fields = { rotation: rotation.id };
    if (error instanceof ClaimLost) ctx.log.info('a rotation is carried on by another replica', fields);
    else ctx.log.with(fields).error('a rotation was left for later', error);
  }
}

function measure({ db, metrics }: SecretsManagerContext, running: () => number): void {
  metrics.gauge('strongroom_rotations_running', 'Rotations that this replica carries out now', running);
  metrics.gauge(
    'strongroom_rotations_due',
    'Rotations whose time has come and that nobody carries out',
    async () => (await countRotations(db)).due,
  );
  metrics.gauge(
    'strongroom_rotations_unsettled',
    'Accounts of which it is not known which of two passwords they have',
    async () => (await countRotations(db)).unsettled,
  );
}
