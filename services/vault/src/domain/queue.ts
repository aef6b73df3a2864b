/** Runs one after another; whoever comes when too many wait is refused. */
export function createQueue(
  maxWaiting: number,
  refusal: () => Error,
): <T>(work: () => Promise<T>) => Promise<T> {
  let waiting = 0;
  let last: Promise<unknown> = Promise.resolve();
  return async work => {
    if (waiting >= maxWaiting) throw refusal();
    waiting += 1;
    const run = last.then(() => {
      waiting -= 1;
      return work();
    });
    last = run.catch(() => undefined);
    return run;
  };
}
