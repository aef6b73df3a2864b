import type { DeadLetter } from '@strongroom/bus/bus';
import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import type { MonitorContext } from '../context.ts';

type DeadLetterContext = Pick<MonitorContext, 'bus' | 'audit'>;

/** The oldest events that the consumer of a queue could not deal with. They stay where they are. */
export async function readDeadLetters(
  { bus, audit }: DeadLetterContext,
  caller: Caller,
  request: RequestInfo,
  { queue, limit }: { queue: string; limit: number },
): Promise<{ count: number; items: readonly DeadLetter[] }> {
  const found = await bus.deadLetters.list(queue, limit);
  await audit.write({
    type: AUDIT_EVENTS.deadLettersRead,
    caller,
    request,
    message: { queue, read: String(found.items.length) },
  });
  return found;
}

/** Gives the oldest of them to their consumer again. What does not work a second time comes back. */
export async function requeueDeadLetters(
  { bus, audit }: DeadLetterContext,
  caller: Caller,
  request: RequestInfo,
  { queue, limit }: { queue: string; limit: number },
): Promise<number> {
  // Before the act: the broker knows nothing of our transactions, and no act may go without its record.
  await audit.write({
    type: AUDIT_EVENTS.deadLettersRequeued,
    caller,
    request,
    message: { queue, limit: String(limit) },
  });
  return bus.deadLetters.requeue(queue, limit);
}
