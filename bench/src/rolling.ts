/**
 * Replaces every replica of services one by one, as an update does, under a steady mixed load. Exit code 1 when a
 * request failed.
 * `make rolling`; `node bench/dist/rolling.js [--services=vault,auth] [--replicas=2] [--rate=40]`.
 */
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { replicasNow, roll, scale, untilHealthy } from './cluster.ts';
import { describeFailures, failuresIn, print, underLoad } from './under-load.ts';

const { values: options } = parseArgs({
  options: {
    directory: { type: 'string', default: 'var/cluster' },
    services: { type: 'string', default: 'auth,vault,secrets-manager,monitor,api-gateway' },
    replicas: { type: 'string', default: '2' },
    rate: { type: 'string', default: '40' },
  },
});
const services = options.services.split(',');

const before = await replicasNow();
const replicas = (count: (service: string) => number) =>
  Object.fromEntries(services.map(service => [service, count(service)]));
await scale(replicas(service => Math.max(Number(options.replicas), before[service] ?? 1)));
await untilHealthy();
try {
  await underLoad(options.directory, Number(options.rate), async ({ load, aim }) => {
    for (const service of services) {
      const first = load.attempts.length;
      const started = performance.now();
      await roll(service, aim);
      const seconds = ((performance.now() - started) / 1_000).toFixed(1);
      // What the last stop may have broken has then been answered.
      await pause(3_000);
      const attempts = load.attempts.slice(first);
      const failures = failuresIn(attempts);
      print(
        `${service.padEnd(17)}replaced within ${seconds.padStart(6)} s  ` +
          `${attempts.length} requests, failed: ${describeFailures(failures)}`,
      );
      if (failures.size > 0) process.exitCode = 1;
    }
  });
} finally {
  await scale(replicas(service => before[service] ?? 1));
}
