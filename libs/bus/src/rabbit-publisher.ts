import { setTimeout as delay } from 'node:timers/promises';
import type { ConfirmChannel } from 'amqplib';
import type { CloudEvent } from '@strongroom/contracts/cloud-event';
import type { DurableQueue } from '@strongroom/contracts/queues';
import { matchesType } from './bus.ts';
import { brokerAway } from './rabbit-errors.ts';
import { encodeEvent } from './rabbit-message.ts';
import { routingKey } from './rabbit-topology.ts';

export interface Publisher {
  /** Resolves when the broker holds all of them in every queue that wants them. */
  publish: (events: readonly CloudEvent[]) => Promise<void>;
}

interface Batch {
  readonly ids: ReadonlySet<string>;
  unroutable: boolean;
}

const CONFIRM_DEADLINE_MS = 10_000;

export interface PublisherOptions {
  channel: ConfirmChannel;
  exchange: string;
  queues: readonly DurableQueue[];
  /** While the broker is short of memory or disk it takes nothing. */
  isBlocked: () => boolean;
  /** A durable queue is gone: somebody deleted it. */
  onUnroutable: () => void;
  /** No confirm came in time and none was refused: the broker, or the way to it, is frozen. */
  onSilence: () => void;
}

export function createPublisher(options: PublisherOptions): Publisher {
  const { channel, exchange, queues, isBlocked, onUnroutable, onSilence } = options;
  const batches = new Set<Batch>();

  // What is returned is told before it is confirmed.
  channel.on('return', ({ properties }) => {
    const id: unknown = properties.messageId;
    for (const batch of batches) if (typeof id === 'string' && batch.ids.has(id)) batch.unroutable = true;
  });

  /** Those that a durable queue should get must not vanish; others may have no listener at the moment. */
  const isMandatory = (event: CloudEvent): boolean =>
    queues.some(({ types }) => types.some(pattern => matchesType(pattern, event.type)));

  function send(event: CloudEvent): { confirmed: Promise<void>; hasRoom: boolean } {
    const { content, options: properties } = encodeEvent(event);
    let hasRoom = true;
    const confirmed = new Promise<void>((resolve, reject) => {
      const onConfirm = (error: unknown) => {
        if (error === null || error === undefined) resolve();
        else reject(new Error('the broker did not take an event', { cause: error }));
      };
      const all = { ...properties, mandatory: isMandatory(event) };
      hasRoom = channel.publish(exchange, routingKey(event.type), content, all, onConfirm);
    });
    return { confirmed, hasRoom };
  }

  async function sendAll(events: readonly CloudEvent[], ended: AbortSignal): Promise<void> {
    const confirms: Promise<void>[] = [];
    for (const event of events) {
      const { confirmed, hasRoom } = send(event);
      // Awaited below, all together; until then a failure is nobody's.
      confirmed.catch(() => undefined);
      confirms.push(confirmed);
      if (!hasRoom) await drained(channel, ended);
    }
    await Promise.all(confirms);
  }

  async function publish(events: readonly CloudEvent[]): Promise<void> {
    if (isBlocked()) throw new Error('the broker is short of memory or disk');
    const batch: Batch = { ids: new Set(events.map(event => event.id)), unroutable: false };
    const ended = new AbortController();
    batches.add(batch);
    try {
      const late = delay(CONFIRM_DEADLINE_MS, 'late' as const, { signal: ended.signal });
      late.catch(() => undefined);
      if ((await Promise.race([sendAll(events, ended.signal), late])) === 'late') {
        if (!isBlocked()) onSilence();
        throw new Error(`the broker did not confirm within ${CONFIRM_DEADLINE_MS} ms`);
      }
      if (batch.unroutable) {
        onUnroutable();
        throw new Error('a durable queue is missing');
      }
    } finally {
      ended.abort();
      batches.delete(batch);
    }
  }

  return {
    publish: events =>
      publish(events).catch((error: unknown) => {
        throw brokerAway(error);
      }),
  };
}

/** Also resolves when the channel ends: then the confirms fail. */
function drained(channel: ConfirmChannel, ended: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const finish = () => {
      channel.off('drain', finish);
      channel.off('close', finish);
      ended.removeEventListener('abort', finish);
      resolve();
    };
    channel.on('drain', finish);
    channel.on('close', finish);
    ended.addEventListener('abort', finish);
  });
}
