import { leadJob } from '@strongroom/db/leader';
import type { MonitorContext } from '../context.ts';
import type { Sink } from '../domain/sink.ts';
import type { PlacedRecord } from '../domain/trail-line.ts';
import { findHead } from '../store/audit-events.ts';
import { readTrailAfter } from '../store/trail-records.ts';
import { moveSink, openSink } from '../store/trail-sinks.ts';

export type ForwardContext = Pick<MonitorContext, 'db' | 'databaseSettings' | 'log' | 'now'>;

export interface ForwarderOptions {
  /** Where a sink begins that is new. */
  readonly from: 'now' | 'beginning';
  readonly onTaken: (count: number) => void;
  readonly onFailure: () => void;
  /** Backup for a lost wake-up. */
  readonly pollMs?: number;
  /** Between two runs, so that a busy trail goes out in few large pieces. */
  readonly restMs?: number;
  /** After the first failure; doubled by each that follows, up to a minute. */
  readonly backoffMs?: number;
}

export interface Forwarder {
  /** There may be something new. Cheap. */
  wake: () => void;
  stop: () => Promise<void>;
}

const MAX_BACKOFF_MS = 60_000;

/**
 * Gives the trail to a sink, in order, every record at least once: read behind the sink's position, deliver, move the
 * position. One replica does so at a time, elected for this sink; one that dies in between is followed by another
 * from the same position. A sink that is down costs a try a minute and holds up nobody.
 */
export function startForwarder(ctx: ForwardContext, sink: Sink, options: ForwarderOptions): Forwarder {
  const { from, onTaken, onFailure, pollMs = 5_000, restMs = 1_000, backoffMs = 1_000 } = options;
  const { db, log } = ctx;
  const stopping = new AbortController();
  let running: Promise<void> | undefined;
  let resting: NodeJS.Timeout | undefined;
  let again = false;
  let failures = 0;

  const leadership = leadJob(
    {
      settings: ctx.databaseSettings,
      job: `forward-${sink.name}`,
      channel: `forward_${sink.name}`,
      retryMs: pollMs,
      log,
    },
    wake,
  );
  const poll = setInterval(wake, pollMs);

  function wake(): void {
    if (stopping.signal.aborted || !leadership.isLeader) return;
    again = true;
    if (resting === undefined) running ??= run();
  }

  async function run(): Promise<void> {
    again = false;
    try {
      await forward();
      rest(restMs);
    } catch (error) {
      if (!stopping.signal.aborted) noteFailure(error);
    } finally {
      running = undefined;
    }
  }

  function rest(ms: number): void {
    if (stopping.signal.aborted) return;
    resting = setTimeout(() => {
      resting = undefined;
      if (again) wake();
    }, ms);
  }

  function noteFailure(error: unknown): void {
    failures += 1;
    onFailure();
    // Once an outage, not once a try.
    if (failures === 1) log.error('the trail could not be forwarded; trying on', error, { sink: sink.name });
    again = true;
    rest(Math.min(backoffMs * 2 ** (failures - 1), MAX_BACKOFF_MS));
  }

  function noteSuccess(records: readonly PlacedRecord[]): void {
    if (failures > 0) log.info('the trail is forwarded again', { sink: sink.name, failures });
    failures = 0;
    onTaken(records.length);
  }

  async function forward(): Promise<void> {
    const start = from === 'now' ? await findHead(db) : 0;
    // Read anew in each run: another replica may have led in between.
    let position = await openSink(db, sink.name, start, ctx.now());
    for (;;) {
      const records = await readTrailAfter(db, position, sink.batchSize);
      const [first] = records;
      const last = records.at(-1);
      if (first === undefined || last === undefined) return;
      if (first.position > position + 1) {
        log.error('records were dropped by age before the sink had taken them', undefined, {
          sink: sink.name,
          records: first.position - position - 1,
        });
      }
      if (!leadership.isLeader) return;
      await sink.deliver(records, stopping.signal);
      await moveSink(db, sink.name, last.position, ctx.now());
      position = last.position;
      noteSuccess(records);
      if (stopping.signal.aborted) return;
    }
  }

  return {
    wake,
    async stop() {
      stopping.abort();
      clearInterval(poll);
      clearTimeout(resting);
      await running;
      await leadership.stop();
      await sink.close();
    },
  };
}
