/** What an examination of the trail finds, with its place. */

export type FaultKind =
  /** No row is there. */
  | 'removed'
  /** The row does not say what was recorded. */
  | 'altered'
  /** As altered; it is the content, or the place, of another row. */
  | 'moved'
  /** A row that monitor never wrote there. */
  | 'inserted'
  | 'batch-removed'
  | 'batch-altered'
  /** The end of the chain, now; or when the batch that is named was added. */
  | 'head-altered'
  /** The chain once stood elsewhere than it says now. */
  | 'checkpoint-mismatch';

export interface Fault {
  readonly kind: FaultKind;
  readonly position: number;
  readonly batch: number;
}
