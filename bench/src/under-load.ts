import process from 'node:process';
import { containersOf, readAccess, untilHealthy, type Container } from './cluster.ts';
import { createGatewayClient, type GatewayClient } from './gateway-client.ts';
import { startMixedLoad, type Attempt, type MixedLoad } from './mixed-load.ts';

export interface UnderLoad {
  readonly client: GatewayClient;
  readonly load: MixedLoad;
  /** After gateways came or went: their addresses on this machine change. */
  readonly aim: () => Promise<void>;
}

/** Runs `work` against the healthy cluster while the mixed load goes on. */
export async function underLoad(
  directory: string,
  perSecond: number,
  work: (under: UnderLoad) => Promise<void>,
): Promise<void> {
  await untilHealthy();
  const access = await readAccess(directory);
  const client = createGatewayClient(access);
  const aim = async () => client.aim(addressesOf(await containersOf('api-gateway')));
  await aim();
  const load = await startMixedLoad(client, access, perSecond);
  try {
    await work({ client, load, aim });
  } finally {
    await load.stop();
    client.close();
  }
}

const addressesOf = (gateways: readonly Container[]) =>
  gateways.flatMap(({ addresses: [first] }) => (first === undefined ? [] : [first]));

/** How many requests failed, by status or by why there was no answer. */
export function failuresIn(attempts: readonly Attempt[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { failure } of attempts) {
    if (failure !== undefined) counts.set(failure, (counts.get(failure) ?? 0) + 1);
  }
  return counts;
}

/** `0`, or e.g. `3 (502: 2, cut: 1)`. */
export function describeFailures(failures: ReadonlyMap<string, number>): string {
  const count = [...failures.values()].reduce((sum, each) => sum + each, 0);
  const kinds = [...failures].map(([failure, each]) => `${failure}: ${each}`).join(', ');
  return count === 0 ? '0' : `${count} (${kinds})`;
}

export const print = (line: string) => void process.stdout.write(`${line}\n`);

/** Cells padded to columns. */
export const tableRow = (widths: readonly number[], cells: readonly string[]): string =>
  cells
    .map((cell, index) => `${cell.padEnd((widths[index] ?? 1) - 1)} `)
    .join('')
    .trimEnd();
