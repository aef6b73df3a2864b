import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Logger } from '@strongroom/log/logger';
import { clientConfig, type DatabaseSettings } from './database.ts';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;
const CONNECT_DEADLINE_MS = 5_000;

/**
 * Resolves when the database lets us in. Until then it tries with growing pauses and says why not, so that parts
 * of a platform start in any order; after `giveUpMs` it rejects with the last cause.
 */
export async function untilDatabaseAnswers(
  settings: Pick<DatabaseSettings, 'url' | 'password' | 'schema'>,
  { giveUpMs, log, signal }: { giveUpMs: number; log: Logger; signal: AbortSignal },
): Promise<void> {
  const giveUpAt = performance.now() + giveUpMs;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      await connectOnce(settings);
      return;
    } catch (error) {
      if (performance.now() + pauseMs > giveUpAt) throw error;
      const reason = error instanceof Error ? error.message : 'unknown';
      log.warn('the database does not let us in yet', { reason, retryMs: pauseMs });
    }
    await sleep(pauseMs, undefined, { signal });
  }
}

async function connectOnce(settings: Pick<DatabaseSettings, 'url' | 'password' | 'schema'>): Promise<void> {
  const client = new pg.Client({
    ...clientConfig(settings),
    connectionTimeoutMillis: CONNECT_DEADLINE_MS,
  });
  // A connection that is cut while it is being opened tells so twice.
  client.on('error', () => undefined);
  try {
    await client.connect();
  } finally {
    await client.end().catch(() => undefined);
  }
}
