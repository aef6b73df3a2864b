import type { ConfirmChannel } from 'amqplib';
import type { DurableQueue } from '@strongroom/contracts/queues';
import type { Logger } from '@strongroom/log/logger';
import type { Metrics } from '@strongroom/metrics/metrics';
import type { Bus } from './bus.ts';
import { queueLabel } from './deliver.ts';
import { keepConnected, withDeadline, type BrokerAddress, type Connection } from './rabbit-connection.ts';
import { createConsumer, type Consumer } from './rabbit-consumer.ts';
import { createDeadLetters } from './rabbit-dead-letters.ts';
import { brokerAway } from './rabbit-errors.ts';
import { createPublisher, type Publisher } from './rabbit-publisher.ts';
import { declareTopology, namesWith } from './rabbit-topology.ts';

export interface RabbitBusOptions extends BrokerAddress {
  queues: readonly DurableQueue[];
  log: Logger;
  metrics: Metrics;
  /** Put before the names of exchanges and queues, for several who share one virtual host. */
  prefix?: string;
}

const OPEN_DEADLINE_MS = 5_000;

/**
 * The bus on RabbitMQ (3.10 and later). Resolves when the topology stands; while the broker is away it resolves all
 * the same, since a service works without it: `publish` rejects, and subscriptions begin when it is back.
 */
export async function openRabbitBus(options: RabbitBusOptions): Promise<Bus> {
  const { queues, log, metrics, prefix = '' } = options;
  const names = namesWith(prefix);
  const consumers = new Set<Consumer>();
  const listeners = new Set<() => void>();
  const publishing = new Set<Promise<void>>();
  const counters = countEvents(metrics);
  let publisher: Publisher | undefined;

  async function setUp(connection: Connection): Promise<void> {
    const { model } = connection;
    let isBlocked = false;
    model.on('blocked', () => (isBlocked = true));
    model.on('unblocked', () => (isBlocked = false));
    const channel = await model.createConfirmChannel();
    // A channel that failed takes the connection with it: the next one begins with a whole topology.
    channel.on('error', (error: Error) => log.error('publishing failed; connecting again', error));
    channel.once('close', connection.destroy);
    await declareTopology(channel, names, queues);
    publisher = createPublisher({
      channel,
      exchange: names.events,
      queues,
      isBlocked: () => isBlocked,
      onUnroutable: () => restore(channel),
      onSilence: connection.destroy,
    });
    // A queue that hangs holds up its own consumer alone.
    await withDeadline(openAll(connection), OPEN_DEADLINE_MS).catch((error: unknown) => {
      log.error('not all queues are consumed yet', error);
    });
  }

  function restore(channel: ConfirmChannel): void {
    log.error('a durable queue was missing; declaring it again');
    declareTopology(channel, names, queues).catch((error: unknown) => {
      log.error('the queues could not be declared', error);
    });
  }

  const openAll = (connection: Connection) =>
    Promise.all([...consumers].map(consumer => consumer.open(connection)));

  const kept = keepConnected(
    options,
    {
      setUp,
      onUp(connection) {
        for (const listener of listeners) listener();
        // Those that came while the connection was set up.
        void openAll(connection);
      },
      onDown() {
        publisher = undefined;
      },
    },
    log,
  );

  const isConnected = () => kept.current !== undefined;
  metrics.gauge('strongroom_bus_connected', 'Whether the broker can be reached: 1 or 0', () =>
    isConnected() ? 1 : 0,
  );
  await kept.firstAttempt;

  return {
    async publish(events) {
      if (!isConnected() || publisher === undefined) throw brokerAway();
      const sent = publisher.publish(events);
      publishing.add(sent);
      try {
        await sent;
        counters.published(events.length);
      } finally {
        publishing.delete(sent);
      }
    },
    async subscribe(subscription) {
      const consumer = createConsumer({
        subscription,
        names,
        queues,
        log,
        counters: counters.of(subscription.queue),
        startsLate: !isConnected(),
      });
      consumers.add(consumer);
      if (kept.current !== undefined) await consumer.open(kept.current);
      return async () => {
        consumers.delete(consumer);
        await consumer.stop();
      };
    },
    isConnected,
    onConnected(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    deadLetters: createDeadLetters(
      () => {
        if (kept.current === undefined) throw brokerAway();
        return kept.current.model;
      },
      names,
      queues,
    ),
    async close() {
      await Promise.all([...consumers].map(consumer => consumer.stop()));
      await Promise.allSettled(publishing);
      await kept.close();
    },
  };
}

function countEvents(metrics: Metrics) {
  const counter = (what: string, help: string) =>
    metrics.counter(`strongroom_bus_events_${what}_total`, help, ['queue']);
  const published = metrics.counter(
    'strongroom_bus_events_published_total',
    'Events that the broker confirmed',
  );
  const consumed = counter('consumed', 'Events that a handler dealt with');
  const failed = counter('failed', 'Events in batches that a handler failed on; they are tried again');
  const deadLettered = counter('dead_lettered', 'Events that were set aside');
  return {
    published: (events: number) => published(undefined, events),
    of(name: string) {
      const queue = queueLabel(name);
      return {
        consumed: (events: number) => consumed({ queue }, events),
        failed: (events: number) => failed({ queue }, events),
        deadLettered: (events: number) => deadLettered({ queue }, events),
      };
    },
  };
}
