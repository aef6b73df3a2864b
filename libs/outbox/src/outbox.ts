import { AsyncResource } from 'node:async_hooks';
import path from 'node:path';
import type { CloudEvent } from '@strongroom/contracts/cloud-event';
import type { Queryable } from '@strongroom/db/database';
import type { MigrationSet } from '@strongroom/db/migrate';
import { currentRequest } from '@strongroom/log/request-context';
import { recordedTraceparent } from '@strongroom/tracing/tracing';

export const outboxMigrations: MigrationSet = {
  name: 'outbox',
  directory: path.join(import.meta.dirname, '../migrations'),
};

export const outboxChannel = (schema: string): string => `outbox_${schema}`;

/**
 * Appends events in the caller's transaction: they become facts when it commits, and are never lost or
 * told of a change that was rolled back.
 */
export async function appendEvents(tx: Queryable, events: readonly CloudEvent[]): Promise<void> {
  await tx.query('INSERT INTO outbox (event) SELECT unnest($1::json[])', [eventValues(events)]);
}

/** Rejects when no event could be appended now: no table, no right, a read-only server. Writes nothing. */
export async function probeAppend(db: Queryable): Promise<void> {
  await db.query(`INSERT INTO outbox (event) SELECT '{}'::json WHERE false`);
}

/** The value of the parameter that `appendEventsAfter` names. The events take along what led to them. */
export function eventValues(events: readonly CloudEvent[]): string[] {
  const traceparent = recordedTraceparent();
  const requestid = currentRequest()?.requestId;
  // JSON leaves out what is undefined.
  return events.map(event => JSON.stringify({ traceparent, requestid, ...event }));
}

/**
 * The same as a part of one statement, for writes that are too frequent for a transaction of several: a CTE
 * that appends the events of `parameter` if, and only if, the CTE `change` has changed its one row.
 */
export const appendEventsAfter = (change: string, parameter: string): string =>
  `INSERT INTO outbox (event) SELECT unnest(${parameter}::json[]) FROM ${change}`;

/**
 * Wakes the relay, wherever it runs, soon after a commit. NOTIFY in every transaction would serialise
 * commits over the whole database, so calls within `quietMs` share one; the relay's slow poll covers a
 * process that dies between its commit and the call.
 */
export function createRelayBell(
  db: Queryable,
  schema: string,
  quietMs = 100,
): { ring: () => void; stop: () => void } {
  let timer: NodeJS.Timeout | undefined;
  // For all who rang, so in the context of none of them.
  const notify = AsyncResource.bind(() => {
    timer = undefined;
    // A lost bell costs latency only: the relay polls.
    db.query('SELECT pg_notify($1, $2)', [outboxChannel(schema), '']).catch(() => undefined);
  });
  return {
    ring() {
      timer ??= setTimeout(notify, quietMs);
    },
    stop() {
      clearTimeout(timer);
    },
  };
}
