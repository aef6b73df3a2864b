/** One record of the trail, ready to be stored. */
export interface TrailRecord {
  readonly id: string;
  readonly created: Date;
  readonly service: string;
  readonly code: number;
  readonly name: string;
  readonly message: Readonly<Record<string, string>>;
}

/** What one event of a service brings. */
export interface TrailEvent {
  readonly id: string;
  /** As it came, to be kept whole when the trail cannot take it. */
  readonly original: unknown;
  readonly records: readonly TrailRecord[];
}

/** One record as readers see it. */
export interface AuditEvent {
  readonly created: Date;
  readonly service: string;
  readonly code: number;
  readonly name: string;
  readonly message: Readonly<Record<string, string>>;
}

/**
 * Whole events in runs of at most `maxRecords` records, so that no transaction grows with the backlog. An
 * event with more records than that is a run of its own.
 */
export function* inBatches(events: readonly TrailEvent[], maxRecords: number): Generator<TrailEvent[]> {
  let batch: TrailEvent[] = [];
  let size = 0;
  for (const event of events) {
    if (batch.length > 0 && size + event.records.length > maxRecords) {
      yield batch;
      batch = [];
      size = 0;
    }
    batch.push(event);
    size += event.records.length;
  }
  if (batch.length > 0) yield batch;
}
