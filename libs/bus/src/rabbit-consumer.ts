import { setTimeout as delay } from 'node:timers/promises';
import type { Channel } from 'amqplib';
import type { DurableQueue } from '@strongroom/contracts/queues';
import type { Logger } from '@strongroom/log/logger';
import type { Subscription } from './bus.ts';
import { withDeadline, type Connection } from './rabbit-connection.ts';
import {
  DEFAULT_BATCH_SIZE,
  startDelivery,
  type Delivery,
  type DeliveryCounters,
} from './rabbit-delivery.ts';
import { declareOwnQueue, declareTopology, type Names } from './rabbit-topology.ts';

/** One subscription, over all connections that it lives through. */
export interface Consumer {
  /**
   * Resolves when the subscription is served by this connection, or after a first attempt that failed; then it is
   * tried again until the connection is lost.
   */
  open: (connection: Connection) => Promise<void>;
  stop: () => Promise<void>;
}

export interface ConsumerOptions {
  subscription: Subscription;
  names: Names;
  queues: readonly DurableQueue[];
  log: Logger;
  counters: DeliveryCounters;
  /** The broker is away now: when it is there, events have passed by. */
  startsLate: boolean;
}

interface Session {
  readonly channel: Channel;
  readonly delivery: Delivery;
  readonly consumerTag: string;
}

const CLOSE_DEADLINE_MS = 2_000;
const MIN_RETRY_MS = 100;
const MAX_RETRY_MS = 5_000;

export function createConsumer(options: ConsumerOptions): Consumer {
  const { subscription, names, queues, log, counters, startsLate } = options;
  const { queue, types, batchSize = DEFAULT_BATCH_SIZE, onGap } = subscription;
  const isOwn = !queues.some(durable => durable.queue === queue);
  const stopping = new AbortController();
  let servedBy: Connection | undefined;
  let session: Session | undefined;
  let attempts = 0;
  let last: Delivery | undefined;
  let opening: Promise<void> = Promise.resolve();

  async function openSession(connection: Connection): Promise<void> {
    const channel = await connection.model.createChannel();
    // Its reason is told by 'close'; without a listener it would end the process.
    channel.on('error', (error: Error) => log.warn('a channel failed', { queue, reason: error.message }));
    const name = isOwn ? `${names.queue(queue)}.${connection.number}` : names.queue(queue);
    if (isOwn) await declareOwnQueue(channel, names, name, types);
    else if (attempts > 1) await declareTopology(channel, names, queues);
    // Enough for a full batch to wait while another is dealt with.
    await channel.prefetch(2 * batchSize);
    const delivery = startDelivery({
      channel,
      subscription,
      log,
      counters,
      after: last?.idle() ?? Promise.resolve(),
    });
    last = delivery;
    let lost = false;
    const onLoss = () => {
      if (lost || session?.channel !== channel) return;
      lost = true;
      session = undefined;
      reopen(connection, channel);
    };
    const { consumerTag } = await channel.consume(name, message => {
      // The broker tells so that the queue was deleted.
      if (message === null) onLoss();
      else delivery.take(message);
    });
    session = { channel, delivery, consumerTag };
    channel.once('close', onLoss);
  }

  /** Answers whether the queue is consumed now. Never rejects. */
  async function attempt(connection: Connection): Promise<boolean> {
    if (isOver(connection)) return true;
    const hasGap = startsLate || attempts > 0;
    attempts += 1;
    try {
      await openSession(connection);
    } catch (error) {
      if (!isOver(connection)) log.error('a queue cannot be consumed; trying on', error, { queue });
      return false;
    }
    // A queue of its own is new, and empty, whatever was published before.
    if (isOwn && hasGap) onGap?.();
    return true;
  }

  function reopen(connection: Connection, channel: Channel): void {
    opening = (async () => {
      await closeChannel(channel);
      await keepTrying(connection);
    })();
  }

  async function keepTrying(connection: Connection): Promise<void> {
    const over = AbortSignal.any([connection.lost, stopping.signal]);
    for (let failures = 0; !isOver(connection); failures += 1) {
      const backoff = Math.min(MIN_RETRY_MS * 2 ** failures, MAX_RETRY_MS);
      await delay(backoff, undefined, { signal: over }).catch(ignore);
      if (await attempt(connection)) return;
    }
  }

  const isOver = (connection: Connection) => connection.lost.aborted || stopping.signal.aborted;

  return {
    async open(connection) {
      if (servedBy === connection) return;
      servedBy = connection;
      const first = opening.then(() => attempt(connection));
      opening = first.then(isOpen => (isOpen ? undefined : keepTrying(connection)));
      await first;
    },
    async stop() {
      stopping.abort();
      await opening;
      const ended = session;
      session = undefined;
      if (ended === undefined) {
        await last?.stop();
        return;
      }
      await withDeadline(ended.channel.cancel(ended.consumerTag), CLOSE_DEADLINE_MS).catch(ignore);
      await ended.delivery.stop();
      await closeChannel(ended.channel);
    },
  };
}

/** What was not acknowledged goes back to its queue. */
async function closeChannel(channel: Channel): Promise<void> {
  await withDeadline(channelClosed(channel), CLOSE_DEADLINE_MS).catch(ignore);
}

/** In its own function, since the library throws at once for a channel that is closed already. */
const channelClosed = async (channel: Channel): Promise<void> => channel.close();

/** The channel, or the connection, is gone already: that is what was wanted. */
const ignore = (): void => undefined;
