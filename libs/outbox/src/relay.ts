import type { Bus } from '@strongroom/bus/bus';
import type { CloudEvent } from '@strongroom/contracts/cloud-event';
import type { Database, DatabaseSettings } from '@strongroom/db/database';
import { leadJob } from '@strongroom/db/leader';
import type { Logger } from '@strongroom/log/logger';
import type { Metrics } from '@strongroom/metrics/metrics';
import { measureOutbox } from './measure-outbox.ts';
import { outboxChannel } from './outbox.ts';
import { publishTraced } from './publish-traced.ts';

export interface Relay {
  /** Publishes what is there, if this replica leads and it takes no longer than a deadline, then stops. */
  stop: () => Promise<void>;
}

export interface RelayOptions {
  db: Database;
  settings: Pick<DatabaseSettings, 'url' | 'password' | 'schema'>;
  bus: Bus;
  log: Logger;
  metrics?: Metrics;
  /** Backup for a lost wake-up. */
  pollMs?: number;
}

const BATCH = 500;
const MAX_BACKOFF_MS = 5_000;
const STOP_DEADLINE_MS = 10_000;
/** The first failures are told of after some seconds: at a start consumers may not be there yet. Then ever less often. */
const FIRST_TOLD_FAILURE = 5;
const TOLD_FACTOR = 8;

/**
 * Moves events from the outbox to the bus, in order, at least once: publish, await the confirm, delete.
 * A relay killed in between publishes again, and consumers drop what they had. There is one per service,
 * since several would reorder the events of one object.
 */
export function startRelay({ db, settings, bus, log, metrics, pollMs = 5_000 }: RelayOptions): Relay {
  let running: Promise<void> | undefined;
  let again = false;
  let failures = 0;
  let nextTold = FIRST_TOLD_FAILURE;
  let retry: NodeJS.Timeout | undefined;
  let stopped = false;

  const leadership = leadJob(
    { settings, job: 'outbox-relay', channel: outboxChannel(settings.schema), retryMs: pollMs, log },
    wake,
  );
  const poll = setInterval(wake, pollMs);
  const stopListening = bus.onConnected(wakeAtOnce);
  if (metrics !== undefined) measureOutbox(db, metrics);

  /** Without waiting for the end of a pause that a broker which was away had caused. */
  function wakeAtOnce(): void {
    clearTimeout(retry);
    retry = undefined;
    wake();
  }

  function wake(): void {
    if (stopped || retry !== undefined || !leadership.isLeader) return;
    again = true;
    running ??= drain()
      .then(() => {
        if (failures >= FIRST_TOLD_FAILURE) log.info('events are published again', { failures });
        failures = 0;
        nextTold = FIRST_TOLD_FAILURE;
      })
      .catch((error: unknown) => {
        failures += 1;
        if (failures === nextTold) {
          nextTold *= TOLD_FACTOR;
          log.error('events cannot be published; trying on', error, { schema: settings.schema, failures });
        }
        retry = setTimeout(wakeAtOnce, Math.min(100 * 2 ** failures, MAX_BACKOFF_MS));
      })
      .finally(() => {
        running = undefined;
      });
  }

  async function drain(): Promise<void> {
    while (again) {
      again = false;
      // Another may lead since: two at once would reorder the events of one object.
      if (!(await leadership.prove())) return;
      const count = await publishBatch(db, bus);
      if (count === BATCH) again = true;
    }
  }

  /** What was written since the last wake-up goes out now rather than at the next start. */
  async function publishLeftovers(): Promise<void> {
    const end = performance.now() + STOP_DEADLINE_MS;
    while (performance.now() < end && (await leadership.prove())) {
      if ((await publishBatch(db, bus)) < BATCH) return;
    }
  }

  return {
    async stop() {
      stopped = true;
      clearInterval(poll);
      clearTimeout(retry);
      stopListening();
      await running;
      if (failures === 0) {
        await publishLeftovers().catch((error: unknown) => {
          log.warn('events are left for the next start', {
            reason: error instanceof Error ? error.message : '',
          });
        });
      }
      await leadership.stop();
    },
  };
}

/** Returns how many events were published. */
export async function publishBatch(db: Database, bus: Bus): Promise<number> {
  const rows = await db.query<{ id: string; event: CloudEvent }>(
    'SELECT id, event FROM outbox ORDER BY id LIMIT $1',
    [BATCH],
  );
  if (rows.length === 0) return 0;
  await publishTraced(
    rows.map(row => row.event),
    events => bus.publish(events),
  );
  await db.query('DELETE FROM outbox WHERE id = ANY ($1::bigint[])', [rows.map(row => row.id)]);
  return rows.length;
}
