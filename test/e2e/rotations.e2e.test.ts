import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Database } from '@strongroom/db/database';
import { canStartBroker } from '@strongroom/testing/broker';
import { startProcessCluster, type ProcessCluster } from '@strongroom/testing/process-cluster';
import { offerServers } from '@strongroom/testing/run-servers';
import { canStartSlapd } from '@strongroom/testing/slapd';
import { canStartSshd } from '@strongroom/testing/sshd';
import { everyPassword, mayReadPasswords, openAll } from '../../bench/src/held-passwords.ts';
import { drill, openSchema } from '../../bench/src/rotation-drill.ts';
import { A_KILL_AT_EACH_POINT } from '../../bench/src/rotation-faults.ts';
import { startDirectory } from '../../bench/src/rotation-directories.ts';
import { prepareRotation, startSshHost, type RotatedHost } from '../../bench/src/rotation-hosts.ts';
import { watchProcesses, type ProcessListing } from './process-listing.ts';
import type { Place } from './remains.ts';
import { searchRemains } from './search-remains.ts';

/** Hosts let whoever gives a wrong password wait for some seconds. */
const DEADLINE_MS = 8_000;
/** What a dead replica had begun on a host has ended by then (docs/adr/0031-targets.md). */
const ENDED_MS = 2 * DEADLINE_MS;

const servers = await offerServers(process.env);
const canRun = (await canStartSshd()) && (await canStartSlapd()) && (await canStartBroker());
afterAll(() => servers.close());

(canRun ? describe : describe.skip)('rotations on real hosts, by a replica that is killed', () => {
  let listing: ProcessListing;
  let cluster: ProcessCluster;
  const hosts: RotatedHost[] = [];

  beforeAll(async () => {
    listing = watchProcesses();
    cluster = await startProcessCluster({
      // One, so that what a dead replica had taken is nobody's, and need not be waited for.
      rotators: 1,
      settings: {
        STRONGROOM_ROTATION_ALLOW_LOOPBACK: 'true',
        STRONGROOM_ROTATION_DEADLINE_MS: String(DEADLINE_MS),
      },
      logLevel: 'debug',
    });
    await mayReadPasswords(cluster.client, cluster.apiClientId);
    const rotation = await prepareRotation(cluster.client);
    for (const authority of ['key', 'password', 'itself'] as const) {
      hosts.push(await startSshHost(cluster.client, rotation, authority, 6));
    }
    hosts.push(await startDirectory(cluster.client, rotation, 6));
  });

  afterAll(async () => {
    for (const host of hosts) await host.stop();
    await cluster.stop();
  });

  async function endHolds(db: Database): Promise<void> {
    await db.query(
      `UPDATE rotations SET claimable_at = least(claimable_at, clock_timestamp() + $1 * interval '1 millisecond')
       WHERE finished_at IS NULL`,
      [ENDED_MS],
    );
  }

  test('kill -9 at every step of a rotation loses no password', async () => {
    const result = await drill({
      cluster,
      hosts,
      rotations: 40,
      faults: A_KILL_AT_EACH_POINT,
      inFlight: 8,
      deadlineMs: DEADLINE_MS,
      whileDead: endHolds,
      tell: () => undefined,
    });
    expect(result.missed).toEqual([]);
    expect(result.takenUpAgain).toBeGreaterThan(0);
    expect(await openAll(cluster, hosts)).toMatchObject({ accounts: 24, open: 24, lost: [] });
  }, 300_000);

  test('no password was seen in a list of processes, or lies in a log, a queue, an event or the database in clear', async () => {
    const passwords = await everyPassword(cluster.client, hosts);
    expect(passwords.length).toBeGreaterThan(3 * 24);
    const { leaks, blind, controls } = await searchRemains(remains(), passwords);
    expect(leaks).toEqual([]);
    expect([blind, controls]).toEqual([[], 4]);
  });

  async function* remains(): AsyncGenerator<Place> {
    yield { name: 'list of processes', content: await listing.stop(), holds: 'chpasswd' };
    yield { name: 'rows', content: await allRows(cluster), holds: hosts[0]?.accounts[0] ?? '' };
    yield* filesIn(cluster.directory, { 'secrets-manager-1.log': '"message":"listening"' });
    await cluster.broker.kill();
    if (cluster.broker.directory === undefined)
      throw new Error('this needs a RabbitMQ of this machine itself');
    const queues: Buffer[] = [];
    for await (const { content } of filesIn(cluster.broker.directory)) queues.push(content);
    yield { name: 'broker', content: Buffer.concat(queues), holds: 'secrets-manager.rotation.due' };
  }
});

/** Every row of every table, as text: in files, long values are compressed. Then all of it is on the disk. */
async function allRows(cluster: ProcessCluster): Promise<Buffer> {
  const db = openSchema(cluster);
  try {
    const [row] = await db.query<{ rows: string }>(ALL_ROWS);
    await db.query('CHECKPOINT');
    return Buffer.from(row?.rows ?? '');
  } finally {
    await db.close();
  }
}

const ALL_ROWS = `SELECT string_agg(
    query_to_xml(format('SELECT * FROM %I.%I', schemaname, tablename), true, true, '')::text, '') AS rows
  FROM pg_tables WHERE schemaname IN ('auth', 'vault', 'secrets_manager', 'monitor')`;

async function* filesIn(
  directory: string,
  controls: Readonly<Record<string, string>> = {},
): AsyncGenerator<Place> {
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const holds = controls[entry.name];
    const content = await readFile(path.join(entry.parentPath, entry.name)).catch(() => Buffer.alloc(0));
    yield { name: entry.name, content, ...(holds === undefined ? {} : { holds }) };
  }
}
