import type { Settings } from '@strongroom/config/settings';
import type { Logger } from '@strongroom/log/logger';
import type { Metrics } from '@strongroom/metrics/metrics';
import { startTracing } from '@strongroom/tracing/tracing';
import { serveMetrics } from './metrics-server.ts';

/** What a process shows of itself, beside its log. */
export interface ObservabilitySettings {
  readonly metricsHost: string;
  /** 0: no listener. */
  readonly metricsPort: number;
  /** An OTLP/HTTP collector; absent: no traces. */
  readonly otlpUrl: string | undefined;
  /** The part of all requests whose trace is recorded, 0 to 1. */
  readonly traceRatio: number;
}

export const METRICS_PORT = 9464;

export function readObservability(settings: Settings, defaultPort: number): ObservabilitySettings {
  const otlpUrl = settings.optionalText('STRONGROOM_OTLP_URL');
  if (otlpUrl !== undefined && !/^https?:$/.test(URL.canParse(otlpUrl) ? new URL(otlpUrl).protocol : '')) {
    settings.fault('STRONGROOM_OTLP_URL must be an http or https address, e.g. http://jaeger:4318');
  }
  const ratio = settings.text('STRONGROOM_TRACE_RATIO', '0.1');
  if (!/^(0(\.\d{1,6})?|1(\.0{1,6})?)$/.test(ratio)) {
    settings.fault('STRONGROOM_TRACE_RATIO must be a number from 0 to 1, e.g. 0.1');
  }
  return Object.freeze({
    metricsHost: settings.text('STRONGROOM_METRICS_HOST', '127.0.0.1'),
    metricsPort: settings.integer('STRONGROOM_METRICS_PORT', { min: 0, max: 65_535 }, defaultPort),
    otlpUrl,
    traceRatio: Number(ratio),
  });
}

/** Opens the metrics listener and starts tracing, as far as they are set. Returns the way to stop both. */
export async function startObservability(
  settings: ObservabilitySettings,
  process: { service: string; version: string; metrics: Metrics; log: Logger },
): Promise<() => Promise<void>> {
  const { service, version, metrics, log } = process;
  const tracing =
    settings.otlpUrl === undefined
      ? undefined
      : await startTracing({
          service,
          version,
          url: settings.otlpUrl,
          ratio: settings.traceRatio,
          onDropped: countDropped(metrics, log),
        });
  const { metricsHost: host, metricsPort: port } = settings;
  const listening = port === 0 ? undefined : await serveMetrics({ host, port, metrics });
  if (listening !== undefined) log.info('metrics are served', { host, port });
  return async () => {
    await tracing?.stop();
    await listening?.stop(0);
  };
}

/** One line for the first loss: a collector that is away would fill the log. */
function countDropped(metrics: Metrics, log: Logger): (spans: number) => void {
  const count = metrics.counter(
    'strongroom_trace_dropped_spans_total',
    'Spans that the collector did not take',
  );
  let told = false;
  return spans => {
    count(undefined, spans);
    if (!told) log.warn('the collector of traces does not answer; spans are dropped and counted');
    told = true;
  };
}
