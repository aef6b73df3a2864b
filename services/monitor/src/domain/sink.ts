import type { PlacedRecord } from './trail-line.ts';

/** A receiver of the trail outside of the platform. */
export interface Sink {
  /** Under which its place in the trail is kept. */
  readonly name: 'syslog' | 'http';
  /** The most records that it is given at once. */
  readonly batchSize: number;
  /** Resolves when the receiver has taken all of them, in order; rejects when that is not certain. */
  readonly deliver: (records: readonly PlacedRecord[], signal: AbortSignal) => Promise<void>;
  readonly close: () => Promise<void>;
}
