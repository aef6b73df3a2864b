import type { CloudEvent } from '@strongroom/contracts/cloud-event';
import type { DurableQueue } from '@strongroom/contracts/queues';
import { matchesType, type Bus, type Subscription } from './bus.ts';
import { deliver } from './deliver.ts';

/**
 * The bus of a single process. It keeps nothing: a handler that fails, or a durable queue whose consumer is
 * not there yet, makes `publish` fail; the outbox keeps the events, and the relay comes again. So nothing is
 * lost when the process dies.
 */
export function createMemoryBus(durableQueues: readonly DurableQueue[]): Bus {
  const queues = new Map<string, Subscription[]>();
  const publishing = new Set<Promise<void>>();

  function refuseWithoutConsumer(events: readonly CloudEvent[]): void {
    for (const { queue, types } of durableQueues) {
      const isServed = (queues.get(queue)?.length ?? 0) > 0;
      if (!isServed && events.some(event => types.some(pattern => matchesType(pattern, event.type)))) {
        throw new Error(`queue ${queue} has no consumer yet`);
      }
    }
  }

  async function deliverToAll(events: readonly CloudEvent[]): Promise<void> {
    refuseWithoutConsumer(events);
    const deliveries = [...queues.values()].map(async consumers => {
      const [next] = consumers;
      if (next === undefined) return;
      const wanted = events.filter(event => isWanted(next, event));
      if (wanted.length === 0) return;
      // Consumers of one queue take turns.
      consumers.push(...consumers.splice(0, 1));
      const atOnce = next.batchSize ?? wanted.length;
      for (let start = 0; start < wanted.length; start += atOnce) {
        await deliver(next, wanted.slice(start, start + atOnce));
      }
    });
    // All queues are served before a failure is told, so that one broken consumer does not starve the others.
    const outcomes = await Promise.allSettled(deliveries);
    const failure = outcomes.find(outcome => outcome.status === 'rejected');
    if (failure !== undefined) throw failure.reason;
  }

  return {
    async publish(events) {
      const delivery = deliverToAll(events);
      publishing.add(delivery);
      try {
        await delivery;
      } finally {
        publishing.delete(delivery);
      }
    },
    subscribe(subscription) {
      const consumers = queues.get(subscription.queue) ?? [];
      consumers.push(subscription);
      queues.set(subscription.queue, consumers);
      return Promise.resolve(() => {
        const index = consumers.indexOf(subscription);
        if (index >= 0) consumers.splice(index, 1);
        return Promise.resolve();
      });
    },
    isConnected: () => true,
    // It never was away.
    onConnected: () => () => undefined,
    // What fails stays in the outbox and comes again.
    deadLetters: {
      list: () => Promise.resolve({ count: 0, items: [] }),
      requeue: () => Promise.resolve(0),
    },
    async close() {
      queues.clear();
      await Promise.allSettled(publishing);
    },
  };
}

const isWanted = (subscription: Subscription, event: CloudEvent): boolean =>
  subscription.types.some(pattern => matchesType(pattern, event.type));
