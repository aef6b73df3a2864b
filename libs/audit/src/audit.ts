import { AsyncResource } from 'node:async_hooks';
import type { AuditEventType, AuditRecord, AuditRecorded } from '@strongroom/contracts/audit';
import { AUDIT_RECORDED } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import { cloudEvent, type CloudEvent } from '@strongroom/contracts/cloud-event';
import type { Queryable } from '@strongroom/db/database';
import { AppError } from '@strongroom/errors/app-error';
import { DURATION_BUCKETS, silentMetrics, type Metrics } from '@strongroom/metrics/metrics';
import { appendEvents } from '@strongroom/outbox/outbox';
import { continueTraces, recordedTraceparent } from '@strongroom/tracing/tracing';

/** What happened. Values of `message` name objects and outcomes; a secret value must never be among them. */
export interface Act {
  type: AuditEventType;
  caller?: Caller;
  request?: RequestInfo;
  message?: Readonly<Record<string, string>>;
}

export interface Audit {
  /** Writes the record with the change it tells of: both commit or neither. */
  append: (tx: Queryable, ...acts: Act[]) => Promise<void>;
  /**
   * The same for a change that is one statement: `write` gets the events and appends them itself (see
   * appendEventsAfter of the outbox). What it cannot explain as its own refusal is AUDIT_UNAVAILABLE.
   */
  appendWithin: <T>(write: (events: readonly CloudEvent[]) => Promise<T>, ...acts: Act[]) => Promise<T>;
  /**
   * Resolves when the record is durable. Records of concurrent calls share one insert (group commit), so
   * reads do not cost a commit each. Rejects with AUDIT_UNAVAILABLE, and then nothing may be answered.
   */
  write: (act: Act) => Promise<void>;
}

export interface AuditOptions {
  service: string;
  db: Queryable;
  newId: () => string;
  now: () => Date;
  /** Called after a commit that the audit itself made; callers of `append` ring after their own. */
  ring: () => void;
  /** Records that may wait while the database is slow; above, new ones are refused at once. */
  maxWaiting?: number;
  /** Absent: none are kept. */
  metrics?: Metrics;
}

interface Batch {
  acts: Act[];
  /** The recorded traces among the requests that wait. */
  traces: string[];
  durable: Promise<void>;
  settle: (error?: AppError) => void;
}

export function createAudit(options: AuditOptions): Audit {
  const { service, db, newId, now, ring, maxWaiting = 5_000, metrics = silentMetrics } = options;
  const measured = measureAudit(metrics, () => waiting?.acts.length ?? 0);
  let waiting: Batch | undefined;
  let flushing = false;

  function toEvents(acts: readonly Act[]): CloudEvent[] {
    const time = now();
    const records = acts.map(act => toRecord(service, newId(), time, act));
    return [cloudEvent<AuditRecorded>(service, AUDIT_RECORDED, newId(), time, { records })];
  }

  const appendWithin: Audit['appendWithin'] = async (write, ...acts) => {
    try {
      return await write(toEvents(acts));
    } catch (error) {
      if (error instanceof AppError) throw error;
      measured.unavailable();
      throw auditUnavailable(error);
    }
  };
  const append: Audit['append'] = (tx, ...acts) => appendWithin(events => appendEvents(tx, events), ...acts);

  async function flush(): Promise<void> {
    while (waiting !== undefined) {
      const batch = waiting;
      waiting = undefined;
      const started = performance.now();
      try {
        await continueTraces(
          batch.traces,
          () => ({ name: 'record acts' }),
          () => appendEvents(db, toEvents(batch.acts)),
        );
        batch.settle();
        measured.flushed(batch.acts.length, performance.now() - started);
        ring();
      } catch (error) {
        measured.unavailable(batch.acts.length);
        batch.settle(auditUnavailable(error));
      }
    }
    flushing = false;
  }

  // The insert is of all who wait, so it runs in the context of none of them.
  const startFlush = AsyncResource.bind(() => void flush());

  return {
    append,
    appendWithin,
    write(act) {
      waiting ??= newBatch();
      if (waiting.acts.length >= maxWaiting) {
        measured.unavailable();
        return Promise.reject(auditUnavailable());
      }
      waiting.acts.push(act);
      const traceparent = recordedTraceparent();
      if (traceparent !== undefined) waiting.traces.push(traceparent);
      if (!flushing) {
        flushing = true;
        // The end of this turn of the event loop: whatever arrived in it shares the insert.
        setImmediate(startFlush);
      }
      return waiting.durable;
    },
  };
}

function newBatch(): Batch {
  let settle: Batch['settle'] = () => undefined;
  const durable = new Promise<void>((resolve, reject) => {
    settle = error => {
      if (error === undefined) resolve();
      else reject(error);
    };
  });
  return { acts: [], traces: [], durable, settle };
}

function measureAudit(metrics: Metrics, waiting: () => number) {
  const size = metrics.histogram(
    'strongroom_audit_flush_records',
    'Records that one insert made durable',
    [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 5_000],
  );
  const duration = metrics.histogram(
    'strongroom_audit_flush_duration_seconds',
    'Until a batch of records was durable',
    DURATION_BUCKETS,
  );
  const failed = metrics.counter(
    'strongroom_audit_unavailable_total',
    'Acts that were refused because they could not be recorded',
  );
  metrics.gauge('strongroom_audit_waiting_records', 'Records that wait for the insert under way', waiting);
  return {
    flushed(records: number, ms: number) {
      size(records);
      duration(ms / 1_000);
    },
    unavailable: (acts = 1) => failed(undefined, acts),
  };
}

/** Keys of `message` are PrivX's where it has one (contract 7). */
function toRecord(service: string, id: string, time: Date, act: Act): AuditRecord {
  const { type, caller, request } = act;
  return {
    id,
    time: time.toISOString(),
    code: type.code,
    name: type.name,
    message: {
      'SSH-PrivX-service': service,
      ...(caller === undefined
        ? {}
        : { userID: caller.id, username: caller.name, sessionID: caller.sessionId }),
      ...(request === undefined ? {} : { requestID: request.id, remoteAddress: request.remoteAddress }),
      ...act.message,
    },
  };
}

export const auditUnavailable = (cause?: unknown) =>
  new AppError({
    kind: 'unavailable',
    code: 'AUDIT_UNAVAILABLE',
    message: 'The act cannot be recorded at the moment, so it is not answered',
    retryAfterSeconds: 1,
    cause,
  });
