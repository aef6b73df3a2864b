import type { MonitorContext } from '../context.ts';
import { insertRejectedEvent } from '../store/rejected-events.ts';

/** Sets an event aside that no retry could make valid, so that it blocks no other and is not lost. */
export async function rejectEvent(
  ctx: Pick<MonitorContext, 'db' | 'log' | 'now'>,
  event: unknown,
  reason: string,
): Promise<void> {
  await insertRejectedEvent(ctx.db, { event, reason, receivedAt: ctx.now() });
  ctx.log.error('an audit event was rejected; it is kept in rejected_events', undefined, { reason });
}
