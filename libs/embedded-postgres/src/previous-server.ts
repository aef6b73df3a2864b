import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '@strongroom/log/logger';
import type { ServerBinaries } from './binaries.ts';
import { errorCode, ignoreAbsence } from '@strongroom/errors/system-error';
import { type Account, run } from './run.ts';

/** What the server writes into its `postmaster.pid`. */
export interface ServerLock {
  pid: number;
  /** `ready` once it accepts connections; absent while the file is being filled. */
  status: string | undefined;
}

export async function readServerLock(dataDirectory: string): Promise<ServerLock | undefined> {
  const text = await readFile(join(dataDirectory, 'postmaster.pid'), 'utf8').catch(ignoreAbsence);
  if (text === undefined) return undefined;
  const lines = text.split('\n');
  const pid = Number(lines[0]);
  return Number.isInteger(pid) && pid > 1 ? { pid, status: lines[7]?.trim() } : undefined;
}

/**
 * A server outlives a Strongroom that was killed; this stops it. Returns the pid in a lock file that is certainly
 * stale, i.e. whose process is now another program: the server cannot tell by itself (pids recur, above all in
 * containers) and would refuse to start.
 */
export async function stopPreviousServer(
  binaries: ServerBinaries,
  account: Account | undefined,
  dataDirectory: string,
  log: Logger,
): Promise<number | undefined> {
  const lock = await readServerLock(dataDirectory);
  if (lock === undefined || !isAlive(lock.pid)) return undefined;
  const command = await commandLine(lock.pid);
  if (command === undefined) return undefined;
  if (!isServerOf(command, dataDirectory)) return lock.pid;

  log.warn('an earlier PostgreSQL still runs on the data directory; stopping it', { pid: lock.pid });
  const stop = (mode: string, seconds: number) =>
    run(
      account,
      binaries.pgCtl,
      ['stop', `--pgdata=${dataDirectory}`, `--mode=${mode}`, '--wait', `--timeout=${seconds}`],
      (seconds + 5) * 1000,
    );
  const gone = async () => (await readServerLock(dataDirectory))?.pid !== lock.pid || !isAlive(lock.pid);
  for (const [mode, seconds] of [
    ['fast', 15],
    ['immediate', 15],
  ] as const) {
    try {
      await stop(mode, seconds);
      return undefined;
    } catch (error) {
      // pg_ctl also fails when the server went away by itself in between.
      if (await gone()) return undefined;
      log.error('an earlier PostgreSQL did not stop', error, { pid: lock.pid, mode });
    }
  }
  throw new Error(`An earlier PostgreSQL (pid ${lock.pid}) uses ${dataDirectory} and does not stop`);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

/** `-D` is the first argument and never the last (server.ts), so blanks on both sides tell /a from /a/b. */
const isServerOf = (command: string, dataDirectory: string): boolean =>
  command.includes('postgres') && command.replaceAll('\0', ' ').includes(` -D ${dataDirectory} -c `);

/** `undefined` when the system does not tell; the server then decides by itself. A process that has ended has none (''). */
async function commandLine(pid: number): Promise<string | undefined> {
  try {
    if (existsSync('/proc/self/cmdline')) return await readFile(`/proc/${pid}/cmdline`, 'utf8');
    return await run(undefined, 'ps', ['-ww', '-o', 'command=', '-p', String(pid)], 10_000);
  } catch {
    return undefined;
  }
}
