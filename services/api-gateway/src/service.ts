import { randomUUID, X509Certificate } from 'node:crypto';
import { hostname } from 'node:os';
import type { Bus } from '@strongroom/bus/bus';
import type { Cache } from '@strongroom/cache/cache';
import { createMemoryCache } from '@strongroom/cache/memory-cache';
import { REPORT_INTERVAL_MS } from '@strongroom/contracts/replica-events';
import { listen } from '@strongroom/http/listen';
import { silentMetrics, type Metrics } from '@strongroom/metrics/metrics';
import { reportReplica } from '@strongroom/service/report-replica';
import { VERSION } from '@strongroom/service/service-config';
import { createApp } from './app.ts';
import type { GatewayConfig } from './config.ts';
import type { Context } from './context.ts';
import { createRateLimits } from './rate-limits.ts';
import { readiness } from './readiness.ts';
import { createServer } from './server.ts';
import { closeUpstreams, firstFindings, openUpstreams, type UpstreamDependencies } from './upstreams.ts';

export interface GatewayDependencies extends UpstreamDependencies {
  /** Absent: monitor is not told of this replica. */
  bus?: Bus;
  /** Absent: a memory of this process alone. */
  cache?: Cache;
}

export interface Gateway {
  readonly url: string;
  /**
   * Says on `/readyz` that it stops, serves what still comes for `drainMs`, then lets requests under way finish,
   * for at most `shutdownDeadlineMs`. Safe to call twice.
   */
  stop: () => Promise<void>;
}

/** The composition root. The services need not run yet: until they do, their routes answer 503. */
export async function startGateway(
  config: GatewayConfig,
  dependencies: GatewayDependencies,
): Promise<Gateway> {
  const { log, bus } = dependencies;
  const metrics = (dependencies.metrics ?? silentMetrics).forService('api-gateway');
  if (config.tls !== undefined) measureCertificate(metrics, config.tls.cert);
  const context: Context = {
    config,
    upstreams: openUpstreams(config, { ...dependencies, metrics }),
    rateLimits: createRateLimits(config, dependencies.cache ?? createMemoryCache()),
    log,
    stopping: false,
  };
  await firstFindings(context.upstreams);
  const listening = await listen(createServer(config, createApp(context, metrics)), config.host, config.port);
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
      await listening.stop(config.shutdownDeadlineMs, config.drainMs);
      await closeUpstreams(context.upstreams);
    },
  };
}

/** Of the first certificate in the file, which is the gateway's own. */
function measureCertificate(metrics: Metrics, pem: string): void {
  const expiry = Date.parse(new X509Certificate(pem).validTo) / 1_000;
  metrics.gauge(
    'strongroom_gateway_certificate_expiry_timestamp_seconds',
    'When the certificate that clients see ends',
    () => expiry,
  );
}
