import { AUDIT_TRAIL_QUEUE } from '@strongroom/contracts/queues';
import { takeNew } from '@strongroom/outbox/inbox';
import type { MonitorContext } from '../context.ts';
import { inBatches, type TrailEvent } from '../domain/trail.ts';
import { insertAuditEvents } from '../store/audit-events.ts';
import { rejectEvent } from './reject-event.ts';

/** Keeps each transaction well below the deadline of a statement, also when a long backlog arrives at once. */
const MAX_RECORDS = 2_000;

/**
 * Adds events to the trail in their order, each once, however often it is delivered. When the database
 * refuses the content of an event, that event alone is set aside; any other failure is the caller's to retry.
 */
export async function extendTrail(
  ctx: Pick<MonitorContext, 'db' | 'log' | 'now'>,
  events: readonly TrailEvent[],
): Promise<void> {
  const distinct = new Map(events.map(event => [event.id, event]));
  for (const batch of inBatches([...distinct.values()], MAX_RECORDS)) {
    try {
      await store(ctx, batch);
    } catch (error) {
      if (!isRefusedContent(error)) throw error;
      for (const event of batch) {
        await store(ctx, [event]).catch(async (cause: unknown) => {
          if (!isRefusedContent(cause)) throw cause;
          await rejectEvent(ctx, event, `the database refuses it (SQLSTATE ${cause.code})`);
        });
      }
    }
  }
}

const store = (ctx: Pick<MonitorContext, 'db'>, events: readonly TrailEvent[]): Promise<void> =>
  ctx.db.transaction(async tx => {
    const isNew = await takeNew(
      tx,
      AUDIT_TRAIL_QUEUE.queue,
      events.map(event => event.id),
    );
    const records = events.filter(event => isNew.has(event.id)).flatMap(event => event.records);
    if (records.length > 0) await insertAuditEvents(tx, records);
  });

/** SQLSTATE classes that tell of the values, such as a date out of range or the id of a record that is there. */
const isRefusedContent = (error: unknown): error is Error & { code: string } =>
  error instanceof Error &&
  'code' in error &&
  typeof error.code === 'string' &&
  /^(22|23|54)...$/.test(error.code);
