import type { Queryable } from '@strongroom/db/database';
import type { MonitorContext } from '../context.ts';
import type { HeadContent } from '../domain/canonical.ts';
import { EMPTY_HEAD, extendChain, isAuthentic, NO_BATCH } from '../domain/chain.ts';
import type { TrailRecord } from '../domain/trail.ts';
import { isAnyTaken } from '../store/audit-events.ts';
import { findEnd, insertBatch, insertHead, lockHead } from '../store/chain.ts';

export type ChainContext = Pick<MonitorContext, 'db' | 'log' | 'now' | 'chain' | 'observeBatch'>;

/** How far back a record's id is looked for. The inbox knows second deliveries; this is for a service that errs. */
const SAME_ID_MS = 31 * 86_400_000;

/** The trail has a record of this id already, from another event: the first one stays. */
export class RecordTaken extends Error {
  override readonly name = 'RecordTaken';
}

/** Adds the records as one batch. The caller's transaction then holds the lock of the head until it ends. */
export async function appendToChain(
  ctx: ChainContext,
  tx: Queryable,
  records: readonly TrailRecord[],
): Promise<void> {
  const head = await takeHead(ctx, tx);
  const ids = new Set(records.map(record => record.id));
  if (ids.size < records.length) throw new RecordTaken('a record occurs twice in one delivery');
  const now = ctx.now();
  if (await isAnyTaken(tx, [...ids], new Date(now.getTime() - SAME_ID_MS))) {
    throw new RecordTaken('the trail has a record of it already, from another event');
  }
  await insertBatch(tx, extendChain(ctx.chain, head, records, now));
}

/**
 * The end of the chain, locked. When somebody altered or removed it, the trail must grow all the same: it goes on after
 * the last row that is there, and the batch that follows names none before it, which `verify` reports for ever.
 */
async function takeHead(ctx: ChainContext, tx: Queryable): Promise<HeadContent> {
  const head = await lockHead(tx);
  if (head !== undefined && isAuthentic(ctx.chain, head)) return head;
  ctx.log.error('the end of the audit chain was altered; the trail goes on behind it, and verify will tell');
  // A row to lock must be there, so that replicas do not do this at once.
  if (head === undefined) {
    await insertHead(tx, { ...EMPTY_HEAD, mac: NO_BATCH });
    const other = await lockHead(tx);
    if (other !== undefined && isAuthentic(ctx.chain, other)) return other;
  }
  return { ...EMPTY_HEAD, ...(await findEnd(tx)) };
}
