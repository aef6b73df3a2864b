import type { CloudEvent } from '@strongroom/contracts/cloud-event';
import type { Foundations } from './foundations.ts';

/** Something of another service that every replica keeps in its own memory. */
export interface Feed {
  /** Names the queue: `<service>.<name>.<a replica's own id>`. */
  readonly name: string;
  /** As in a subscription of the bus. */
  readonly types: readonly string[];
  /** Throws when the event has another shape than it should. */
  take: (event: CloudEvent) => void;
  /** Asks for what was told before this replica listened. */
  load: () => Promise<void>;
}

const MAX_BACKOFF_MS = 1_000;
/** While the broker is away this is how late a replica may hear of what changed elsewhere. */
const ASK_WHILE_AWAY_MS = 500;

/**
 * Listens first and then loads what was missed, so that nothing falls between. Resolves after the first attempt
 * to load; while that fails the service works, and it is tried again in the background. While the broker is away it
 * asks again and again instead of listening, and once more when it listens again. Returns the way to stop.
 */
export async function followFeed(
  { bus, config, newId, log }: Pick<Foundations, 'bus' | 'config' | 'newId' | 'log'>,
  feed: Feed,
): Promise<() => Promise<void>> {
  let stopped = false;
  let retry: NodeJS.Timeout | undefined;
  let loading: Promise<void> | undefined;
  let again = false;
  let failures = 0;
  let wasAway = false;

  const unsubscribe = await bus.subscribe({
    queue: `${config.service}.${feed.name}.${newId()}`,
    types: feed.types,
    handle(events) {
      for (const event of events) take(event);
      return Promise.resolve();
    },
    onGap: refresh,
  });
  const watch = setInterval(() => {
    const isAway = !bus.isConnected();
    if (isAway || wasAway) refresh();
    wasAway = isAway;
  }, ASK_WHILE_AWAY_MS);
  watch.unref();

  function take(event: CloudEvent): void {
    try {
      feed.take(event);
    } catch (error) {
      // Delivered again it would be no better, and it must not hold up those behind it.
      log.error('an event was dropped', error, { feed: feed.name, eventId: event.id, eventType: event.type });
    }
  }

  /** What changes while something is loaded may not be in it, so it is loaded once more. */
  function refresh(): void {
    if (stopped) return;
    clearTimeout(retry);
    again = true;
    loading ??= load().finally(() => {
      loading = undefined;
      if (again && failures === 0) refresh();
    });
  }

  async function load(): Promise<void> {
    try {
      while (again) {
        again = false;
        await feed.load();
      }
      if (failures > 0) log.info('what was missed is loaded', { feed: feed.name, failures });
      failures = 0;
    } catch (error) {
      failures += 1;
      if (failures === 1)
        log.error('what was missed could not be loaded; trying on', error, { feed: feed.name });
      if (stopped) return;
      retry = setTimeout(refresh, Math.min(50 * 2 ** failures, MAX_BACKOFF_MS));
      retry.unref();
    }
  }

  refresh();
  await loading;
  return async () => {
    stopped = true;
    clearInterval(watch);
    clearTimeout(retry);
    await unsubscribe();
    await loading;
  };
}
