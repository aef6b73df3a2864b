/**
 * Reads and writes of a 1 KiB secret through the gateway at 32 connections, beside a floor that is measured
 * in the same run, in turns. Absolute numbers depend on the machine and its other work; ratios hold.
 * `make bench`; `node bench/dist/bench.js [seconds per measurement] [rounds]`.
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import type autocannon from 'autocannon';
import { startEmbeddedPostgres } from '@strongroom/embedded-postgres/start';
import { silentLogger } from '@strongroom/log/logger';
import { createApiClient } from '@strongroom/testing/api-client';
import { makeDataDirectory, removeDataDirectory, startStandalone } from '@strongroom/testing/standalone';
import { median, putLoad, startFloor, stopFloors, type Row } from './load.ts';

const SECONDS = Number(process.argv[2] ?? 6);
const ROUNDS = Number(process.argv[3] ?? 3);
const CONNECTIONS = 32;
const SECRETS = 1_000;

interface Target {
  name: string;
  url: string;
  headers: Record<string, string>;
  ca?: string;
  path: (index: number) => string;
  body: (index: number) => string;
}

type Operation = 'read' | 'write';

function measure(target: Target, operation: Operation, seconds: number): Promise<Row> {
  const request = (index: number): autocannon.Request =>
    operation === 'read'
      ? { method: 'GET', path: target.path(index), headers: target.headers }
      : {
          method: 'PUT',
          path: target.path(index),
          headers: { ...target.headers, 'content-type': 'application/json' },
          body: target.body(index),
        };
  return putLoad({
    url: target.url,
    ca: target.ca,
    connections: CONNECTIONS,
    seconds,
    // Each connection walks through all secrets from a place of its own: together they never meet at one.
    requests: connection => {
      const start = Math.floor((connection * SECRETS) / CONNECTIONS);
      return Array.from({ length: SECRETS }, (_, step) => request((start + step) % SECRETS));
    },
  });
}

const directory = await mkdtemp(path.join(tmpdir(), 'strongroom-bench-'));
await chmod(directory, 0o711);
const floorDatabase = await startEmbeddedPostgres({
  dataDirectory: path.join(directory, 'postgres'),
  logFile: path.join(directory, 'postgres.log'),
  superuser: 'floor',
  password: 'floor',
  durable: true,
  log: silentLogger,
});
const dataDirectory = await makeDataDirectory();
const platform = await startStandalone(dataDirectory, {
  STRONGROOM_RATE_LIMIT_PER_SECOND: '1000000',
  STRONGROOM_CALLER_RATE_LIMIT_PER_SECOND: '0',
});
try {
  const databaseUrl = `postgres://floor:floor@127.0.0.1:${floorDatabase.port}/postgres`;
  const floor = {
    headers: {},
    path: (index: number) => `/item/${index}`,
    body: () => JSON.stringify({ value: 'y'.repeat(1024) }),
  };
  const oneProcess = await startFloor('both', databaseUrl);
  const twoProcesses = await startFloor('proxy', '', await startFloor('backend', databaseUrl));
  const targets: Target[] = [
    { name: 'floor, one process', url: oneProcess, ...floor },
    { name: 'floor, two processes', url: twoProcesses, ...floor },
    await prepareStrongroom(),
  ];
  await run(targets);
} finally {
  stopFloors();
  await platform.stop();
  await floorDatabase.stop();
  await removeDataDirectory(dataDirectory);
  await rm(directory, { recursive: true, force: true });
}

async function prepareStrongroom(): Promise<Target> {
  const client = await createApiClient(platform);
  const signedIn = await client.signIn();
  const resolved = await client.call('POST', '/role-store/api/v1/roles/resolve', { body: ['privx-admin'] });
  const roles = (resolved.body as { items: { id: string }[] }).items.map(({ id }) => ({ id }));
  const data = { value: 'x'.repeat(1024) };
  for (let index = 0; index < SECRETS; index += 1) {
    const body = { name: `bench/${index}`, data, read_roles: roles, write_roles: roles };
    const { status } = await client.call('POST', '/vault/api/v1/secrets', { body });
    if (status !== 201) throw new Error(`the benchmark could not create a secret: ${status}`);
  }
  await client.close();
  return {
    name: 'Strongroom',
    url: platform.baseUrl,
    ca: platform.ca,
    headers: { authorization: `Bearer ${String(signedIn.body?.['access_token'])}` },
    path: index => `/vault/api/v1/secrets/bench%2F${index}`,
    body: () => JSON.stringify({ data, read_roles: roles, write_roles: roles }),
  };
}

async function run(targets: readonly Target[]): Promise<void> {
  const operations: Operation[] = ['read', 'write'];
  process.stdout.write(
    `${CONNECTIONS} connections, ${SECONDS} s a measurement, ${ROUNDS} rounds in turns, medians; ` +
      `${cpus().length} cores shared with the load generator; Node ${process.version}\n`,
  );
  for (const target of targets) for (const operation of operations) await measure(target, operation, 2);
  const rows = new Map<string, Row[]>();
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const operation of operations) {
      for (const target of targets) {
        const key = `${operation} ${target.name}`;
        rows.set(key, [...(rows.get(key) ?? []), await measure(target, operation, SECONDS)]);
      }
    }
  }
  for (const operation of operations) {
    process.stdout.write(`\n${operation.padEnd(24)}${'per second'.padStart(12)}${'p50 ms'.padStart(9)}`);
    process.stdout.write(
      `${'p99 ms'.padStart(9)}${'failed'.padStart(8)}${'ratio of Strongroom'.padStart(21)}\n`,
    );
    const own = rows.get(`${operation} Strongroom`) ?? [];
    for (const { name } of targets) {
      const runs = rows.get(`${operation} ${name}`) ?? [];
      const ratio = median(runs.map((row, index) => (own[index]?.perSecond ?? 0) / row.perSecond));
      process.stdout.write(
        name.padEnd(24) +
          median(runs.map(row => row.perSecond))
            .toFixed(0)
            .padStart(12) +
          median(runs.map(row => row.p50))
            .toFixed(1)
            .padStart(9) +
          median(runs.map(row => row.p99))
            .toFixed(1)
            .padStart(9) +
          String(runs.reduce((sum, row) => sum + row.failed, 0)).padStart(8) +
          (name === 'Strongroom' ? '' : ratio.toFixed(2).padStart(21)) +
          '\n',
      );
    }
  }
}
