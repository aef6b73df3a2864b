import { describe, expect, test } from '@jest/globals';
import { createMetrics } from './metrics.ts';

const lines = async (metrics: { render: () => Promise<string> }, name: string) =>
  (await metrics.render()).split('\n').filter(line => line.startsWith(name));

describe('metrics', () => {
  test('say which service they are of, also where several share a process', async () => {
    const process = createMetrics('standalone');
    for (const [service, by] of [
      ['auth', 1],
      ['vault', 2],
    ] as const) {
      const count = process.forService(service).counter('strongroom_things_total', 'Things', ['outcome']);
      count({ outcome: 'kept' }, by);
    }
    expect(await lines(process, 'strongroom_things_total')).toEqual([
      'strongroom_things_total{service="auth",outcome="kept"} 1',
      'strongroom_things_total{service="vault",outcome="kept"} 2',
    ]);
    expect(await lines(process, 'process_resident_memory_bytes{service="standalone"}')).toHaveLength(1);
    expect(await lines(process, '# TYPE strongroom_things_total')).toHaveLength(1);
  });

  test('a counter without labels is there before its first step', async () => {
    const metrics = createMetrics('vault');
    metrics.counter('strongroom_faults_total', 'Faults');
    expect(await lines(metrics, 'strongroom_faults_total')).toEqual([
      'strongroom_faults_total{service="vault"} 0',
    ]);
  });

  test('a histogram counts by buckets in the unit of its name', async () => {
    const metrics = createMetrics('vault');
    const observe = metrics.histogram('strongroom_wait_seconds', 'Wait', [0.1, 1]);
    observe(0.05);
    observe(0.5);
    expect(await lines(metrics, 'strongroom_wait_seconds')).toEqual([
      'strongroom_wait_seconds_bucket{le="0.1",service="vault"} 1',
      'strongroom_wait_seconds_bucket{le="1",service="vault"} 2',
      'strongroom_wait_seconds_bucket{le="+Inf",service="vault"} 2',
      'strongroom_wait_seconds_sum{service="vault"} 0.55',
      'strongroom_wait_seconds_count{service="vault"} 2',
    ]);
  });

  test('a gauge is read at each scrape, and left out while it cannot be', async () => {
    const metrics = createMetrics('vault');
    let value: () => number | Promise<number> = () => 1;
    metrics.gauge('strongroom_depth', 'Depth', () => value(), { queue: 'a' });
    metrics.gauge('strongroom_depth', 'Depth', () => 7, { queue: 'b' });
    const a = 'strongroom_depth{service="vault",queue="a"} ';
    const b = 'strongroom_depth{service="vault",queue="b"} 7';
    expect(await lines(metrics, 'strongroom_depth')).toEqual([`${a}1`, b]);
    value = () => Promise.reject(new Error('away'));
    expect(await lines(metrics, 'strongroom_depth')).toEqual([b]);
    value = () => 3;
    expect((await lines(metrics, 'strongroom_depth')).sort()).toEqual([`${a}3`, b]);
  });

  test('a gauge that is asked for again has its newest reader', async () => {
    const metrics = createMetrics('vault');
    metrics.gauge('strongroom_depth', 'Depth', () => 1);
    metrics.gauge('strongroom_depth', 'Depth', () => 2);
    expect(await lines(metrics, 'strongroom_depth')).toEqual(['strongroom_depth{service="vault"} 2']);
  });
});
