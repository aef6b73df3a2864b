import { AsyncResource } from 'node:async_hooks';
import { continueTraces, recordedTraceparent } from '@strongroom/tracing/tracing';

/**
 * Serves concurrent look-ups of one kind by one statement. While a load is under way, keys gather for the
 * next; so a quiet service loads at once, and a busy one makes a fraction of the round trips. A load that has
 * begun is never joined: whoever asks sees at least what was committed before it asked.
 *
 * `load` gets distinct keys, at most `maxKeys` (which bounds the size of one result), and rejects for all of
 * them or none. Rights are the caller's business: a row is shared by everyone who asked for its key.
 */
export function coalesce<K, V>(
  load: (keys: readonly K[]) => Promise<ReadonlyMap<K, V>>,
  maxKeys = 32,
): (key: K) => Promise<V | undefined> {
  let waiting = new Map<K, Waiter<V>[]>();
  let loading = false;
  /** The recorded traces among those who wait. */
  let traces: string[] = [];

  async function run(): Promise<void> {
    while (waiting.size > 0) {
      const batch = takeBatch();
      const joined = traces;
      traces = [];
      try {
        const found = await continueTraces(
          joined,
          () => ({ name: 'look up together' }),
          () => load([...batch.keys()]),
        );
        for (const [key, waiters] of batch) for (const { resolve } of waiters) resolve(found.get(key));
      } catch (error) {
        for (const waiters of batch.values()) for (const { reject } of waiters) reject(error);
      }
    }
    loading = false;
  }

  function takeBatch(): Map<K, Waiter<V>[]> {
    if (waiting.size <= maxKeys) {
      const batch = waiting;
      waiting = new Map();
      return batch;
    }
    const batch = new Map([...waiting].slice(0, maxKeys));
    for (const key of batch.keys()) waiting.delete(key);
    return batch;
  }

  // A load is of all who wait, so it runs in the context of none of them.
  const startLoading = AsyncResource.bind(() => void run());

  return key =>
    new Promise((resolve, reject) => {
      const traceparent = recordedTraceparent();
      if (traceparent !== undefined) traces.push(traceparent);
      const waiters = waiting.get(key);
      if (waiters === undefined) waiting.set(key, [{ resolve, reject }]);
      else waiters.push({ resolve, reject });
      if (!loading) {
        loading = true;
        // The end of this turn of the event loop: whatever arrives in it shares the first load.
        setImmediate(startLoading);
      }
    });
}

interface Waiter<V> {
  resolve: (value: V | undefined) => void;
  reject: (reason: unknown) => void;
}
