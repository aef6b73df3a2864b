import type { Bus } from '@strongroom/bus/bus';
import type { CloudEvent } from '@strongroom/contracts/cloud-event';
import type { Database, DatabaseSettings } from '@strongroom/db/database';
import { leadJob } from '@strongroom/db/leader';
import type { Logger } from '@strongroom/log/logger';
import { outboxChannel } from './outbox.ts';
import { publishTraced } from './publish-traced.ts';

export interface Relay {
  /** Publishes what is there, if this replica leads, then stops. */
  stop: () => Promise<void>;
}

export interface RelayOptions {
  db: Database;
  settings: Pick<DatabaseSettings, 'url' | 'password' | 'schema'>;
  bus: Bus;
  log: Logger;
  /** Backup for a lost wake-up. */
  pollMs?: number;
}

const BATCH = 500;
const MAX_BACKOFF_MS = 5_000;

/**
 * Moves events from the outbox to the bus, in order, at least once: publish, await the confirm, delete.
 * A relay killed in between publishes again, and consumers drop what they had. There is one per service,
 * since several would reorder the events of one object.
 */
export function startRelay({ db, settings, bus, log, pollMs = 5_000 }: RelayOptions): Relay {
  let running: Promise<void> | undefined;
  let again = false;
  let failures = 0;
  let retry: NodeJS.Timeout | undefined;
  let stopped = false;

  const leadership = leadJob(
    { settings, job: 'outbox-relay', channel: outboxChannel(settings.schema), retryMs: pollMs, log },
    wake,
  );
  const poll = setInterval(wake, pollMs);

  function wake(): void {
    if (stopped || retry !== undefined || !leadership.isLeader) return;
    again = true;
    running ??= drain()
      .then(() => {
        failures = 0;
      })
      .catch((error: unknown) => {
        failures += 1;
        log.error('events could not be published', error, { schema: settings.schema, failures });
        retry = setTimeout(
          () => {
            retry = undefined;
            wake();
          },
          Math.min(100 * 2 ** failures, MAX_BACKOFF_MS),
        );
      })
      .finally(() => {
        running = undefined;
      });
  }

  async function drain(): Promise<void> {
    while (again && leadership.isLeader) {
      again = false;
      const count = await publishBatch(db, bus);
      if (count === BATCH) again = true;
    }
  }

  return {
    async stop() {
      stopped = true;
      clearInterval(poll);
      clearTimeout(retry);
      await running;
      // What was written since the last wake-up goes out now rather than at the next start.
      if (leadership.isLeader && failures === 0) {
        await publishBatch(db, bus).catch((error: unknown) => {
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
