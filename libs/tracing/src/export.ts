import { hostname } from 'node:os';
import type { Tracer } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  type SpanExporter,
} from '@opentelemetry/sdk-trace-base';

export interface ExportSettings {
  /** `service.name` of the resource. */
  readonly service: string;
  readonly version: string;
  /** An OTLP/HTTP collector such as `http://jaeger:4318`; `/v1/traces` is appended. */
  readonly url: string;
  /** The part of all traces that is recorded, 0 to 1; decided where a trace begins. */
  readonly ratio: number;
  /** Told of spans that the collector did not take; they are dropped. */
  readonly onDropped: (spans: number) => void;
}

const SUCCESS = 0;
const SEND_DEADLINE_MS = 5_000;

/** Sends in the background, and lets at most 2,048 spans wait: a collector that is away costs nothing else. */
export function openExport(settings: ExportSettings): { tracer: Tracer; stop: () => Promise<void> } {
  const { service, version, url, ratio, onDropped } = settings;
  const exporter = new OTLPTraceExporter({
    url: `${url.replace(/\/$/, '')}/v1/traces`,
    timeoutMillis: SEND_DEADLINE_MS,
  });
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({
      'service.name': service,
      'service.namespace': 'strongroom',
      'service.version': version,
      // A replica: in a container its own id.
      'service.instance.id': hostname(),
    }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
    spanProcessors: [
      new BatchSpanProcessor(telling(exporter, onDropped), { exportTimeoutMillis: SEND_DEADLINE_MS }),
    ],
  });
  return {
    tracer: provider.getTracer('strongroom', version),
    stop: () => withinDeadline(provider.shutdown()),
  };
}

/** What could not be sent has been told as dropped; a collector that hangs holds up no stop. */
async function withinDeadline(shutdown: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<void>(resolve => {
    timer = setTimeout(resolve, SEND_DEADLINE_MS);
  });
  await Promise.race([shutdown.catch(() => undefined), deadline]);
  clearTimeout(timer);
}

function telling(exporter: SpanExporter, onDropped: ExportSettings['onDropped']): SpanExporter {
  return {
    export: (spans, done) =>
      exporter.export(spans, result => {
        if ((result.code as number) !== SUCCESS) onDropped(spans.length);
        done(result);
      }),
    shutdown: () => exporter.shutdown(),
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
  };
}
