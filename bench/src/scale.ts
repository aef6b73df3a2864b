/**
 * One replica of a service, then three, then one again, under a steady mixed load: the share of each replica, and
 * every request that failed. Exit code 1 when one did, or when a replica got far less than its share.
 * `make scale`; `node bench/dist/scale.js [--service=vault] [--replicas=3] [--rate=60] [--seconds=15]`.
 */
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { containersOf, replicasNow, requestsServed, scale, untilHealthy } from './cluster.ts';
import { describeFailures, failuresIn, print, underLoad, type UnderLoad } from './under-load.ts';

const { values: options } = parseArgs({
  options: {
    directory: { type: 'string', default: 'var/cluster' },
    service: { type: 'string', default: 'vault' },
    replicas: { type: 'string', default: '3' },
    rate: { type: 'string', default: '60' },
    seconds: { type: 'string', default: '15' },
  },
});
const { service } = options;
const MANY = Number(options.replicas);

/** Counts what each replica answers in the time, and returns the least part of a fair share that one got. */
async function measureShares(): Promise<number> {
  const replicas = await containersOf(service);
  const before = await Promise.all(replicas.map(requestsServed));
  await pause(Number(options.seconds) * 1_000);
  const after = await Promise.all(replicas.map(requestsServed));
  const served = after.map((count, index) => count - (before[index] ?? 0));
  const all = served.reduce((sum, count) => sum + count, 0);
  replicas.forEach(({ name }, index) => {
    const share = (100 * (served[index] ?? 0)) / all;
    print(`  ${name.padEnd(32)}${String(served[index]).padStart(7)}${share.toFixed(1).padStart(7)} %`);
  });
  return (Math.min(...served) * served.length) / all;
}

async function phase(count: number, { load }: UnderLoad): Promise<number> {
  const first = load.attempts.length;
  const started = performance.now();
  await scale({ [service]: count });
  await untilHealthy();
  print(`${service} = ${count}, healthy after ${((performance.now() - started) / 1_000).toFixed(1)} s`);
  const fairness = await measureShares();
  const attempts = load.attempts.slice(first);
  print(`  ${attempts.length} requests, failed: ${describeFailures(failuresIn(attempts))}`);
  return fairness;
}

const before = await replicasNow();
try {
  await underLoad(options.directory, Number(options.rate), async under => {
    const shares = [await phase(1, under), await phase(MANY, under), await phase(1, under)];
    const failures = failuresIn(under.load.attempts);
    if (failures.size > 0 || shares.some(share => share < 0.7)) process.exitCode = 1;
  });
} finally {
  await scale({ [service]: before[service] ?? 1 });
}
