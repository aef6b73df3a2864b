import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import type { MonitorContext } from '../context.ts';
import type { TrailEvent } from '../domain/trail.ts';
import {
  deleteRejectedEvent,
  listRejectedEvents,
  type RejectedEvent,
  type RejectedPage,
} from '../store/rejected-events.ts';
import type { ChainContext } from './append-to-chain.ts';
import { addEvents, isRefusedContent } from './extend-trail.ts';

/** Reads a stored event as the consumer of the trail does. */
export type ParseAuditEvent = (event: unknown) => TrailEvent | { reason: string };

export async function readRejectedEvents(
  { db, audit }: Pick<MonitorContext, 'db' | 'audit'>,
  caller: Caller,
  request: RequestInfo,
  page: RejectedPage,
): Promise<{ count: number; events: readonly RejectedEvent[] }> {
  const found = await listRejectedEvents(db, page);
  await audit.write({
    type: AUDIT_EVENTS.rejectedEventsRead,
    caller,
    request,
    message: { offset: String(page.offset), read: String(found.events.length) },
  });
  return found;
}

/**
 * Tries the oldest again, each by itself: after an upgrade the trail may take what it refused. One that it takes is set
 * aside no longer, in the same transaction; one that it has by now, too.
 */
export async function retryRejectedEvents(
  ctx: ChainContext & Pick<MonitorContext, 'audit'>,
  parse: ParseAuditEvent,
  caller: Caller,
  request: RequestInfo,
  limit: number,
): Promise<{ added: number; rejected: number }> {
  await ctx.audit.write({
    type: AUDIT_EVENTS.rejectedEventsRetried,
    caller,
    request,
    message: { limit: String(limit) },
  });
  const { events } = await listRejectedEvents(ctx.db, { offset: 0, limit });
  let added = 0;
  for (const event of events) if (await retry(ctx, parse, event)) added += 1;
  return { added, rejected: events.length - added };
}

async function retry(
  ctx: ChainContext,
  parse: ParseAuditEvent,
  { id, event }: RejectedEvent,
): Promise<boolean> {
  const parsed = parse(event);
  if ('reason' in parsed) return false;
  try {
    await ctx.db.transaction(async tx => {
      await addEvents(ctx, tx, [parsed]);
      await deleteRejectedEvent(tx, id);
    });
    return true;
  } catch (error) {
    if (isRefusedContent(error)) return false;
    throw error;
  }
}
