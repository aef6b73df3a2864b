import { setTimeout as delay } from 'node:timers/promises';
import type { Channel, ConsumeMessage } from 'amqplib';
import type { CloudEvent } from '@strongroom/contracts/cloud-event';
import { AppError } from '@strongroom/errors/app-error';
import type { Logger } from '@strongroom/log/logger';
import { UnprocessableEvent, type Subscription } from './bus.ts';
import { deliver } from './deliver.ts';
import { decodeEvent } from './rabbit-message.ts';

/** What one channel brings to one subscription, from the first message until `stop` or the loss of the channel. */
export interface Delivery {
  readonly take: (message: ConsumeMessage) => void;
  /** Waits for the batch under way and acknowledges it; the rest goes back to the queue with its channel. */
  readonly stop: () => Promise<void>;
  /** When the last call of the handler is over, also after a loss of the channel. */
  readonly idle: () => Promise<void>;
}

/** Called with numbers of events. */
export interface DeliveryCounters {
  readonly consumed: (events: number) => void;
  readonly failed: (events: number) => void;
  readonly deadLettered: (events: number) => void;
}

export interface DeliveryOptions {
  channel: Channel;
  subscription: Subscription;
  log: Logger;
  counters: DeliveryCounters;
  /** Handlers of a subscription never overlap: what an earlier channel brought may still be under way. */
  after: Promise<void>;
}

export const DEFAULT_BATCH_SIZE = 100;

const MIN_RETRY_MS = 100;
const MAX_RETRY_MS = 5_000;
/** With the delays between them about a minute: enough for a passing fault that does not say that it is one. */
const MAX_FAILURES = 16;

interface Item {
  readonly message: ConsumeMessage;
  readonly event: CloudEvent;
  /** How often it failed alone. */
  failures: number;
}

type Outcome = 'done' | 'unavailable' | 'unprocessable' | 'failed';

/**
 * Events wait for their retry here, unacknowledged. Given back to the queue they would come again at once, each time
 * nearer to the delivery limit, and good events would become dead letters while their consumer's database restarts.
 */
export function startDelivery({ channel, subscription, log, counters, after }: DeliveryOptions): Delivery {
  const { queue, batchSize = DEFAULT_BATCH_SIZE } = subscription;
  const waiting: Item[] = [];
  const timers = new Set<NodeJS.Timeout>();
  const stopping = new AbortController();
  let isGone = false;
  let working: Promise<void> | undefined;
  /** Events that failed alone and are neither done nor set aside yet. */
  let unsettled = 0;

  channel.once('close', () => {
    isGone = true;
    end();
  });

  const isStopping = () => stopping.signal.aborted;

  function end(): void {
    stopping.abort();
    for (const timer of timers) clearTimeout(timer);
  }

  function take(message: ConsumeMessage): void {
    const event = decodeEvent(message.content);
    if (event === undefined) {
      setAside(message, 'it is no event');
      return;
    }
    waiting.push({ message, event, failures: 0 });
    start();
  }

  function start(): void {
    if (isStopping()) return;
    working ??= work().finally(() => {
      working = undefined;
      if (waiting.length > 0) start();
    });
  }

  async function work(): Promise<void> {
    await after;
    while (!isStopping()) {
      // What is read from the socket together makes one batch: all of it has been taken when this resolves.
      await new Promise(resolve => setImmediate(resolve));
      const batch = nextBatch();
      if (batch.length === 0) return;
      if (batch.length > 1 && (await attempt(batch)) === 'done') continue;
      for (const item of batch) await dealAlone(item);
    }
  }

  /** One that failed before comes alone, so that it fails no other. */
  function nextBatch(): Item[] {
    const failed = waiting.findIndex(item => item.failures > 0);
    const count = failed === 0 ? 1 : failed > 0 ? failed : waiting.length;
    return waiting.splice(0, Math.min(count, batchSize));
  }

  /** While what the handler needs is away, the same is tried again and again: nothing else would fare better. */
  async function attempt(batch: readonly Item[]): Promise<Outcome> {
    for (let tries = 0; ; tries += 1) {
      const outcome = await tryOnce(batch, tries === 0);
      if (outcome !== 'unavailable' || isStopping()) return outcome;
      await delay(retryMs(tries), undefined, { signal: stopping.signal }).catch(() => undefined);
      if (isStopping()) return outcome;
    }
  }

  async function tryOnce(batch: readonly Item[], isFirst: boolean): Promise<Outcome> {
    try {
      await deliver(
        subscription,
        batch.map(item => item.event),
      );
    } catch (error) {
      counters.failed(batch.length);
      const isNews = isFirst && batch.every(item => item.failures === 0);
      if (isNews) log.error('events were not dealt with; trying on', error, { queue, events: batch.length });
      if (error instanceof UnprocessableEvent) return 'unprocessable';
      return error instanceof AppError && error.kind === 'unavailable' ? 'unavailable' : 'failed';
    }
    counters.consumed(batch.length);
    acknowledge(batch);
    return 'done';
  }

  async function dealAlone(item: Item): Promise<void> {
    if (isStopping()) return;
    const outcome = await attempt([item]);
    if (outcome === 'failed' && item.failures + 1 < MAX_FAILURES) holdBack(item);
    else if (outcome === 'failed' || outcome === 'unprocessable') {
      if (item.failures > 0) unsettled -= 1;
      setAside(item.message, outcome === 'failed' ? 'it failed again and again' : 'no retry could help');
    }
  }

  /** Others go on; one that is held back takes a place among those that may be unacknowledged, so they stay few. */
  function holdBack(item: Item): void {
    if (item.failures === 0) unsettled += 1;
    item.failures += 1;
    const timer = setTimeout(() => {
      timers.delete(timer);
      waiting.unshift(item);
      start();
    }, retryMs(item.failures));
    timers.add(timer);
  }

  function acknowledge(batch: readonly Item[]): void {
    const last = batch.at(-1);
    // One acknowledgement covers all that came before, unless some of that is not done.
    if (unsettled === 0 && last !== undefined) settle(() => channel.ack(last.message, true));
    else for (const { message } of batch) settle(() => channel.ack(message));
    unsettled -= batch.filter(item => item.failures > 0).length;
  }

  function setAside(message: ConsumeMessage, why: string): void {
    const id: unknown = message.properties.messageId;
    log.error('an event was set aside', undefined, { queue, why, eventId: typeof id === 'string' ? id : '' });
    counters.deadLettered(1);
    settle(() => channel.nack(message, false, false));
  }

  /** What a lost channel brought has gone back to the queue and comes again. */
  function settle(send: () => void): void {
    if (!isGone) send();
  }

  const idle = async () => {
    while (working !== undefined) await working;
  };
  return {
    take,
    async stop() {
      end();
      await idle();
    },
    idle,
  };
}

const retryMs = (failures: number): number => Math.min(MIN_RETRY_MS * 2 ** failures, MAX_RETRY_MS);
