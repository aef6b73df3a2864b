import type { Fault } from './fault.ts';

/** Which part of the trail to examine; positions count from 1, instants are those of recording. */
export interface VerificationRange {
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly startTime: Date | undefined;
  readonly endTime: Date | undefined;
}

export interface Verification {
  /** No fault in what was examined. */
  readonly intact: boolean;
  /** Positions that were examined, in whole batches; 0 and 0 when there were none. */
  readonly first: number;
  readonly last: number;
  readonly batches: number;
  readonly records: number;
  /** Records that a signed statement says were dropped by age. */
  readonly pruned: number;
  readonly faults: readonly Fault[];
  /** There are more faults than are listed. */
  readonly more: boolean;
  /** Where to go on: the range is longer than one call examines. */
  readonly next: number | undefined;
}
