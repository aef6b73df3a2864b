import pg from 'pg';
import type { Logger } from '@strongroom/log/logger';
import { clientConfig, type DatabaseSettings } from './database.ts';

export interface LeaderOptions {
  settings: Pick<DatabaseSettings, 'url' | 'password' | 'schema'>;
  /** Names the job among all jobs of the schema. */
  job: string;
  /** Channel of NOTIFY that calls `wake`. */
  channel: string;
  /** How often a replica that does not lead, or lost its connection, tries again. */
  retryMs: number;
  log: Logger;
}

export interface Leadership {
  /** True while this replica holds the lock on a living connection. */
  readonly isLeader: boolean;
  stop: () => Promise<void>;
}

/**
 * One leader per job, elected by a session-level advisory lock on a connection of its own: if the process
 * or the connection dies, PostgreSQL frees the lock. `onWake` is called on election and on every NOTIFY.
 */
export function leadJob(options: LeaderOptions, onWake: () => void): Leadership {
  let client: pg.Client | undefined;
  let leading = false;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let attempt: Promise<void> = Promise.resolve();

  function schedule(delayMs: number): void {
    if (stopped) return;
    // One loss is told more than once (an event, then a rejected statement) and is one reason to stand again.
    clearTimeout(timer);
    timer = setTimeout(() => {
      attempt = elect().catch((error: unknown) => {
        options.log.warn('could not stand for leader', { job: options.job, reason: reasonOf(error) });
        drop();
      });
    }, delayMs);
  }

  function drop(): void {
    const dropped = client;
    client = undefined;
    leading = false;
    dropped?.removeAllListeners();
    dropped?.on('error', () => undefined);
    dropped?.end().catch((error: unknown) => {
      options.log.debug('a lost connection did not close cleanly', { reason: reasonOf(error) });
    });
    schedule(options.retryMs);
  }

  async function elect(): Promise<void> {
    if (client === undefined) {
      const fresh = new pg.Client({ ...clientConfig(options.settings), connectionTimeoutMillis: 5_000 });
      client = fresh;
      fresh.on('error', drop);
      fresh.on('end', drop);
      fresh.on('notification', () => {
        if (leading) onWake();
      });
      await fresh.connect();
    }
    const { rows } = await client.query<{ locked: boolean }>(
      'SELECT pg_try_advisory_lock(hashtext($1), hashtext($2)) AS locked',
      [options.job, options.settings.schema],
    );
    if (rows[0]?.locked !== true) {
      schedule(options.retryMs);
      return;
    }
    await client.query(`LISTEN ${pg.escapeIdentifier(options.channel)}`);
    leading = true;
    onWake();
  }

  schedule(0);
  return {
    get isLeader() {
      return leading;
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await attempt;
      leading = false;
      client?.removeAllListeners();
      await client?.end();
    },
  };
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : 'unknown');
