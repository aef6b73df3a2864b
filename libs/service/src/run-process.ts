import { openRabbitBus } from '@strongroom/bus/rabbit-bus';
import type { Cache } from '@strongroom/cache/cache';
import { createMemoryCache } from '@strongroom/cache/memory-cache';
import { openRedisCache } from '@strongroom/cache/redis-cache';
import { type Environment, readSettings, SettingsError } from '@strongroom/config/settings';
import { DURABLE_QUEUES } from '@strongroom/contracts/queues';
import { createLogger, type Logger, type LogLevel } from '@strongroom/log/logger';
import { createMetrics, type Metrics } from '@strongroom/metrics/metrics';
import type { ServiceDependencies } from './foundations.ts';
import { startObservability } from './observability.ts';
import { readProcessConfig, type ProcessConfig, type ProcessSecrets } from './process-config.ts';
import { endOnFault, stopSignal } from './process-end.ts';
import { VERSION } from './service-config.ts';

export interface Program<Config extends ProgramConfig, Secrets> {
  /** The name in logs, metrics and traces. */
  service: string;
  environment: Environment;
  /** Throws SettingsError with every fault. */
  read: (environment: Environment) => { config: Config; secrets: Secrets };
  start: (
    config: Config,
    secrets: Secrets,
    dependencies: ProcessDependencies,
  ) => Promise<{ stop: () => Promise<void> }>;
}

export interface ProgramConfig {
  readonly logLevel: LogLevel;
  readonly shutdownDeadlineMs: number;
  /** Before the stop begins; absent: none. */
  readonly drainMs?: number;
}

/** Of a process of its own; `stopping` tells a start that waits for something to give up. */
export type ProcessDependencies = Required<Omit<ServiceDependencies, 'now'>> & { stopping: AbortSignal };

/** Beyond the drain of requests: consumers, leftovers of the outbox, connections. */
const CLOSING_MS = 10_000;

/**
 * A service as a process of the cluster: reads its settings, starts, waits for SIGTERM or SIGINT, stops. Ends the
 * process: 0 after a clean stop, 1 after wrong settings, a failed start or a fault that nothing caught.
 */
export async function runProcess<Config extends ProgramConfig, Secrets>(
  program: Program<Config, Secrets>,
): Promise<never> {
  const { own, shared } = readOrExit(program);
  const log = createLogger({ level: own.config.logLevel }, { service: program.service });
  endOnFault(log);
  const signal = stopSignal();
  const stopping = new AbortController();
  void signal.then(() => stopping.abort());

  const { dependencies, close } = await openDependencies(program.service, shared, log);
  const started = program.start(own.config, own.secrets, { ...dependencies, stopping: stopping.signal });
  const running = await Promise.race([started, signal]).catch((error: unknown) =>
    end(log, 1, () => log.error('the service could not start', error)),
  );
  if (typeof running === 'string') {
    // What a start had begun is undone by the end of its connections.
    started.catch(() => undefined);
    return end(log, 0, () => log.info('asked to stop before the start was done', { signal: running }));
  }

  log.info('stopping', { signal: await signal });
  const deadline = setTimeout(
    () => void end(log, 1, () => log.error('the stop took too long; ending')),
    (own.config.drainMs ?? 0) + own.config.shutdownDeadlineMs + CLOSING_MS,
  );
  await running.stop();
  await close();
  clearTimeout(deadline);
  return end(log, 0, () => log.info('ended'));
}

function readOrExit<Config extends ProgramConfig, Secrets>({
  environment,
  read,
}: Program<Config, Secrets>): {
  own: { config: Config; secrets: Secrets };
  shared: { config: ProcessConfig; secrets: ProcessSecrets };
} {
  const faults: string[] = [];
  const attempt = <T>(work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      faults.push(...error.faults);
      return undefined;
    }
  };
  const own = attempt(() => read(environment));
  const shared = attempt(() => {
    const settings = readSettings(environment);
    const values = readProcessConfig(settings);
    settings.finish();
    return values;
  });
  if (own !== undefined && shared !== undefined) return { own, shared };
  process.stderr.write(`${new SettingsError(faults).message}\n`);
  process.exit(1);
}

/** Neither a broker nor a Redis that is away holds up the start. */
async function openDependencies(
  service: string,
  { config, secrets }: { config: ProcessConfig; secrets: ProcessSecrets },
  log: Logger,
): Promise<{ dependencies: Required<Omit<ServiceDependencies, 'now'>>; close: () => Promise<void> }> {
  const metrics = createMetrics(service);
  const stopObservability = await startObservability(config.observability, {
    service,
    version: VERSION,
    metrics,
    log,
  });
  const cache = openCache(config, secrets, { log, metrics });
  const bus = await openRabbitBus({
    url: config.brokerUrl,
    ...(secrets.brokerPassword === undefined ? {} : { password: secrets.brokerPassword }),
    ...(config.brokerCa === undefined ? {} : { ca: config.brokerCa }),
    queues: DURABLE_QUEUES,
    log,
    metrics,
  });
  return {
    dependencies: { bus, cache, metrics, log },
    async close() {
      await bus.close();
      await cache.close();
      await stopObservability();
    },
  };
}

function openCache(
  { redisUrl: url, redisCa: ca }: ProcessConfig,
  { redisPassword: password }: ProcessSecrets,
  { log, metrics }: { log: Logger; metrics: Metrics },
): Cache {
  if (url !== undefined) return openRedisCache({ url, password, ca, log, metrics });
  log.warn('STRONGROOM_REDIS_URL is not set: limits count for each replica alone');
  return createMemoryCache();
}

/** The last lines reach the log before the process is gone. */
async function end(log: Logger, code: number, tell: () => void): Promise<never> {
  tell();
  await log.close();
  process.exit(code);
}
