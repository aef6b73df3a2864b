import type { ChannelModel, ConfirmChannel, GetMessage, MessageProperties, Options } from 'amqplib';
import type { DurableQueue } from '@strongroom/contracts/queues';
import type { DeadLetter, DeadLetters } from './bus.ts';
import { brokerAway } from './rabbit-errors.ts';
import { decodeEvent, unreadableEvent } from './rabbit-message.ts';
import type { Names } from './rabbit-topology.ts';

/** `model`: throws while the broker is away. */
export function createDeadLetters(
  model: () => ChannelModel,
  names: Names,
  queues: readonly DurableQueue[],
): DeadLetters {
  const isDurable = (queue: string) => queues.some(durable => durable.queue === queue);

  /** A channel for one call: what it did not settle goes back, in its order, when it closes. */
  async function onChannel<T>(work: (channel: ConfirmChannel) => Promise<T>): Promise<T> {
    const channel = await model().createConfirmChannel();
    channel.on('error', () => undefined);
    try {
      const result = await work(channel);
      await channel.close();
      return result;
    } catch (error) {
      throw brokerAway(error);
    }
  }

  return {
    async list(queue, limit) {
      if (!isDurable(queue)) return { count: 0, items: [] };
      return onChannel(async channel => {
        const taken: GetMessage[] = [];
        let behind = 0;
        while (taken.length < limit) {
          const message = await channel.get(names.deadQueue(queue));
          if (message === false) break;
          taken.push(message);
          behind = message.fields.messageCount;
        }
        const last = taken.at(-1);
        if (last !== undefined) channel.nack(last, true, true);
        return { count: taken.length + behind, items: taken.map(readDeadLetter) };
      });
    },
    async requeue(queue, limit) {
      if (!isDurable(queue)) return 0;
      return onChannel(async channel => {
        let count = 0;
        for (; count < limit; count += 1) {
          const message = await channel.get(names.deadQueue(queue));
          if (message === false) break;
          await giveBack(channel, names.queue(queue), message);
          // Killed in between, it is in both places; its consumer knows the event's id.
          channel.ack(message);
        }
        return count;
      });
    },
  };
}

function giveBack(
  channel: ConfirmChannel,
  queue: string,
  { content, properties }: GetMessage,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const returned = () => reject(new Error('the queue is missing'));
    channel.once('return', returned);
    channel.publish('', queue, content, { ...carried(properties), mandatory: true }, (error: unknown) => {
      channel.off('return', returned);
      if (error === null || error === undefined) resolve();
      else reject(new Error('the broker refused the event', { cause: error }));
    });
  });
}

/** As it was published, without what the broker wrote of its death. */
const carried = ({ contentType, messageId, timestamp, type }: MessageProperties): Options.Publish => ({
  persistent: true,
  ...(typeof contentType === 'string' ? { contentType } : {}),
  ...(typeof messageId === 'string' ? { messageId } : {}),
  ...(typeof timestamp === 'number' ? { timestamp } : {}),
  ...(typeof type === 'string' ? { type } : {}),
});

function readDeadLetter(message: GetMessage): DeadLetter {
  const headers: Record<string, unknown> = message.properties.headers ?? {};
  const reason = headers['x-first-death-reason'];
  return {
    event: decodeEvent(message.content) ?? unreadableEvent(message),
    reason: typeof reason === 'string' ? reason : 'unknown',
    deadAt: readTime(headers['x-death']),
  };
}

/** `x-death` is a list of tables, the latest first, whose `time` amqplib gives as `{ '!': 'timestamp', value }`. */
function readTime(deaths: unknown): Date | undefined {
  const [latest] = Array.isArray(deaths) ? (deaths as unknown[]) : [];
  const time = (latest as { time?: { value?: unknown } } | undefined)?.time?.value;
  return typeof time === 'number' ? new Date(time * 1000) : undefined;
}
