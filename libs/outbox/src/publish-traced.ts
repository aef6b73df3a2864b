import type { CloudEvent } from '@strongroom/contracts/cloud-event';
import { continueTraces } from '@strongroom/tracing/tracing';

/** The relay works for no request, but each event remembers its own: publishing shows in the traces of all. */
export function publishTraced(
  events: readonly CloudEvent[],
  publish: (events: readonly CloudEvent[]) => Promise<void>,
): Promise<void> {
  return continueTraces(
    events.flatMap(event => event.traceparent ?? []),
    () => ({
      name: 'publish events',
      kind: 'producer',
      attributes: {
        'messaging.system': 'strongroom',
        'messaging.operation.type': 'send',
        'messaging.destination.name': 'strongroom.events',
        'messaging.batch.message_count': events.length,
      },
    }),
    () => publish(events),
  );
}
