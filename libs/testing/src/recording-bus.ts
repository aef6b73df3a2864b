import { EventEmitter, once } from 'node:events';
import type { Bus } from '@strongroom/bus/bus';
import { createMemoryBus } from '@strongroom/bus/memory-bus';
import type { AuditRecord, AuditRecorded } from '@strongroom/contracts/audit';
import type { CloudEvent } from '@strongroom/contracts/cloud-event';

export interface RecordingBus {
  bus: Bus;
  /** All that was published so far, in order. */
  events: CloudEvent[];
  /** Resolves as soon as the events satisfy the condition. */
  until: (condition: () => boolean) => Promise<void>;
}

/** A bus that keeps all events. */
export async function createRecordingBus(): Promise<RecordingBus> {
  const bus = createMemoryBus([]);
  const events: CloudEvent[] = [];
  const arrival = new EventEmitter();
  await bus.subscribe({
    queue: 'test.recorder',
    types: ['*.*.*'],
    handle: batch => {
      events.push(...batch);
      arrival.emit('events');
      return Promise.resolve();
    },
  });
  const until = async (condition: () => boolean) => {
    while (!condition()) await once(arrival, 'events');
  };
  return { bus, events, until };
}

/** The audit records among the events. */
export const recordsOf = (events: readonly CloudEvent[]): AuditRecord[] =>
  events
    .filter(event => event.type.endsWith('.audit.recorded'))
    .flatMap(event => (event.data as AuditRecorded).records);
