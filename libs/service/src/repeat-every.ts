/**
 * Housekeeping: does `work` each `intervalMs`, one round at a time; a round that outlasts its interval is not joined by
 * another. A failure ends its round alone. Returns the way to stop, which waits for the round under way. It keeps no
 * process alive.
 */
export function repeatEvery(
  intervalMs: number,
  work: () => Promise<unknown>,
  onFailure: (error: unknown) => void,
): () => Promise<void> {
  let running: Promise<void> | undefined;
  const timer = setInterval(() => {
    running ??= work()
      .then(() => undefined, onFailure)
      .finally(() => {
        running = undefined;
      });
  }, intervalMs);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await running;
  };
}
