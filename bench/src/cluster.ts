import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Credentials } from '@strongroom/testing/standalone';

/** docker-compose.yml sets it. */
const METRICS_PORT = 9464;

const run = promisify(execFile);

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** One container of the cluster, as `docker compose ps` sees it. */
export interface Container {
  readonly id: string;
  readonly name: string;
  /** e.g. `vault`. */
  readonly service: string;
  readonly state: string;
  /** Empty when the service has no health check. */
  readonly health: string;
  /** Where it is published on this machine. */
  readonly addresses: readonly Address[];
}

/** Rejects with what docker wrote to its standard error. Which cluster is meant, compose takes from the environment. */
export async function docker(...args: string[]): Promise<string> {
  const { stdout } = await run('docker', args, { maxBuffer: 2 ** 26 });
  return stdout;
}

interface ComposeRow {
  ID: string;
  Name: string;
  Service: string;
  State: string;
  Health: string;
  Publishers: { URL: string; PublishedPort: number }[] | null;
}

/** All containers that have not ended for good, oldest replica of a service first. */
export async function containers(): Promise<Container[]> {
  const text = await docker('compose', 'ps', '--all', '--format', 'json');
  // A line each, or one array, as the version of compose pleases.
  const rows = text
    .split('\n')
    .filter(line => line !== '')
    .flatMap(line => JSON.parse(line) as ComposeRow | ComposeRow[]);
  return rows
    .filter(({ Service }) => Service !== 'provision')
    .map(row => ({
      id: row.ID,
      name: row.Name,
      service: row.Service,
      state: row.State,
      health: row.Health,
      addresses: (row.Publishers ?? [])
        .filter(({ PublishedPort }) => PublishedPort > 0)
        .map(({ URL: host, PublishedPort: port }) => ({ host, port })),
    }))
    .sort((one, other) => one.name.localeCompare(other.name, 'en', { numeric: true }));
}

export async function containersOf(service: string): Promise<Container[]> {
  return (await containers()).filter(container => container.service === service);
}

/** Resolves when every container runs and is healthy. Rejects, naming those that are not. */
export async function untilHealthy(deadlineMs = 180_000): Promise<void> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const ill = (await containers()).filter(
      ({ state, health }) => state !== 'running' || (health !== '' && health !== 'healthy'),
    );
    if (ill.length === 0) return;
    if (performance.now() > end) throw new Error(`not healthy: ${ill.map(({ name }) => name).join(', ')}`);
    await pause(500);
  }
}

/** Sets the number of replicas of services and leaves those that run as they are. */
export async function scale(replicas: Readonly<Record<string, number>>): Promise<void> {
  const scales = Object.entries(replicas).flatMap(([service, count]) => ['--scale', `${service}=${count}`]);
  await docker(
    'compose',
    'up',
    '-d',
    '--no-recreate',
    '--no-build',
    '--no-deps',
    ...scales,
    ...Object.keys(replicas),
  );
}

export async function replicasNow(): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { service } of await containers()) counts[service] = (counts[service] ?? 0) + 1;
  return counts;
}

export interface Access {
  readonly credentials: Credentials;
  readonly ca: string;
}

/** What `make cluster` has left for programs. */
export async function readAccess(directory: string): Promise<Access> {
  const read = (name: string) => readFile(path.join(directory, name), 'utf8');
  return {
    credentials: JSON.parse(await read('credentials.json')) as Credentials,
    ca: await read('tls/ca.pem'),
  };
}

/** Requests of the API that a replica has answered since its start, by its own count. */
export async function requestsServed({ id }: Container): Promise<number> {
  const script = `fetch('http://127.0.0.1:${METRICS_PORT}/metrics').then(async r => process.stdout.write(await r.text()))`;
  const text = await docker('exec', id, 'node', '-e', script);
  let served = 0;
  for (const [, count] of text.matchAll(
    /^strongroom_http_requests_total\{[^}]*route="\/[^"]*\/api\/[^}]*\} (\S+)$/gm,
  )) {
    served += Number(count);
  }
  return served;
}

/**
 * Replaces the replicas of a service by new ones, of the image and the settings that are current: one by one, a new
 * one healthy before an old one is stopped.
 */
export async function roll(service: string, onChange: () => Promise<void>): Promise<void> {
  const old = await containersOf(service);
  for (const { id } of old) {
    await scale({ [service]: old.length + 1 });
    await untilHealthy();
    await onChange();
    await docker('stop', id);
    await docker('rm', id);
    await onChange();
  }
}
