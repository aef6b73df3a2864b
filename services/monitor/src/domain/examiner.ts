import { sameMac } from '@strongroom/crypto/mac';
import type { BatchContent, HeadContent, RowContent } from './canonical.ts';
import { digestOf, isAuthentic, NO_BATCH, type Chain, type Sealed } from './chain.ts';
import type { Fault } from './fault.ts';
import { findMoved } from './moved-rows.ts';

/** More faults than these are told by `isFull` alone: who removed a million rows need not have them listed. */
export const MAX_FAULTS = 100;

/** Where an examination begins, and what comes next there. */
export interface Start {
  readonly number: number;
  readonly position: number;
  /** The MAC of the batch before; undefined: unknown. */
  readonly previousMac: Uint8Array | undefined;
}

/**
 * Goes along the trail and finds what is not as monitor wrote it. Batches and rows are given in order: a batch is
 * opened, its rows are taken, it is closed. Rows prove themselves by their own MACs, so that the place of a fault is
 * known; batches prove that the rows are all and the right ones; the head, that the batches are.
 */
export interface Examiner {
  /** The last position whose rows belong here; undefined: the batch cannot be trusted, the next one covers its rows. */
  readonly openBatch: (batch: Sealed<BatchContent>, isPruned: boolean) => number | undefined;
  readonly takeRow: (row: Sealed<RowContent>) => void;
  readonly closeBatch: () => void;
  /** Ends an examination before the end of the chain: all rows to `last` were taken; the batch after it is this one. */
  readonly stopAt: (last: number, nextNumber: number) => void;
  /** Compares the end with what the head says; all rows there are were taken. */
  readonly finish: (head: Sealed<HeadContent> | undefined) => void;
  readonly note: (fault: Fault) => void;
  readonly faults: () => readonly Fault[];
  readonly isFull: () => boolean;
  /** The position that must come next. */
  readonly position: () => number;
  readonly counts: () => { readonly batches: number; readonly records: number; readonly pruned: number };
}

export function createExaminer(chain: Chain, start: Start): Examiner {
  const faults: Fault[] = [];
  const suspects: Sealed<RowContent>[] = [];
  const counts = { batches: 0, records: 0, pruned: 0 };
  let isFull = false;
  let next = { ...start };
  /** The last batch that was not opened. */
  let distrusted: number | undefined;
  let open:
    { batch: Sealed<BatchContent>; isPruned: boolean; macs: Uint8Array[]; isWhole: boolean } | undefined;

  function note(fault: Fault): void {
    if (faults.length < MAX_FAULTS) faults.push(fault);
    else isFull = true;
  }

  /** Rows that should be there, from the next position up to this one. */
  function noteMissing(last: number): void {
    for (; next.position <= last && !isFull; next.position += 1) {
      note({ kind: 'removed', position: next.position, batch: batchAt(next.position) });
    }
    next.position = Math.max(next.position, last + 1);
  }

  /** A position ahead of the open batch is of a batch before it, which is gone or cannot be trusted. */
  const batchAt = (position: number): number => {
    if (open === undefined) return distrusted ?? next.number;
    return position < open.batch.firstPosition ? (distrusted ?? open.batch.number - 1) : open.batch.number;
  };

  return {
    openBatch(batch, isPruned) {
      const at = { position: batch.firstPosition, batch: batch.number };
      counts.batches += 1;
      if (batch.number !== next.number) {
        note({ kind: 'batch-removed', position: next.position, batch: next.number });
      }
      const follows = batch.number === next.number ? next.previousMac : undefined;
      next = { number: batch.number + 1, position: next.position, previousMac: batch.mac };
      if (!sameMac(batch.mac, chain.batchMac(batch))) {
        // What follows names the true MAC of this one, which is unknown.
        next.previousMac = undefined;
        distrusted = batch.number;
        note({ kind: 'batch-altered', ...at });
        return undefined;
      }
      if (batch.number > 1 && sameMac(batch.previousMac, NO_BATCH)) note({ kind: 'head-altered', ...at });
      else if (follows !== undefined && !sameMac(batch.previousMac, follows)) {
        note({ kind: 'batch-altered', position: at.position, batch: batch.number - 1 });
      }
      open = { batch, isPruned, macs: [], isWhole: true };
      return batch.firstPosition + batch.recordCount - 1;
    },

    takeRow(row) {
      const { position } = row;
      counts.records += 1;
      if (position < next.position) {
        note({ kind: 'inserted', position, batch: batchAt(position) });
        return;
      }
      if (position > next.position) {
        if (open?.isPruned === true) next.position = position;
        else {
          noteMissing(position - 1);
          if (open !== undefined) open.isWhole = false;
        }
      }
      next.position = position + 1;
      const isTrue = sameMac(row.mac, chain.rowMac(row));
      if (!isTrue) {
        note({ kind: 'altered', position, batch: batchAt(position) });
        if (suspects.length < MAX_FAULTS) suspects.push(row);
      }
      if (open !== undefined && position >= open.batch.firstPosition) {
        if (isTrue) open.macs.push(row.mac);
        else open.isWhole = false;
      }
    },

    closeBatch() {
      if (open === undefined) return;
      const { batch, isPruned, macs } = open;
      const last = batch.firstPosition + batch.recordCount - 1;
      const missing = Math.max(0, last - next.position + 1);
      if (isPruned) {
        counts.pruned += batch.recordCount - macs.length;
        next.position = Math.max(next.position, last + 1);
      } else {
        noteMissing(last);
        // Rows that are all there and all true, and yet not those of the batch.
        if (open.isWhole && missing === 0 && !sameMac(batch.rowsDigest, digestOf(macs))) {
          note({ kind: 'batch-altered', position: batch.firstPosition, batch: batch.number });
        }
      }
      open = undefined;
      distrusted = undefined;
    },

    stopAt(last, nextNumber) {
      if (nextNumber !== next.number) {
        note({ kind: 'batch-removed', position: next.position, batch: next.number });
      }
      noteMissing(last);
    },

    finish(head) {
      const at = { position: next.position, batch: next.number };
      if (head === undefined || !isAuthentic(chain, head)) {
        note({ kind: 'head-altered', position: next.position - 1, batch: next.number - 1 });
        return;
      }
      if (head.number >= next.number) {
        note({ kind: 'batch-removed', ...at });
        noteMissing(head.position);
        return;
      }
      noteMissing(head.position);
      const isEnd =
        head.number === next.number - 1 &&
        (next.previousMac === undefined || sameMac(head.batchMac, next.previousMac));
      if (!isEnd) note({ kind: 'head-altered', position: head.position, batch: head.number });
    },

    note,
    faults: () => findMoved(chain, faults, suspects),
    isFull: () => isFull,
    position: () => next.position,
    counts: () => counts,
  };
}
