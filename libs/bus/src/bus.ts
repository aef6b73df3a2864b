import type { CloudEvent } from '@strongroom/contracts/cloud-event';

/**
 * Facts between services. `publish` resolves when the events are safe: in memory, when every subscriber
 * has dealt with them; on a broker, when its queues hold them. Handlers get a batch in order and may see an
 * event twice.
 */
export interface Bus {
  publish: (events: readonly CloudEvent[]) => Promise<void>;
  subscribe: (subscription: Subscription) => Promise<() => Promise<void>>;
  /** False while the broker cannot be reached: what others publish does not arrive. */
  isConnected: () => boolean;
  /** Calls the listener each time the broker has become reachable. Returns the way to stop that. */
  onConnected: (listener: () => void) => () => void;
  readonly deadLetters: DeadLetters;
  /** Stops consuming, then waits for what is under way. */
  close: () => Promise<void>;
}

export interface Subscription {
  /**
   * Subscriptions of one queue share its events; different queues each get all of them. A queue of DURABLE_QUEUES
   * keeps events while nobody consumes; any other is this replica's own and ends with it.
   */
  queue: string;
  /** Event types without their `strongroom.` prefix; `*` stands for one word, e.g. `*.audit.recorded`. */
  types: readonly string[];
  /**
   * A batch is done when this resolves. When it rejects, the batch comes again later, growing slower; an event that
   * fails alone again and again, or with UnprocessableEvent, becomes a dead letter if its queue is durable.
   */
  handle: (events: readonly CloudEvent[]) => Promise<void>;
  /** The most events that are given at once. */
  batchSize?: number;
  /** Called after a time in which a queue of the replica's own did not exist: events may have passed it by. */
  onGap?: () => void;
}

/** Thrown by a handler: no retry could make this event work. */
export class UnprocessableEvent extends Error {
  override readonly name = 'UnprocessableEvent';
}

/** Events that their consumer could not deal with, set aside for an operator. */
export interface DeadLetters {
  /** The oldest first; they stay where they are. */
  list: (queue: string, limit: number) => Promise<{ count: number; items: readonly DeadLetter[] }>;
  /** Gives up to `limit` of them to their queue again, the oldest first; answers how many. */
  requeue: (queue: string, limit: number) => Promise<number>;
}

export interface DeadLetter {
  readonly event: CloudEvent;
  /** Why the broker set it aside: `delivery_limit`, `rejected`. */
  readonly reason: string;
  /** When, if the broker says so. */
  readonly deadAt: Date | undefined;
}

export function matchesType(pattern: string, type: string): boolean {
  const wanted = `strongroom.${pattern}`.split('.');
  const words = type.split('.');
  return (
    wanted.length === words.length && wanted.every((word, index) => word === '*' || word === words[index])
  );
}
