import { realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from '@strongroom/log/logger';
import pg from 'pg';
import { giveTo, makeDirectory, requireAccess, serverAccount } from './account.ts';
import { locateBinaries, makeMissingLinks } from './binaries.ts';
import { freePort } from './free-port.ts';
import { initializeOnce } from './initialize.ts';
import { stopPreviousServer } from './previous-server.ts';
import { launchServer, ServerDied, type ServerProcess } from './server-process.ts';
import { serverArguments } from './server-settings.ts';

const CONNECT_DEADLINE_MS = 10_000;
const RETRY_DEADLINE_MS = 30_000;
const RETRY_PAUSE_MS = 200;

export interface EmbeddedPostgres {
  host: '127.0.0.1';
  port: number;
  superuser: string;
  password: string;
  pid: number;
  /** Resolves when the server has ended, by `stop()` or by itself. Never rejects. */
  exited: Promise<void>;
  /** Ends open connections and stops. May be called more than once. */
  stop: () => Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** Made on the first start. At most one process may use it: the caller holds a lock. */
  dataDirectory: string;
  superuser: string;
  password: string;
  /** Default: a free one. */
  port?: number;
  /** False only for tests: a crash of the machine may then lose or break everything. */
  durable: boolean;
  /** Server settings by their PostgreSQL names. They are visible in the process list. */
  settings?: Readonly<Record<string, string>>;
  logFile: string;
  log: Logger;
}

/** Starts a PostgreSQL 18 of our own, on the loopback interface, and resolves when it accepts connections. */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { superuser, password, durable, log } = options;
  const binaries = locateBinaries();
  await makeMissingLinks(binaries.packageRoot);

  const requested = resolve(options.dataDirectory);
  await makeDirectory(dirname(requested));
  // The one true path: the server's command line must name the same directory at every start.
  const dataDirectory = join(await realpath(dirname(requested)), basename(requested));
  const account = await serverAccount(dataDirectory);
  await requireAccess(account, binaries.postgres);
  await requireAccess(account, dirname(dataDirectory));
  await initializeOnce(binaries, account, { dataDirectory, superuser, password, durable });
  await giveTo(account, dataDirectory);

  async function launch(port: number): Promise<ServerProcess> {
    const server = await launchServer({
      program: binaries.postgres,
      account,
      dataDirectory,
      args: serverArguments(port, durable, options.settings ?? {}),
      logFile: options.logFile,
      stalePid: await stopPreviousServer(binaries, account, dataDirectory, log),
      log,
    });
    try {
      await server.ready();
      await proveConnection({ port, user: superuser, password });
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  const giveUp = performance.now() + RETRY_DEADLINE_MS;
  for (;;) {
    const port = options.port ?? (await freePort());
    try {
      const server = await launch(port);
      log.info('PostgreSQL is ready', { pid: server.pid, port });
      return {
        host: '127.0.0.1',
        port,
        superuser,
        password,
        pid: server.pid,
        exited: server.exited,
        stop: () => server.stop(),
      };
    } catch (error) {
      if (performance.now() > giveUp || !passes(error, options.port === undefined)) throw error;
      log.warn('PostgreSQL did not start; trying again');
      await wait(RETRY_PAUSE_MS);
    }
  }
}

/** Whether a failed start is worth another try. */
function passes(error: unknown, portIsOurChoice: boolean): boolean {
  if (!(error instanceof ServerDied)) return false;
  // Someone took the free port first.
  if (portIsOurChoice && error.tail.includes('Address already in use')) return true;
  // Backends of a server that was killed are still noticing, or a server of a killed Strongroom came up just now.
  return /shared memory block .* is still in use|lock file "postmaster\.pid" already exists/.test(error.tail);
}

/** The credentials may belong to another database: better said here than by every service. */
async function proveConnection(login: { port: number; user: string; password: string }): Promise<void> {
  const client = new pg.Client({
    ...login,
    host: '127.0.0.1',
    database: 'postgres',
    connectionTimeoutMillis: CONNECT_DEADLINE_MS,
  });
  try {
    await client.connect();
    await client.end();
  } catch (cause) {
    throw new Error('PostgreSQL runs but does not accept the superuser of this data directory', { cause });
  }
}
