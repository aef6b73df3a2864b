import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

type Labels<L extends string> = Readonly<Record<L, string>>;

/**
 * What a process tells Prometheus of itself. Names begin with `strongroom_`, are snake_case and end in their unit.
 * Labels are few and bounded: route templates, outcomes, names of services; never an id.
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
  /** `read` is asked at each scrape; what it rejects with, leaves the value out. */
  gauge: (name: string, help: string, read: () => number | Promise<number>) => void;
  /** In Prometheus' text format. */
  render: () => Promise<string>;
  readonly contentType: string;
}

/** With the process' own figures: memory, processor, event loop. */
export function createMetrics(service: string): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return {
    counter(name, help, labels = []) {
      const counter = new Counter({ name, help, labelNames: labels, registers });
      return (values, by = 1) => {
        if (values === undefined) counter.inc(by);
        else counter.inc(values, by);
      };
    },
    histogram(name, help, buckets, labels = []) {
      const histogram = new Histogram({ name, help, labelNames: labels, buckets: [...buckets], registers });
      return (value, values) => {
        if (values === undefined) histogram.observe(value);
        else histogram.observe(values, value);
      };
    },
    gauge(name, help, read) {
      const gauge = new Gauge({
        name,
        help,
        registers,
        async collect() {
          try {
            this.set(await read());
          } catch {
            this.remove();
          }
        },
      });
      void gauge;
    },
    render: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

/** Counts nothing: for tests, and where nobody asks. */
export const silentMetrics: Metrics = {
  counter: () => () => undefined,
  histogram: () => () => undefined,
  gauge: () => undefined,
  render: () => Promise.resolve(''),
  contentType: 'text/plain',
};
