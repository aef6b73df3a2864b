import { readFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { trustOnly } from '@strongroom/http/trust';
import type { Credentials } from '@strongroom/installation/credentials';
import { baseUrlOf } from '@strongroom/installation/public-address';
import { docker, memoryByContainer } from './docker.ts';
import type { ClusterLayout } from './layout.ts';
import { readUnderLoad } from './load.ts';
import type { ClusterSettings } from './settings.ts';

const LOAD_SECONDS = 20;
const CALLERS = 16;

/**
 * Starts the cluster anew (all data stay) and measures: the time until all is healthy, memory of every container
 * at rest and while the secret `example` is read as fast as it goes, and sizes of images.
 */
export async function figures(
  layout: ClusterLayout,
  credentials: Credentials,
  { host, port }: ClusterSettings,
): Promise<string> {
  await docker('compose', 'down');
  const begin = performance.now();
  await docker('compose', 'up', '--detach', '--wait');
  const healthySeconds = (performance.now() - begin) / 1_000;
  const idle = await memoryByContainer();

  trustOnly(await readFile(layout.caFile, 'utf8'));
  const load = readUnderLoad(baseUrlOf(host, port), credentials, { seconds: LOAD_SECONDS, callers: CALLERS });
  // Docker takes some seconds to look.
  await sleep(LOAD_SECONDS * 500);
  const loaded = await memoryByContainer();
  const { reads, failed } = await load;

  const images = await docker('images', '--format', '  {{.Repository}}\t{{.Size}}', 'strongroom/*');
  const rows = [...idle].sort(([a], [b]) => a.localeCompare(b));
  return [
    `On ${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GiB.`,
    '',
    `Healthy ${healthySeconds.toFixed(1)} s after docker compose up, images built and data there.`,
    '',
    'Memory, MiB                         idle  loaded',
    ...rows.map(
      ([name, size]) =>
        `  ${name.padEnd(32)}${size.toFixed(0).padStart(6)}${show(loaded.get(name)).padStart(8)}`,
    ),
    '',
    `Load: ${CALLERS} callers for ${LOAD_SECONDS} s, ${Math.round(reads / LOAD_SECONDS)} reads a second, ${failed} failed.`,
    '',
    'Images',
    images.trimEnd(),
    '',
  ].join('\n');
}

const show = (size: number | undefined): string => size?.toFixed(0) ?? '-';
