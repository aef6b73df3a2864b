import { setTimeout as delay } from 'node:timers/promises';
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
  /** Asks the server over the connection that holds the lock. False, and no leader any more, without an answer. */
  prove: () => Promise<boolean>;
  stop: () => Promise<void>;
}

const CONNECT_DEADLINE_MS = 5_000;
const STATEMENT_DEADLINE_MS = 5_000;
const END_DEADLINE_MS = 2_000;

/**
 * A leader that vanishes without a word, as on a network that drops packets, keeps its lock for as long as the server
 * believes in its connection: hours by default, some ten seconds with these.
 */
const SERVER_KEEPALIVE =
  '-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3 -c tcp_user_timeout=10000';

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
    if (dropped !== undefined) void end(dropped);
    schedule(options.retryMs);
  }

  /** A server that does not answer would not answer a farewell either. */
  async function end(ended: pg.Client): Promise<void> {
    const waiting = new AbortController();
    await Promise.race([
      ended.end().catch((error: unknown) => {
        options.log.debug('a connection did not close cleanly', { reason: reasonOf(error) });
      }),
      delay(END_DEADLINE_MS, undefined, { signal: waiting.signal }).then(
        () => ended.connection.stream.destroy(),
        () => undefined,
      ),
    ]);
    waiting.abort();
  }

  async function elect(): Promise<void> {
    if (client === undefined) {
      const config = clientConfig(options.settings);
      const fresh = new pg.Client({
        ...config,
        options: `${config.options ?? ''} ${SERVER_KEEPALIVE}`,
        connectionTimeoutMillis: CONNECT_DEADLINE_MS,
        query_timeout: STATEMENT_DEADLINE_MS,
      });
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
    async prove() {
      const asked = client;
      if (!leading || asked === undefined) return false;
      try {
        await asked.query('SELECT 1');
      } catch (error) {
        options.log.warn('the leader lost its connection', { job: options.job, reason: reasonOf(error) });
        if (client === asked) drop();
      }
      return client === asked;
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await attempt;
      leading = false;
      client?.removeAllListeners();
      client?.on('error', () => undefined);
      if (client !== undefined) await end(client);
    },
  };
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : 'unknown');
