import { AsyncResource } from 'node:async_hooks';

/** Work that is done again and again. */
export interface Repetition {
  /** Brings the next run forward; when one is under way, another follows it. */
  soon: () => void;
  stop: () => void;
}

/** However often `soon` is called, runs begin no sooner after one another. */
const LEAST_PAUSE_MS = 50;

/** Runs `work`, which never rejects, at once and then `pauseMs()` after each end; one run at a time. */
export function repeat(work: () => Promise<void>, pauseMs: () => number): Repetition {
  let timer: NodeJS.Timeout | undefined;
  let isHurried = false;
  let isStopped = false;

  const run = async () => {
    timer = undefined;
    isHurried = false;
    await work();
    // `soon` and `stop` may have been called meanwhile.
    schedule();
  };
  // A request that asks for a run soon must not lend its name to the log lines of all runs from then on.
  const schedule = AsyncResource.bind(() => {
    if (isStopped) return;
    timer = setTimeout(() => void run(), isHurried ? LEAST_PAUSE_MS : pauseMs()).unref();
  });
  void run();

  return {
    soon() {
      if (isHurried) return;
      isHurried = true;
      if (timer === undefined) return;
      clearTimeout(timer);
      schedule();
    },
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
