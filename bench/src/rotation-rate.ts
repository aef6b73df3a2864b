/**
 * Rotates many accounts that are due at once, by one replica of secrets-manager and then by two: how long it takes, who did
 * how many, and whether any was rotated twice. `make rotation-rate`, or `node bench/dist/rotation-rate.js [accounts]
 * [seconds that a host takes]`. Needs root, for real accounts of this machine. Exit code 1 when an account was not rotated
 * exactly once each time, or does not open.
 */
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import type { Database } from '@strongroom/db/database';
import { eventually } from '@strongroom/testing/eventually';
import { startProcessCluster } from '@strongroom/testing/process-cluster';
import { offerServers } from '@strongroom/testing/run-servers';
import type { ServiceProcess } from '@strongroom/testing/service-process';
import { canStartSshd } from '@strongroom/testing/sshd';
import { endInOrder } from './end-in-order.ts';
import { mayReadPasswords, openAll } from './held-passwords.ts';
import { openSchema, untilSettled } from './rotation-drill.ts';
import { prepareRotation, startSshHost, type RotatedHost } from './rotation-hosts.ts';

const ACCOUNTS = Number(process.argv[2] ?? 500);
/** Hosts are other machines, so most of a rotation is waiting; here they would share our processors. */
const HOST_SECONDS = Number(process.argv[3] ?? 1);
const HOSTS = 3;
const PATIENCE_MS = 900_000;

interface Round {
  readonly replicas: number;
  readonly seconds: number;
  readonly shares: readonly number[];
  /** Accounts that were rotated never, or more than once: by the platform's rows, and by the hosts. */
  readonly notOnce: number;
  readonly notOnceOnHosts: number;
}

const servers = await offerServers(process.env);
const ending = endInOrder(() => servers.close());
try {
  if (!(await canStartSshd()))
    throw new Error('this needs root, and an sshd that is there or can be installed');
  const journal = await makeJournal();
  const cluster = await startProcessCluster({
    rotators: 2,
    settings: { STRONGROOM_ROTATION_ALLOW_LOOPBACK: 'true', STRONGROOM_ROTATION_TICK_MS: '500' },
  });
  ending.add(() => cluster.stop());
  const rotation = await prepareRotation(
    cluster.client,
    `sleep ${HOST_SECONDS}\nprintf '%s\\n' "$account" >> '${journal}'`,
  );
  const db = openSchema(cluster);
  ending.add(() => db.close());
  const hosts: RotatedHost[] = [];
  for (let number = 1; number <= HOSTS; number += 1) {
    const share = Math.floor((ACCOUNTS * number) / HOSTS) - Math.floor((ACCOUNTS * (number - 1)) / HOSTS);
    const host = await startSshHost(cluster.client, rotation, 'key', share);
    hosts.push(host);
    ending.add(host.stop);
    // New accounts have their first rotation within the hour, which is not yet.
    await setDue(db, new Date('2100-01-01'));
  }
  const [first, second] = cluster.rotators as readonly [ServiceProcess, ServiceProcess];
  await second.kill();
  const rounds = [await rotateAll(db, hosts, journal, [first])];
  await second.start();
  rounds.push(await rotateAll(db, hosts, journal, [first, second]));
  await mayReadPasswords(cluster.client, cluster.apiClientId);
  const verdict = await openAll(cluster, hosts);
  const otherVersions = [...verdict.versions.values()].filter(version => version !== rounds.length).length;
  report(rounds, { ...verdict, otherVersions });
} finally {
  await ending.end();
}

/** A file to which hosts add a line for each change. */
async function makeJournal(): Promise<string> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'strongroom-rate-'));
  await chmod(directory, 0o711);
  ending.add(() => rm(directory, { recursive: true, force: true }));
  return path.join(directory, 'changes');
}

async function rotateAll(
  db: Database,
  hosts: readonly RotatedHost[],
  journal: string,
  replicas: readonly ServiceProcess[],
): Promise<Round> {
  const before = await Promise.all(replicas.map(finishedBy));
  const linesBefore = (await changesIn(journal)).length;
  const begun = await now(db);
  const started = performance.now();
  const total = hosts.reduce((sum, { accounts }) => sum + accounts.length, 0);
  await setDue(db, new Date());
  await eventually('all are to be rotated', async () => (await countSince(db, begun)) === total, PATIENCE_MS);
  await untilSettled(db, PATIENCE_MS);
  const seconds = (performance.now() - started) / 1_000;
  const after = await Promise.all(replicas.map(finishedBy));
  const onHosts = countEach((await changesIn(journal)).slice(linesBefore));
  const round = {
    replicas: replicas.length,
    seconds,
    shares: after.map((count, index) => count - (before[index] ?? 0)),
    notOnce: total - (await rotatedOnce(db, begun)),
    notOnceOnHosts: total - [...onHosts.values()].filter(count => count === 1).length,
  };
  process.stdout.write(`${total} accounts by ${replicas.length}: ${seconds.toFixed(1)} s\n`);
  return round;
}

/** By its own count. */
async function finishedBy(replica: ServiceProcess): Promise<number> {
  const counts = (await replica.metrics()).matchAll(
    /^strongroom_rotations_finished_total\{[^}]*outcome="succeeded"[^}]*\} (\S+)$/gm,
  );
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}

async function changesIn(journal: string): Promise<string[]> {
  const text = await readFile(journal, 'utf8').catch(() => '');
  return text.split('\n').filter(line => line !== '');
}

function countEach(names: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

/** As the schedule does it, which then makes rotations of them. */
async function setDue(db: Database, at: Date): Promise<void> {
  await db.query('UPDATE accounts SET next_rotation = $1', [at]);
}

async function countSince(db: Database, since: Date): Promise<number> {
  const [row] = await db.query<{ count: number }>(
    'SELECT count(*)::integer AS count FROM rotations WHERE created_at >= $1',
    [since],
  );
  return row?.count ?? 0;
}

async function now(db: Database): Promise<Date> {
  const [row] = await db.query<{ now: Date }>('SELECT clock_timestamp() AS now');
  if (row === undefined) throw new Error('the database has no time');
  return row.now;
}

/** Accounts of which since then one rotation was made, and succeeded. */
async function rotatedOnce(db: Database, since: Date): Promise<number> {
  const [row] = await db.query<{ count: number }>(
    `SELECT count(*)::integer AS count FROM (
       SELECT 1 FROM rotations WHERE created_at >= $1 GROUP BY system_id, account
       HAVING count(*) = 1 AND bool_and(outcome = 'succeeded')
     ) AS once`,
    [since],
  );
  return row?.count ?? 0;
}

function report(
  rounds: readonly Round[],
  verdict: { accounts: number; open: number; lost: readonly string[]; otherVersions: number },
): void {
  const perMinute = rounds.map(({ seconds }) => (verdict.accounts * 60) / seconds);
  const rows = rounds.map(({ replicas, seconds, shares, notOnce, notOnceOnHosts }, index) => [
    replicas,
    seconds.toFixed(1),
    perMinute[index]?.toFixed(0) ?? '',
    shares.map(share => `${((100 * share) / verdict.accounts).toFixed(0)} %`).join(' + '),
    notOnce,
    notOnceOnHosts,
  ]);
  const head = ['replicas', 'seconds', 'accounts a minute', 'share of each', 'not once', 'not once on hosts'];
  const line = (cells: readonly (string | number)[]) =>
    cells.map((cell, index) => String(cell).padEnd((head[index]?.length ?? 0) + 3)).join('');
  const cpu = os.cpus()[0]?.model ?? 'an unknown processor';
  const ratio = (perMinute[1] ?? 0) / (perMinute[0] ?? 1);
  process.stdout.write(
    [
      '',
      `${verdict.accounts} accounts on ${HOSTS} sshd that take ${HOST_SECONDS} s for a change`,
      line(head),
      ...rows.map(line),
      `two replicas to one                        ${ratio.toFixed(2)}`,
      `accounts without a version for each round  ${verdict.otherVersions}`,
      `accounts that open with the password held  ${verdict.open}`,
      `accounts that nobody can open              ${verdict.lost.length}`,
      `machine                                    ${os.cpus().length} cores of ${cpu}, load average ${os.loadavg()[0]?.toFixed(1) ?? ''}`,
      '',
    ].join('\n'),
  );
  const isOnce = rounds.every(({ notOnce, notOnceOnHosts }) => notOnce + notOnceOnHosts === 0);
  if (!isOnce || verdict.open !== verdict.accounts || verdict.otherVersions > 0) process.exitCode = 1;
}
