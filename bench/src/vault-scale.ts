/**
 * What the size of a vault costs: the same requests through the gateway at a thousand secrets and at a million, in turns,
 * at four connections. `make bench-vault`;
 * `node bench/dist/vault-scale.js [small size] [large size] [seconds per measurement] [rounds]`.
 */
import { cpus, loadavg } from 'node:os';
import process from 'node:process';
import type autocannon from 'autocannon';
import { createApiClient } from '@strongroom/testing/api-client';
import {
  makeDataDirectory,
  removeDataDirectory,
  startStandalone,
  type Standalone,
} from '@strongroom/testing/standalone';
import { median, putLoad, type Row } from './load.ts';
import { CONTENT, fillVault, nameOf, wordOf } from './vault-fill.ts';

const SIZES = [Number(process.argv[2] ?? 1_000), Number(process.argv[3] ?? 1_000_000)];
const SECONDS = Number(process.argv[4] ?? 6);
const ROUNDS = Number(process.argv[5] ?? 3);
const CONNECTIONS = 4;
/** Requests that a connection sends in turns: of secrets from all over the vault. */
const VARIETY = 1_000;
const PAGE = 100;
const API = '/vault/api/v1';

interface Vault {
  readonly size: number;
  readonly platform: Standalone;
  readonly headers: Record<string, string>;
}

type Send = (vault: Vault, index: number) => autocannon.Request;

const search =
  (keywords: (index: number) => string): Send =>
  (vault, index) => ({
    method: 'POST',
    path: `${API}/search/secrets`,
    headers: { ...vault.headers, 'content-type': 'application/json' },
    body: JSON.stringify({ keywords: keywords(index) }),
  });

const pathOf = (index: number): string => encodeURIComponent(nameOf(index));

const OPERATIONS: Readonly<Record<string, Send>> = {
  get: ({ headers }, index) => ({ method: 'GET', path: `${API}/secrets/${pathOf(index)}`, headers }),
  'versioned get': ({ headers }, index) => ({
    method: 'GET',
    path: `${API}/secret/data/${nameOf(index)}?version=1`,
    headers,
  }),
  write: ({ headers }, index) => ({
    method: 'PUT',
    path: `${API}/secrets/${pathOf(index)}`,
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ data: CONTENT }),
  }),
  'last page of the list': ({ headers, size }) => ({
    method: 'GET',
    path: `${API}/secrets?limit=${PAGE}&offset=${size - PAGE}`,
    headers,
  }),
  'search, a word of ten names': search(wordOf),
  'search, a word of a third of them': search(() => 'password'),
  'search, one letter': search(() => 'w'),
  'search, a word of none': search(() => 'zq'),
};

function measure(vault: Vault, send: Send, seconds: number): Promise<Row> {
  return putLoad({
    url: vault.platform.baseUrl,
    ca: vault.platform.ca,
    connections: CONNECTIONS,
    seconds,
    // No two connections ever meet at one secret.
    requests: connection =>
      Array.from({ length: Math.min(VARIETY, vault.size / CONNECTIONS) }, (_, step) => {
        const place =
          (step * CONNECTIONS + connection) / (CONNECTIONS * Math.min(VARIETY, vault.size / CONNECTIONS));
        return send(vault, Math.floor(place * vault.size));
      }),
  });
}

async function fill(platform: Standalone, size: number): Promise<Vault> {
  const client = await createApiClient(platform);
  const resolved = await client.call('POST', '/role-store/api/v1/roles/resolve', { body: ['privx-admin'] });
  const roles = (resolved.body as { items: { id: string }[] }).items.map(({ id }) => id);
  const seconds = await fillVault(platform.dataDirectory, size, roles);
  process.stdout.write(`${size} secrets written in ${seconds.toFixed(0)} s\n`);
  const { body } = await client.signIn();
  await client.close();
  return { size, platform, headers: { authorization: `Bearer ${String(body?.['access_token'])}` } };
}

/** A platform may be older than one of the operations. */
async function isServed({ platform, headers }: Vault, path: string): Promise<boolean> {
  const client = await createApiClient(platform);
  const { status } = await client.call('GET', path, { headers });
  await client.close();
  return status === 200;
}

async function run(vaults: readonly Vault[]): Promise<void> {
  const operations = new Map(Object.entries(OPERATIONS));
  for (const vault of vaults) {
    if (!(await isServed(vault, `${API}/secret/data/${nameOf(0)}`))) operations.delete('versioned get');
    for (const send of operations.values()) await measure(vault, send, 1);
  }
  process.stdout.write(
    `${CONNECTIONS} connections, ${SECONDS} s a measurement, ${ROUNDS} rounds in turns, medians; ${cpus().length} cores ` +
      `shared with the load generator, load average ${(loadavg()[0] ?? 0).toFixed(1)}; Node ${process.version}\n`,
  );
  for (const [operation, send] of operations) {
    const rows = new Map(vaults.map(vault => [vault, [] as Row[]]));
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const vault of vaults) rows.get(vault)?.push(await measure(vault, send, SECONDS));
    }
    print(operation, rows);
  }
}

function print(operation: string, rows: ReadonlyMap<Vault, readonly Row[]>): void {
  process.stdout.write(
    `\n${operation.padEnd(36)}${'per second'.padStart(12)}${'p50 ms'.padStart(9)}${'p99 ms'.padStart(9)}` +
      `${'failed'.padStart(8)}${'times as long'.padStart(15)}\n`,
  );
  const [smallest] = rows.values();
  const least = median(smallest?.map(row => 1 / row.perSecond) ?? []);
  for (const [{ size }, measured] of rows) {
    const number = (pick: (row: Row) => number, digits: number, width: number) =>
      median(measured.map(pick)).toFixed(digits).padStart(width);
    const ratio = median(measured.map(row => 1 / row.perSecond)) / least;
    process.stdout.write(
      `${`  at ${size}`.padEnd(36)}${number(row => row.perSecond, 0, 12)}${number(row => row.p50, 1, 9)}` +
        `${number(row => row.p99, 1, 9)}${String(measured.reduce((sum, row) => sum + row.failed, 0)).padStart(8)}` +
        `${ratio.toFixed(2).padStart(15)}\n`,
    );
  }
}

const platforms: Standalone[] = [];
const directories: string[] = [];
try {
  const vaults: Vault[] = [];
  for (const size of SIZES) {
    const directory = await makeDataDirectory();
    directories.push(directory);
    const platform = await startStandalone(directory, {
      STRONGROOM_RATE_LIMIT_PER_SECOND: '1000000',
      STRONGROOM_CALLER_RATE_LIMIT_PER_SECOND: '0',
    });
    platforms.push(platform);
    vaults.push(await fill(platform, size));
  }
  await run(vaults);
} finally {
  for (const platform of platforms) await platform.stop();
  for (const directory of directories) await removeDataDirectory(directory);
}
