import type { Logger } from '@strongroom/log/logger';

const LAST_LINES_MS = 1_000;

/** Resolves with the first SIGTERM or SIGINT, which asks for a clean stop; the second ends the process at once. */
export function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise(resolve => {
    let asked = false;
    const onSignal = (signal: NodeJS.Signals) => {
      if (asked) process.exit(130);
      asked = true;
      resolve(signal);
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
  });
}

/** After a fault that nothing caught, what the process holds in memory cannot be trusted: it ends, with a line. */
export function endOnFault(log: Logger): void {
  const onFault = (error: unknown) => {
    log.error('ended by a fault that nothing caught', error);
    setTimeout(() => process.exit(1), LAST_LINES_MS);
    void log.close().then(() => process.exit(1));
  };
  process.on('uncaughtException', onFault);
  process.on('unhandledRejection', onFault);
}
