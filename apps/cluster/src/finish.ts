import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { AppError } from '@strongroom/errors/app-error';
import { trustOnly } from '@strongroom/http/trust';
import type { Credentials } from '@strongroom/installation/credentials';
import { writeDurably } from '@strongroom/installation/durable-file';
import { storeExampleSecret } from '@strongroom/installation/example-secret';
import { baseUrlOf } from '@strongroom/installation/public-address';
import type { ClusterLayout } from './layout.ts';
import type { ClusterSettings } from './settings.ts';

/**
 * Runs once, when the platform is healthy for the first time: stores the secret `example`, and notes that the
 * installation stands. Later it does nothing, so that what an operator deleted stays deleted.
 */
export async function finish(
  layout: ClusterLayout,
  credentials: Credentials | undefined,
  { host, port }: ClusterSettings,
  now: Date,
): Promise<void> {
  if (existsSync(layout.installed)) return;
  trustOnly(await readFile(layout.caFile, 'utf8'));
  // Where it is published here, which need not be where people reach it.
  const url = baseUrlOf(host, port);
  if (credentials !== undefined) await storeExampleSecret(url, url, credentials).catch(ignoreConflict);
  await writeDurably(layout.installed, `${now.toISOString()}\n`, 0o600);
}

/** A run that was cut off may have stored it. */
function ignoreConflict(error: unknown): void {
  if (!(error instanceof AppError) || error.kind !== 'conflict') throw error;
}
