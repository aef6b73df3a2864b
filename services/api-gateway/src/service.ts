import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Bus } from '@strongroom/bus/bus';
import { REPORT_INTERVAL_MS } from '@strongroom/contracts/replica-events';
import { listen } from '@strongroom/http/listen';
import type { Logger } from '@strongroom/log/logger';
import { reportReplica } from '@strongroom/service/report-replica';
import { VERSION } from '@strongroom/service/service-config';
import { createApp } from './app.ts';
import type { GatewayConfig } from './config.ts';
import type { Context } from './context.ts';
import { createRateLimits } from './rate-limits.ts';
import { readiness } from './readiness.ts';
import { createServer } from './server.ts';
import { closeUpstreams, openUpstreams } from './upstreams.ts';

export interface GatewayDependencies {
  log: Logger;
  /** Absent: monitor is not told of this replica. */
  bus?: Bus;
}

export interface Gateway {
  readonly url: string;
  /** Lets requests under way finish, for at most `shutdownDeadlineMs`. Safe to call twice. */
  stop: () => Promise<void>;
}

/** The composition root. The services need not run yet: until they do, their routes answer 503. */
export async function startGateway(
  config: GatewayConfig,
  { log, bus }: GatewayDependencies,
): Promise<Gateway> {
  const context: Context = {
    config,
    upstreams: openUpstreams(config),
    rateLimits: createRateLimits(config),
    log,
    stopping: false,
  };
  const listening = await listen(createServer(config, createApp(context)), config.host, config.port);
  const host = config.host.includes(':') ? `[${config.host}]` : config.host;
  const url = `${config.tls === undefined ? 'http' : 'https'}://${host}:${listening.port}`;
  log.info('gateway listens', { url });
  const now = () => new Date();
  const stopReporting =
    bus === undefined
      ? undefined
      : reportReplica({
          bus,
          config: { service: 'api-gateway', version: VERSION },
          instance: { id: randomUUID(), hostname: hostname(), startedAt: now() },
          isReady: async () => (await readiness(context)).status === 'ready',
          log,
          now,
          newId: randomUUID,
          // Each look asks all services.
          checkMs: REPORT_INTERVAL_MS,
        });

  return {
    url,
    async stop() {
      context.stopping = true;
      await stopReporting?.();
      await listening.stop(config.shutdownDeadlineMs);
      await closeUpstreams(context.upstreams);
    },
  };
}
