import type { CloudEvent } from '@strongroom/contracts/cloud-event';

/**
 * Facts between services. `publish` resolves when the events are safe: in memory, when every subscriber
 * has dealt with them; on a broker, when its queues hold them. Handlers get a batch in order and may see an
 * event twice.
 */
export interface Bus {
  publish: (events: readonly CloudEvent[]) => Promise<void>;
  subscribe: (subscription: Subscription) => Promise<() => Promise<void>>;
}

export interface Subscription {
  /** Subscriptions of one queue share its events; different queues each get all of them. */
  queue: string;
  /** Event types without their `strongroom.` prefix; `*` stands for one word, e.g. `*.audit.recorded`. */
  types: readonly string[];
  handle: (events: readonly CloudEvent[]) => Promise<void>;
}

export function matchesType(pattern: string, type: string): boolean {
  const wanted = `strongroom.${pattern}`.split('.');
  const words = type.split('.');
  return (
    wanted.length === words.length && wanted.every((word, index) => word === '*' || word === words[index])
  );
}
