import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import type { Queryable } from '@strongroom/db/database';
import { invalidField } from '@strongroom/errors/common-errors';
import type { MonitorContext } from '../context.ts';
import type { BatchContent, HeadContent, RowContent } from '../domain/canonical.ts';
import { NO_BATCH, type Sealed } from '../domain/chain.ts';
import { createExaminer, type Examiner, type Start } from '../domain/examiner.ts';
import type { Checkpoint, Pruning } from '../domain/statements.ts';
import type { Verification, VerificationRange } from '../domain/verification.ts';
import { findPositionsRecorded, findStartBatch, readBatches, readHead } from '../store/chain.ts';
import { findPrunings } from '../store/prunings.ts';
import { readRows } from '../store/trail-rows.ts';
import { compareCheckpoints, compareStoredCheckpoints } from './compare-checkpoints.ts';

type VerificationContext = Pick<MonitorContext, 'db' | 'chain' | 'statements'>;

/** Rows and batches that one call examines, so that it is answered within any deadline on the way. */
const AT_ONCE = 50_000;
const BATCHES_AT_ONCE = 500;

/** Examines a range of the trail for somebody. Resolves only when the record of it is durable. */
export async function verifyTrail(
  ctx: VerificationContext & Pick<MonitorContext, 'audit' | 'log'>,
  caller: Caller,
  request: RequestInfo,
  range: VerificationRange,
  statements: readonly string[],
): Promise<Verification> {
  const checkpoints = await readGiven(ctx, statements);
  const found = await examineTrail(ctx, range, checkpoints);
  const message = {
    first: String(found.first),
    last: String(found.last),
    intact: String(found.intact),
    faults: String(found.faults.length),
    checkpoints: String(checkpoints.length),
  };
  await ctx.audit.write({ type: AUDIT_EVENTS.auditTrailVerified, caller, request, message });
  if (!found.intact) ctx.log.error('the audit trail is not as it was written', undefined, message);
  return found;
}

async function readGiven(
  { statements }: Pick<MonitorContext, 'statements'>,
  given: readonly string[],
): Promise<Checkpoint[]> {
  const checkpoints: Checkpoint[] = [];
  for (const [index, statement] of given.entries()) {
    const checkpoint = await statements.readCheckpoint(statement);
    if (checkpoint === undefined) {
      const property = `checkpoints.${index}`;
      throw invalidField(property, `${property} is no checkpoint that this trail's key has signed`);
    }
    checkpoints.push(checkpoint);
  }
  return checkpoints;
}

/** The trail may grow meanwhile: all is read in one snapshot, in pages, each within the deadline of a statement. */
export const examineTrail = (
  ctx: VerificationContext,
  range: VerificationRange,
  checkpoints: readonly Checkpoint[],
  atOnce = AT_ONCE,
): Promise<Verification> =>
  ctx.db.transaction(async tx => {
    await tx.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
    const head = await readHead(tx);
    const { from, to } = await toPositions(tx, range);
    const start = await findStart(tx, from);
    const prunings = await readPrunings(ctx, tx);
    const examiner = createExaminer(ctx.chain, start);
    const isEnd = await walk(tx, examiner, { start, to, head, prunings, atOnce });
    const { batches, records, pruned } = examiner.counts();
    const last = examiner.position() - 1;
    await compareStoredCheckpoints(ctx, tx, examiner, {
      from: start.position === 1 ? undefined : start.position,
      to: isEnd ? undefined : last,
    });
    await compareCheckpoints(tx, examiner, checkpoints);
    const faults = examiner.faults();
    const isDone = isEnd || (to !== undefined && last >= to);
    return {
      intact: faults.length === 0,
      first: last < start.position ? 0 : start.position,
      last: last < start.position ? 0 : last,
      batches,
      records,
      pruned,
      faults,
      more: examiner.isFull(),
      next: isDone ? undefined : last + 1,
    };
  });

async function toPositions(
  tx: Queryable,
  range: VerificationRange,
): Promise<{ from: number; to: number | undefined }> {
  const recorded = await findPositionsRecorded(tx, range.startTime, range.endTime);
  const from = Math.max(range.from ?? 1, recorded.from ?? 1);
  const ends = [range.to, recorded.to].filter(end => end !== undefined);
  return { from, to: ends.length === 0 ? undefined : Math.min(...ends) };
}

/** The batch that covers a position, and what the one before it says it must follow. */
async function findStart(tx: Queryable, from: number): Promise<Start> {
  const found = from === 1 ? [] : await findStartBatch(tx, from);
  const [batch, before] = found;
  if (batch === undefined)
    return { number: 1, position: from, previousMac: from === 1 ? NO_BATCH : undefined };
  // The batch that covered it is gone.
  if (lastOf(batch) < from) return { number: batch.number + 1, position: from, previousMac: batch.mac };
  const previousMac = batch.number === 1 ? NO_BATCH : before?.mac;
  return { number: batch.number, position: batch.firstPosition, previousMac };
}

const lastOf = (batch: BatchContent): number => batch.firstPosition + batch.recordCount - 1;

/** Statements that hold. A row without a true one covers nothing: what it says was dropped, was removed. */
async function readPrunings(ctx: VerificationContext, tx: Queryable): Promise<Pruning[]> {
  const read = await Promise.all(
    (await findPrunings(tx)).map(row => ctx.statements.readPruning(row.statement)),
  );
  return read.filter(pruning => pruning !== undefined);
}

interface Walk {
  start: Start;
  to: number | undefined;
  head: Sealed<HeadContent> | undefined;
  prunings: readonly Pruning[];
  atOnce: number;
}

/** True when it came to the end of the chain. */
async function walk(
  tx: Queryable,
  examiner: Examiner,
  { start, to, head, prunings, atOnce }: Walk,
): Promise<boolean> {
  // Before the first position nothing may be.
  const rows = createRowQueue(tx, start.position === 1 ? Number.MIN_SAFE_INTEGER : start.position);
  const isEnough = (): boolean => {
    const { batches, records } = examiner.counts();
    return batches + records >= atOnce || examiner.isFull();
  };
  /** False: too many rows belong to batches that are gone; the rest is for the next call. */
  const takeRows = async (last: number): Promise<boolean> => {
    for (let row = await rows.peek(); row !== undefined && row.position <= last; row = await rows.peek()) {
      if (examiner.counts().records >= 2 * atOnce) return false;
      examiner.takeRow(row);
      rows.drop();
    }
    return true;
  };

  for await (const batch of batchesFrom(tx, start.number)) {
    if (isEnough()) return false;
    if (to !== undefined && batch.firstPosition > to) {
      if (await takeRows(to)) examiner.stopAt(to, batch.number);
      return false;
    }
    const last = examiner.openBatch(batch, isCovered(prunings, batch.number));
    if (last === undefined) continue;
    if (!(await takeRows(last))) return false;
    examiner.closeBatch();
  }
  if (!(await takeRows(head?.position ?? Infinity))) return false;
  for (let row = await rows.peek(); row !== undefined && !examiner.isFull(); row = await rows.peek()) {
    examiner.note({ kind: 'inserted', position: row.position, batch: head?.number ?? 0 });
    rows.drop();
  }
  examiner.finish(head);
  return true;
}

const isCovered = (prunings: readonly Pruning[], number: number): boolean =>
  prunings.some(({ firstNumber, lastNumber }) => number >= firstNumber && number <= lastNumber);

async function* batchesFrom(tx: Queryable, number: number): AsyncGenerator<Sealed<BatchContent>> {
  for (let next = number; ;) {
    const batches = await readBatches(tx, next, BATCHES_AT_ONCE);
    yield* batches;
    const last = batches.at(-1);
    if (last === undefined) return;
    next = last.number + 1;
  }
}

/** Pages of rows, one row at a time: most rows are there without waiting. */
function createRowQueue(tx: Queryable, position: number) {
  const pages = readRows(tx, position);
  let page: readonly Sealed<RowContent>[] = [];
  let index = 0;
  return {
    async peek(): Promise<Sealed<RowContent> | undefined> {
      if (index === page.length) {
        const next = await pages.next();
        if (next.done === true) return undefined;
        page = next.value;
        index = 0;
      }
      return page[index];
    },
    drop(): void {
      index += 1;
    },
  };
}
