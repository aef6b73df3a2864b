import type { CloudEvent } from '@strongroom/contracts/cloud-event';
import { continueTrace } from '@strongroom/tracing/tracing';

/**
 * The relay belongs to no request, but each event remembers its own. A batch is one act of publishing: the first
 * recorded trace gets its span, and the consumers link all of them.
 */
export function publishTraced(
  events: readonly CloudEvent[],
  publish: (events: readonly CloudEvent[]) => Promise<void>,
): Promise<void> {
  const traced = events.find(event => event.traceparent !== undefined);
  return continueTrace(
    traced?.traceparent,
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
