/**
 * Rotates accounts on real hosts while parts of the platform and the ways to the hosts are broken at every step of a
 * rotation, then opens every account with the password that the platform holds. `make rotations`, or
 * `node bench/dist/rotations.js [rotations]`. Needs root, for real accounts of this machine. Exit code 1 when an account
 * does not open, or a fault could not be inflicted.
 */
import os from 'node:os';
import process from 'node:process';
import { canStartMariadb } from '@strongroom/testing/mariadb';
import { startProcessCluster } from '@strongroom/testing/process-cluster';
import { offerServers } from '@strongroom/testing/run-servers';
import { canStartSlapd } from '@strongroom/testing/slapd';
import { canStartSshd } from '@strongroom/testing/sshd';
import { endInOrder } from './end-in-order.ts';
import { mayReadPasswords, openAll, type Verdict } from './held-passwords.ts';
import { drill, type DrillResult } from './rotation-drill.ts';
import { startDatabaseHost } from './rotation-databases.ts';
import { startDirectory } from './rotation-directories.ts';
import { EVERY_FAULT, FAULT_KINDS, type Fault } from './rotation-faults.ts';
import { POINTS } from './rotation-gates.ts';
import { prepareRotation, startSshHost, type RotatedHost } from './rotation-hosts.ts';

const ROTATIONS = Number(process.argv[2] ?? 200);
const ACCOUNTS_PER_HOST = 30;
const ACCOUNTS_PER_DATABASE = 5;
/** Many: those that a dead replica had wait for a minute or so until another takes them up. */
const IN_FLIGHT = 60;
const CONCURRENCY = 4;
/**
 * Short, since what a fault leaves behind is looked at when it has passed twice; longer than a host takes to refuse a
 * password, which is seconds.
 */
const DEADLINE_MS = 8_000;

const started = performance.now();
const servers = await offerServers(process.env);
const ending = endInOrder(() => servers.close());
try {
  if (!(await canStartSshd()))
    throw new Error('this needs root, and an sshd that is there or can be installed');
  if (!(await canStartMariadb())) throw new Error('this needs a MariaDB that is there or can be installed');
  if (!(await canStartSlapd())) throw new Error('this needs an OpenLDAP that is there or can be installed');
  const cluster = await startProcessCluster({
    rotators: 2,
    settings: {
      STRONGROOM_ROTATION_ALLOW_LOOPBACK: 'true',
      STRONGROOM_ROTATION_DEADLINE_MS: String(DEADLINE_MS),
      STRONGROOM_ROTATION_CONCURRENCY: String(CONCURRENCY),
    },
  });
  ending.add(() => cluster.stop());
  const rotation = await prepareRotation(cluster.client);
  const hosts: RotatedHost[] = [];
  for (const authority of ['key', 'password', 'itself'] as const) {
    const host = await startSshHost(cluster.client, rotation, authority, ACCOUNTS_PER_HOST);
    hosts.push(host);
    ending.add(host.stop);
  }
  for (const protocol of ['postgres', 'mariadb'] as const) {
    const host = await startDatabaseHost(cluster.client, rotation, protocol, ACCOUNTS_PER_DATABASE);
    hosts.push(host);
    ending.add(host.stop);
  }
  const directory = await startDirectory(cluster.client, rotation, ACCOUNTS_PER_DATABASE);
  hosts.push(directory);
  ending.add(directory.stop);
  tell(hosts.map(({ kind, accounts }) => `${accounts.length} accounts, ${kind}`).join('; '));
  const result = await drill({
    cluster,
    hosts,
    rotations: ROTATIONS,
    faults: EVERY_FAULT,
    inFlight: IN_FLIGHT,
    deadlineMs: DEADLINE_MS,
    tell,
  });
  await mayReadPasswords(cluster.client, cluster.apiClientId);
  tell('opening every account');
  report(hosts, result, await openAll(cluster, hosts));
} finally {
  await ending.end();
}

function tell(text: string): void {
  process.stdout.write(`${((performance.now() - started) / 1_000).toFixed(0).padStart(5)} s  ${text}\n`);
}

function report(hosts: readonly RotatedHost[], result: DrillResult, verdict: Verdict): void {
  const total = Object.values(result.outcomes).reduce((sum, count) => sum + count, 0);
  const cpu = os.cpus()[0]?.model ?? 'an unknown processor';
  const lines: [string, string | number][] = [
    ['rotations', total],
    ...Object.entries(result.outcomes).map(([outcome, count]): [string, number] => [`  ${outcome}`, count]),
    ['faults', result.faults.length],
    ['faults to whose step no rotation came', result.missed.length],
    ['taken up again, after a fault or to try again', result.takenUpAgain],
    ['settled by trying both passwords', result.settled],
    ['accounts', `${verdict.accounts} on ${hosts.map(({ kind }) => kind).join('; ')}`],
    ['accounts that open with the password held', verdict.open],
    ['accounts that open with a candidate left over', verdict.openWithCandidate],
    ['accounts that nobody can open', verdict.lost.length],
    ['time', `${((performance.now() - started) / 1_000).toFixed(0)} s`],
    ['machine', `${os.cpus().length} cores of ${cpu}, load average ${os.loadavg()[0]?.toFixed(1) ?? ''}`],
  ];
  const width = Math.max(...lines.map(([name]) => name.length)) + 2;
  process.stdout.write(
    [
      '',
      ...faultTable(result.faults),
      '',
      ...lines.map(([name, value]) => `${name.padEnd(width)}${value}`),
      ...verdict.lost.map(name => `NOT OPENED: ${name}`),
      '',
    ].join('\n'),
  );
  if (result.missed.length > 0 || verdict.open !== verdict.accounts) process.exitCode = 1;
}

/** How many of each kind, by the point of the rotation at which they struck. */
function faultTable(faults: readonly Fault[]): string[] {
  const width = Math.max(...FAULT_KINDS.map(kind => kind.length)) + 2;
  const cell = (text: string | number) => String(text).padStart(12);
  return [
    'fault'.padEnd(width) + POINTS.map(cell).join(''),
    ...FAULT_KINDS.map(kind => {
      const counts = POINTS.map(
        point => faults.filter(fault => fault.kind === kind && fault.point === point).length,
      );
      return kind.padEnd(width) + counts.map(count => cell(count === 0 ? '' : count)).join('');
    }),
  ];
}
