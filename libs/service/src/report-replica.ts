import type { Bus } from '@strongroom/bus/bus';
import { cloudEvent } from '@strongroom/contracts/cloud-event';
import {
  REPLICA_REPORTED,
  REPORT_INTERVAL_MS,
  type ReplicaReported,
  type ReplicaState,
} from '@strongroom/contracts/replica-events';
import type { Logger } from '@strongroom/log/logger';
import type { Instance } from './foundations.ts';

export interface ReplicaReporter {
  readonly bus: Bus;
  readonly config: { readonly service: string; readonly version: string };
  readonly instance: Instance;
  /** As `/readyz` has it; false and a rejection are the same. */
  readonly isReady: () => Promise<boolean>;
  readonly log: Logger;
  readonly now: () => Date;
  readonly newId: () => string;
  /** How often readiness is looked at: a change is told within this time. */
  readonly checkMs?: number;
}

const CHECK_MS = 1_000;

/**
 * Tells monitor of this replica: now, every five seconds, when it turns ready or ceases to be, and at the stop. A
 * report that does not get through is followed by the next, so failures make no noise. Returns the way to stop.
 */
export function reportReplica(reporter: ReplicaReporter): () => Promise<void> {
  const { bus, config, instance, log, now, newId, checkMs = CHECK_MS } = reporter;
  let told: { state: ReplicaState; at: number } | undefined;
  let stopped = false;
  let running: Promise<void> | undefined;

  const tell = async (state: ReplicaState): Promise<void> => {
    const time = now();
    const report: ReplicaReported = {
      id: instance.id,
      hostname: instance.hostname,
      service: config.service,
      version: config.version,
      startedAt: instance.startedAt.toISOString(),
      state,
      message: MESSAGES[state],
    };
    try {
      await bus.publish([cloudEvent(config.service, REPLICA_REPORTED, newId(), time, report)]);
      told = { state, at: time.getTime() };
    } catch (error) {
      // Told again at the next look.
      told = undefined;
      log.debug('a report of this replica did not get through', {
        reason: error instanceof Error ? error.message : 'unknown',
      });
    }
  };

  const look = async (): Promise<void> => {
    const ready = await reporter.isReady().catch(() => false);
    if (stopped) return;
    const state = ready ? 'ready' : 'not-ready';
    const isDue = told === undefined || now().getTime() - told.at >= REPORT_INTERVAL_MS;
    if (isDue || told?.state !== state) await tell(state);
  };

  // One look at a time: a database that hangs must not gather them.
  const tick = (): void => {
    running ??= look().finally(() => (running = undefined));
  };
  const timer = setInterval(tick, checkMs);
  timer.unref();
  tick();

  return async () => {
    if (stopped) return;
    stopped = true;
    clearInterval(timer);
    await running;
    await tell('stopped');
  };
}

const MESSAGES: Readonly<Record<ReplicaState, string>> = {
  ready: 'OK',
  'not-ready': 'Not ready: it cannot do its work at the moment',
  stopped: 'Stopped',
};
