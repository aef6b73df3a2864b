import type { CloudEvent } from '@strongroom/contracts/cloud-event';
import { inRequest, type RequestContext } from '@strongroom/log/request-context';
import { continueTraces } from '@strongroom/tracing/tracing';
import type { Subscription } from './bus.ts';

/**
 * Gives a batch to its handler, so that lines of the log and spans say what it was for. Every implementation of the
 * bus calls handlers through here.
 */
export function deliver(subscription: Subscription, events: readonly CloudEvent[]): Promise<void> {
  const name = queueLabel(subscription.queue);
  return inRequest(contextOf(events), () =>
    continueTraces(
      events.flatMap(event => event.traceparent ?? []),
      () => ({
        name: `process ${name}`,
        kind: 'consumer',
        attributes: {
          'messaging.system': 'strongroom',
          'messaging.operation.type': 'process',
          'messaging.destination.name': name,
          'messaging.batch.message_count': events.length,
        },
      }),
      // A handler that throws at once is no different from one that rejects.
      async () => subscription.handle(events),
    ),
  );
}

/** Lines of a batch of several events name none of them. */
function contextOf(events: readonly CloudEvent[]): RequestContext {
  const [event, more] = events;
  if (event === undefined || more !== undefined) return {};
  return { eventId: event.id, ...(event.requestid === undefined ? {} : { requestId: event.requestid }) };
}

const UUID = /\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A replica's own queue ends in an id, which no label may hold. */
export const queueLabel = (queue: string): string => queue.replace(UUID, '');
