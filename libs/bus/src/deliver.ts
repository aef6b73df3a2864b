import type { CloudEvent } from '@strongroom/contracts/cloud-event';
import { inRequest, type RequestContext } from '@strongroom/log/request-context';
import { continueTrace } from '@strongroom/tracing/tracing';
import type { Subscription } from './bus.ts';

/**
 * Gives a batch to its handler, so that lines of the log and spans say what it was for. A batch may come from many
 * requests: it goes on with the first trace that is recorded, and links the others.
 */
export function deliver(subscription: Subscription, events: readonly CloudEvent[]): Promise<void> {
  const traces = new Set(events.map(event => event.traceparent).filter(each => each !== undefined));
  const [first, ...others] = traces;
  const name = queueLabel(subscription.queue);
  return inRequest(contextOf(events), () =>
    continueTrace(
      first,
      () => ({
        name: `process ${name}`,
        kind: 'consumer',
        links: others,
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
