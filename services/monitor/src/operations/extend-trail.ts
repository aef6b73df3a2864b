import { AUDIT_TRAIL_QUEUE } from '@strongroom/contracts/queues';
import type { Queryable } from '@strongroom/db/database';
import { takeNew } from '@strongroom/outbox/inbox';
import { inBatches, type TrailEvent } from '../domain/trail.ts';
import { appendToChain, RecordTaken, type ChainContext } from './append-to-chain.ts';
import { rejectEvent } from './reject-event.ts';

/** Keeps each transaction well below the deadline of a statement, also when a long backlog arrives at once. */
const MAX_RECORDS = 2_000;

/**
 * Adds events to the trail in their order, each once, however often it is delivered. When the database
 * refuses the content of an event, that event alone is set aside; any other failure is the caller's to retry.
 */
export async function extendTrail(ctx: ChainContext, events: readonly TrailEvent[]): Promise<void> {
  const distinct = new Map(events.map(event => [event.id, event]));
  for (const batch of inBatches([...distinct.values()], MAX_RECORDS)) {
    try {
      await store(ctx, batch);
    } catch (error) {
      if (!isRefusedContent(error)) throw error;
      for (const event of batch) {
        await store(ctx, [event]).catch(async (cause: unknown) => {
          if (!isRefusedContent(cause)) throw cause;
          await rejectEvent(ctx, event.original, reasonOf(cause));
        });
      }
    }
  }
}

/**
 * Adds those that are new in the caller's transaction; answers how many records they had. Locks are taken in one order
 * by all: the ids of the events, sorted, in the inbox, then the head of the chain. So replicas that take overlapping
 * deliveries wait for each other and never in a circle.
 */
export async function addEvents(
  ctx: ChainContext,
  tx: Queryable,
  events: readonly TrailEvent[],
): Promise<number> {
  const isNew = await takeNew(tx, AUDIT_TRAIL_QUEUE.queue, events.map(event => event.id).sort());
  const records = events.filter(event => isNew.has(event.id)).flatMap(event => event.records);
  if (records.length > 0) await appendToChain(ctx, tx, records);
  return records.length;
}

async function store(ctx: ChainContext, events: readonly TrailEvent[]): Promise<void> {
  const stored = await ctx.db.transaction(tx => addEvents(ctx, tx, events));
  if (stored > 0) ctx.observeBatch(stored);
}

/** SQLSTATE classes that tell of the values, such as a date out of range; and a record that the trail has already. */
export const isRefusedContent = (error: unknown): error is Error =>
  error instanceof RecordTaken ||
  (error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    /^(22|54)...$/.test(error.code));

const reasonOf = (error: Error & { code?: unknown }): string =>
  error instanceof RecordTaken ? error.message : `the database refuses it (SQLSTATE ${String(error.code)})`;
