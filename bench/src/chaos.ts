/**
 * Kills parts of the running cluster with -9, in turn and in pairs, under a steady mixed load, and counts what that
 * costs. Exit code 1 when a promise is broken: an acknowledged write or an audit record lost, a chain that does not
 * verify, or a request that failed because of RabbitMQ or Redis.
 * `make chaos`; `node bench/dist/chaos.js [--replicas=2] [--rate=40] [--outage=5] [--all-pairs] [--only=vault,redis]`.
 */
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { containersOf, docker, replicasNow, scale, untilHealthy } from './cluster.ts';
import type { Attempt, MixedLoad } from './mixed-load.ts';
import { checkPromises, type Kept } from './promises.ts';
import { describeFailures, failuresIn, print, tableRow, underLoad, type UnderLoad } from './under-load.ts';

const SERVICES = ['api-gateway', 'auth', 'vault', 'monitor', 'secrets-manager'] as const;
const VICTIMS = [...SERVICES, 'rabbitmq', 'redis', 'postgres'] as const;
type Victim = (typeof VICTIMS)[number];

/** Every victim at least once, and the pairs that meet on the way of one request or one record. */
const PAIRS: readonly (readonly Victim[])[] = [
  ['rabbitmq', 'redis'],
  ['rabbitmq', 'postgres'],
  ['rabbitmq', 'monitor'],
  ['rabbitmq', 'vault'],
  ['redis', 'auth'],
  ['redis', 'api-gateway'],
  ['api-gateway', 'vault'],
  ['auth', 'vault'],
  ['postgres', 'monitor'],
  ['secrets-manager', 'auth'],
];

/** Their loss must fail no request. */
const UNNOTICED: ReadonlySet<Victim> = new Set(['rabbitmq', 'redis']);

const { values: options } = parseArgs({
  options: {
    directory: { type: 'string', default: 'var/cluster' },
    replicas: { type: 'string', default: '2' },
    rate: { type: 'string', default: '40' },
    outage: { type: 'string', default: '5' },
    'all-pairs': { type: 'boolean', default: false },
    only: { type: 'string' },
  },
});
const REPLICAS = Number(options.replicas);
const OUTAGE_MS = Number(options.outage) * 1_000;
const QUIET_MS = 3_000;
/** A request that ends in a case may have been recorded that long before it began. */
const MARGIN_MS = 20_000;

interface Result extends Kept {
  readonly victims: readonly Victim[];
  readonly sent: number;
  readonly failures: ReadonlyMap<string, number>;
  /** From the blow to the end of the last request that failed. */
  readonly recovered: string;
  /** Of the requests that succeeded. */
  readonly slowest: string;
  readonly staleReads: number;
}

function casesAsked(): readonly (readonly Victim[])[] {
  if (options.only !== undefined) {
    const victims = options.only.split(',').map(name => {
      const victim = VICTIMS.find(known => known === name);
      if (victim === undefined) throw new Error(`--only names victims of: ${VICTIMS.join(', ')}`);
      return victim;
    });
    return [victims];
  }
  const pairs = options['all-pairs']
    ? VICTIMS.flatMap((one, index) => VICTIMS.slice(index + 1).map(other => [one, other]))
    : PAIRS;
  return [...VICTIMS.map(victim => [victim]), ...pairs];
}

/** PostgreSQL is restarted, as a change of its settings does it; all others die at once and stay away for a while. */
async function strike(victim: Victim): Promise<void> {
  const [container] = await containersOf(victim);
  if (container === undefined) throw new Error(`the cluster has no ${victim}`);
  if (victim === 'postgres') {
    await docker('restart', container.id);
    return;
  }
  await docker('kill', '--signal', 'KILL', container.id);
  await pause(OUTAGE_MS);
  await docker('start', container.id);
}

async function runCase({ client, load, aim }: UnderLoad, victims: readonly Victim[]): Promise<Result> {
  const first = load.attempts.length;
  const staleBefore = load.staleReads();
  const since = new Date(Date.now() - MARGIN_MS);
  await pause(QUIET_MS);
  const struck = performance.now();
  await Promise.all(victims.map(strike));
  await aim();
  await untilHealthy();
  await untilQuiet(load);
  const attempts = load.attempts.slice(first);
  const requestIds = new Set(attempts.flatMap(({ requestId }) => requestId ?? []));
  const kept = await checkPromises(client, load, since, requestIds);
  return {
    ...kept,
    victims,
    sent: attempts.length,
    failures: failuresIn(attempts),
    recovered: spanOf(attempts, struck),
    slowest: slowestOf(attempts),
    staleReads: load.staleReads() - staleBefore,
  };
}

/** A while without a failure. */
async function untilQuiet(load: MixedLoad, deadlineMs = 120_000): Promise<void> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const from = load.attempts.length;
    await pause(QUIET_MS);
    const latest = load.attempts.slice(from);
    if (latest.length >= 10 && latest.every(({ failure }) => failure === undefined)) return;
    if (performance.now() > end) throw new Error('requests still fail though every part is healthy');
  }
}

function spanOf(attempts: readonly Attempt[], struck: number): string {
  const ends = attempts.filter(({ failure }) => failure !== undefined).map(({ ended }) => ended);
  return ends.length === 0 ? '-' : seconds(Math.max(...ends) - struck);
}

const slowestOf = (attempts: readonly Attempt[]): string =>
  seconds(
    Math.max(0, ...attempts.flatMap(({ due, ended, failure }) => (failure === undefined ? ended - due : []))),
  );

const seconds = (milliseconds: number): string => `${(milliseconds / 1_000).toFixed(1)} s`;

const WIDTHS = [28, 7, 32, 11, 9, 13, 14, 7];
const COLUMNS = ['killed', 'sent', 'failed', 'recovered', 'slowest', 'writes lost', 'records lost', 'chain'];

const describe = (result: Result): string =>
  tableRow(WIDTHS, [
    result.victims.join(' + '),
    String(result.sent),
    describeFailures(result.failures),
    result.recovered,
    result.slowest,
    String(result.writesLost),
    String(result.recordsLost),
    result.isChainIntact ? 'whole' : 'BROKEN',
  ]);

function broken(result: Result): string[] {
  const { victims, writesLost, recordsLost, isChainIntact, staleReads, failures } = result;
  const faults: string[] = [];
  if (writesLost > 0) faults.push(`${writesLost} acknowledged writes lost`);
  if (staleReads > 0) faults.push(`${staleReads} reads older than an acknowledged write`);
  if (recordsLost > 0) faults.push(`${recordsLost} audit records lost`);
  if (!isChainIntact) faults.push('the chain does not verify');
  if (failures.size > 0 && victims.every(victim => UNNOTICED.has(victim))) faults.push('requests failed');
  return faults.map(fault => `${victims.join(' + ')}: ${fault}`);
}

async function run({ client, load, aim }: UnderLoad): Promise<void> {
  print(
    `${options.rate} requests a second: of ten 4 reads, 3 writes, a list, a token, a search of the trail.`,
  );
  print(
    `${REPLICAS} replicas of each service; a victim is away for ${options.outage} s, PostgreSQL is restarted.\n`,
  );
  print(tableRow(WIDTHS, COLUMNS));
  const faults: string[] = [];
  for (const victims of casesAsked()) {
    const result = await runCase({ client, load, aim }, victims);
    print(describe(result));
    faults.push(...broken(result));
  }
  const { attempts } = load;
  print(`\n${attempts.length} requests in all, failed: ${describeFailures(failuresIn(attempts))}.`);
  for (const fault of faults) print(`BROKEN  ${fault}`);
  if (faults.length > 0) process.exitCode = 1;
}

const before = await replicasNow();
const replicas = (count: (service: string) => number) =>
  Object.fromEntries(SERVICES.map(service => [service, count(service)]));
await scale(replicas(service => Math.max(REPLICAS, before[service] ?? 1)));
try {
  await underLoad(options.directory, Number(options.rate), run);
} finally {
  await scale(replicas(service => before[service] ?? 1));
}
