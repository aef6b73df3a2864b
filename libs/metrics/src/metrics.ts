import process from 'node:process';
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

type Labels<L extends string> = Readonly<Record<L, string>>;

/**
 * What a process tells Prometheus of itself. Names begin with `strongroom_`, are snake_case and end in their unit.
 * Labels are few and bounded: route templates, outcomes, names of services; never an id. Every series says its
 * `service`. The same name may be asked for again, with the same labels: it is the same series.
 */
export interface Metrics {
  counter: <L extends string = never>(
    name: string,
    help: string,
    labels?: readonly L[],
  ) => (labels?: Labels<L>, by?: number) => void;
  /** Buckets in the unit of the name, ascending. */
  histogram: <L extends string = never>(
    name: string,
    help: string,
    buckets: readonly number[],
    labels?: readonly L[],
  ) => (value: number, labels?: Labels<L>) => void;
  /**
   * `read` is asked at each scrape; what it rejects with, leaves the value out. One gauge may be read once for each
   * set of label values, which then all have the same names.
   */
  gauge: (
    name: string,
    help: string,
    read: () => number | Promise<number>,
    labels?: Readonly<Record<string, string>>,
  ) => void;
  /** The same registry for another service of this process. */
  forService: (service: string) => Metrics;
  /** All services of the process, in Prometheus' text format. */
  render: () => Promise<string>;
  readonly contentType: string;
}

/** From a cached read to a call that waits for a deadline, in seconds. */
export const DURATION_BUCKETS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
] as const;

/** With the process' own figures: memory, processor, event loop. */
export function createMetrics(service: string): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, labels: { service } });
  const metrics = metricsOf(registry, new Map(), service);
  metrics.gauge(
    'strongroom_process_memory_limit_bytes',
    'What the container may use; absent without a limit',
    memoryLimit,
  );
  return metrics;
}

function memoryLimit(): number {
  const limit = process.constrainedMemory();
  // Without a limit the system says 0, or more than any machine has.
  if (!(limit > 0 && limit < 2 ** 50)) throw new Error('there is no limit');
  return limit;
}

type Readers = Map<
  string,
  { labels: Readonly<Record<string, string>>; read: () => number | Promise<number> }
>;

function metricsOf(registry: Registry, gauges: Map<string, Readers>, service: string): Metrics {
  const registers = [registry];
  const withService = (labels: readonly string[]) => ['service', ...labels];

  return {
    counter(name, help, labels = []) {
      const known = registry.getSingleMetric(name) as Counter | undefined;
      const counter = known ?? new Counter({ name, help, labelNames: withService(labels), registers });
      // A series that is there from the start shows its first step, too.
      if (labels.length === 0) counter.inc({ service }, 0);
      return (values, by = 1) => counter.inc({ service, ...values }, by);
    },
    histogram(name, help, buckets, labels = []) {
      const known = registry.getSingleMetric(name) as Histogram | undefined;
      const histogram =
        known ??
        new Histogram({ name, help, labelNames: withService(labels), buckets: [...buckets], registers });
      return (value, values) => histogram.observe({ service, ...values }, value);
    },
    gauge(name, help, read, labels = {}) {
      const readers = gauges.get(name) ?? registerGauge(registry, gauges, name, help, Object.keys(labels));
      const all = { service, ...labels };
      readers.set(JSON.stringify(all), { labels: all, read });
    },
    forService: other => metricsOf(registry, gauges, other),
    render: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

function registerGauge(
  registry: Registry,
  gauges: Map<string, Readers>,
  name: string,
  help: string,
  labels: readonly string[],
): Readers {
  const readers: Readers = new Map();
  gauges.set(name, readers);
  new Gauge({
    name,
    help,
    labelNames: ['service', ...labels],
    registers: [registry],
    async collect() {
      await Promise.all(
        [...readers.values()].map(async reader => {
          try {
            this.set(reader.labels, await reader.read());
          } catch {
            this.remove(reader.labels);
          }
        }),
      );
    },
  });
  return readers;
}

/** Counts nothing: for tests, and where nobody asks. */
export const silentMetrics: Metrics = {
  counter: () => () => undefined,
  histogram: () => () => undefined,
  gauge: () => undefined,
  forService: () => silentMetrics,
  render: () => Promise.resolve(''),
  contentType: 'text/plain',
};
