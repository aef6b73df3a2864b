import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import process from 'node:process';
import autocannon from 'autocannon';

/** What one measurement came to. */
export interface Row {
  perSecond: number;
  p50: number;
  p99: number;
  failed: number;
}

export interface Load {
  url: string;
  ca?: string | undefined;
  connections: number;
  seconds: number;
  /** Called for each connection with its number: what it sends, in turns. */
  requests: (connection: number) => autocannon.Request[];
}

/** Keeps each connection busy: its next request goes out as soon as the last one is answered. */
export function putLoad({ url, ca, connections, seconds, requests }: Load): Promise<Row> {
  let connection = 0;
  return new Promise((resolve, reject) => {
    const run = autocannon(
      {
        url,
        connections,
        duration: seconds,
        setupClient: client => client.setRequests(requests(connection++)),
        ...(ca === undefined ? {} : { tlsOptions: { ca } }),
      },
      (error: Error | null, result) => {
        if (error !== null) reject(error);
        else {
          resolve({
            perSecond: result['2xx'] / result.duration,
            p50: result.latency.p50,
            p99: result.latency.p99,
            failed: result.non2xx + result.errors,
          });
        }
      },
    );
    autocannon.track(run, { renderProgressBar: false, renderResultsTable: false, renderLatencyTable: false });
  });
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
};

const children: ChildProcess[] = [];

/** Starts a floor (see floor.ts); answers its address. */
export async function startFloor(...args: string[]): Promise<string> {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'floor.js'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return line.toString().trim();
}

export function stopFloors(): void {
  for (const child of children) child.kill('SIGTERM');
}

/**
 * Sends at a steady rate whatever the answers take, so that a wait of one is not hidden by what was not sent
 * meanwhile. Latencies count from when a request was due.
 */
export async function putSteadyLoad(
  seconds: number,
  rate: number,
  send: (index: number) => Promise<boolean>,
): Promise<Row> {
  const started = performance.now();
  const latencies: number[] = [];
  let failed = 0;
  const requests: Promise<void>[] = [];
  for (let index = 0; index < seconds * rate; index += 1) {
    const due = started + (index * 1_000) / rate;
    const wait = due - performance.now();
    if (wait > 0) await new Promise(resolve => setTimeout(resolve, wait));
    requests.push(
      send(index).then(isDone => {
        if (isDone) latencies.push(performance.now() - due);
        else failed += 1;
      }),
    );
  }
  await Promise.all(requests);
  latencies.sort((a, b) => a - b);
  const at = (share: number) => latencies[Math.floor(latencies.length * share)] ?? Number.NaN;
  return {
    perSecond: (latencies.length * 1_000) / (performance.now() - started),
    p50: at(0.5),
    p99: at(0.99),
    failed,
  };
}
