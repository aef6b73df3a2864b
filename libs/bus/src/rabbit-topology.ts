import type { Channel } from 'amqplib';
import type { DurableQueue } from '@strongroom/contracts/queues';

/** Names at the broker. A prefix sets apart those who share one virtual host, as tests do. */
export interface Names {
  readonly events: string;
  readonly deadLetters: string;
  readonly queue: (queue: string) => string;
  readonly deadQueue: (queue: string) => string;
}

export const namesWith = (prefix: string): Names => ({
  events: `${prefix}strongroom.events`,
  deadLetters: `${prefix}strongroom.dead-letters`,
  queue: queue => `${prefix}${queue}`,
  deadQueue: queue => `${prefix}${queue}.dead`,
});

/** `strongroom.vault.secret.updated` travels under `vault.secret.updated`. */
export const routingKey = (type: string): string => type.replace(/^strongroom\./, '');

/**
 * Deliveries that were lost with their consumer before the broker takes an event for what kills them. It is what
 * RabbitMQ 4 has as its own default; said here, so that older ones do the same.
 */
const DELIVERY_LIMIT = 20;

/** No limit in all but name: to look at a dead letter counts as a delivery, and past the limit it would be gone. */
const NO_DELIVERY_LIMIT = 1_000_000_000;

/** Far more than a replica that lives can be behind. */
const OWN_QUEUE_MAX_EVENTS = 100_000;

/** Repeating it changes nothing. */
export async function declareTopology(
  channel: Channel,
  names: Names,
  queues: readonly DurableQueue[],
): Promise<void> {
  await channel.assertExchange(names.events, 'topic', { durable: true });
  await channel.assertExchange(names.deadLetters, 'direct', { durable: true });
  for (const { queue, types } of queues) {
    await channel.assertQueue(names.deadQueue(queue), {
      durable: true,
      arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': NO_DELIVERY_LIMIT },
    });
    await channel.bindQueue(names.deadQueue(queue), names.deadLetters, queue);
    await channel.assertQueue(names.queue(queue), {
      durable: true,
      arguments: {
        'x-queue-type': 'quorum',
        'x-delivery-limit': DELIVERY_LIMIT,
        'x-dead-letter-exchange': names.deadLetters,
        'x-dead-letter-routing-key': queue,
        // An event leaves its queue when the dead letters' queue has confirmed it, and not before; the broker
        // offers that together with this overflow only.
        'x-dead-letter-strategy': 'at-least-once',
        'x-overflow': 'reject-publish',
      },
    });
    for (const type of types) await channel.bindQueue(names.queue(queue), names.events, type);
  }
}

/** A queue that ends with the connection. Its name must be new for each: the broker may not have missed the last yet. */
export async function declareOwnQueue(
  channel: Channel,
  names: Names,
  queue: string,
  types: readonly string[],
): Promise<void> {
  await channel.assertQueue(queue, {
    exclusive: true,
    autoDelete: true,
    durable: false,
    arguments: { 'x-max-length': OWN_QUEUE_MAX_EVENTS },
  });
  for (const type of types) await channel.bindQueue(queue, names.events, type);
}
