import { createServer } from 'node:http';
import { listen } from '@strongroom/http/listen';
import type { Authenticate } from '@strongroom/http/mount-routes';
import type { Route } from '@strongroom/http/route';
import { buildServiceApp } from '@strongroom/http/service-app';
import { statusRoute } from '@strongroom/http/status-route';
import { limitCallers } from './caller-limit.ts';
import type { Foundations } from './foundations.ts';
import { reportReplica } from './report-replica.ts';

export interface RunningService {
  /** Where the gateway and the other services reach it. */
  readonly url: string;
  /**
   * Says on `/readyz` that it stops, and after `drainMs` stops accepting; drains requests, then closes what the
   * service stands on. Safe to call twice.
   */
  stop: () => Promise<void>;
}

export interface ServeOptions {
  /** Path prefixes of the service's APIs; each gets its `/status`. */
  prefixes: readonly string[];
  routes: readonly Route[];
  authenticate: Authenticate;
  bodyLimitBytes: number;
  /** Runs after the last request and before the database closes: consumers, timers. */
  beforeClose?: () => Promise<void>;
}

export async function serve(foundations: Foundations, options: ServeOptions): Promise<RunningService> {
  const { config, log, metrics, isReady } = foundations;
  const startedAt = foundations.now();
  let isStopping = false;
  const app = buildServiceApp({
    title: config.service,
    version: config.version,
    routes: [
      ...options.prefixes.map(prefix =>
        statusRoute({ prefix, service: config.service, version: config.version, startedAt, isReady }),
      ),
      ...options.routes,
    ],
    authenticate: options.authenticate,
    admit: limitCallers(foundations),
    isReady: async () => !isStopping && (await isReady()),
    bodyLimitBytes: options.bodyLimitBytes,
    log,
    metrics,
  });
  metrics.gauge(
    'strongroom_ready',
    '1 while acts can be recorded, so that requests may be answered',
    async () => ((await isReady()) ? 1 : 0),
  );
  // Longer than the gateway keeps idle connections, so that it never writes to one that we just closed.
  const server = createServer({ keepAliveTimeout: 75_000 }, app);
  const listening = await listen(server, config.host, config.port).catch(async (error: unknown) => {
    await foundations.close();
    throw error;
  });
  const url = `http://${config.host}:${listening.port}`;
  log.info('listening', { url });
  const stopReporting = reportReplica(foundations);
  const stop = async () => {
    isStopping = true;
    await stopReporting();
    await listening.stop(config.shutdownDeadlineMs, config.drainMs);
    await options.beforeClose?.();
    await foundations.close();
    log.info('stopped');
  };
  let stopping: Promise<void> | undefined;
  return { url, stop: () => (stopping ??= stop()) };
}
