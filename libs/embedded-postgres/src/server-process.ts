import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from '@strongroom/log/logger';
import { logTail } from './log-tail.ts';
import { readServerLock } from './previous-server.ts';
import { type Account, SERVER_ENVIRONMENT, spawnOptions } from './run.ts';

// Long, because after a crash the server first replays up to a gigabyte of its log.
const READY_DEADLINE_MS = 120_000;
const POLL_MS = 20;
const STOP_DEADLINE_MS = 15_000;

export interface ServerProcess {
  pid: number;
  /** Resolves when the process has ended, by `stop()` or by itself. Never rejects. */
  exited: Promise<void>;
  /** Resolves when it accepts connections; rejects with ServerDied when it ends before. */
  ready: () => Promise<void>;
  stop: () => Promise<void>;
}

/** The server ended before it was ready; the message ends with its last log lines. */
export class ServerDied extends Error {
  override readonly name = 'ServerDied';
  readonly tail: string;

  constructor(tail: string) {
    super(`PostgreSQL did not start. Its log says:\n${tail}`);
    this.tail = tail;
  }
}

export interface ServerLaunch {
  program: string;
  account: Account | undefined;
  dataDirectory: string;
  args: readonly string[];
  logFile: string;
  /** The pid in a stale lock file, if another program has it now. */
  stalePid: number | undefined;
  log: Logger;
}

export async function launchServer(launch: ServerLaunch): Promise<ServerProcess> {
  const { dataDirectory, log } = launch;
  const output = await open(launch.logFile, 'a', 0o600);
  const logStart = (await output.stat()).size;
  let child: ChildProcess;
  try {
    child = spawn(launch.program, ['-D', dataDirectory, ...launch.args], {
      ...spawnOptions(launch.account),
      // The way pg_ctl tells the server that a pid in the lock file is not another server.
      env: { ...SERVER_ENVIRONMENT, ...(launch.stalePid && { PG_GRANDPARENT_PID: String(launch.stalePid) }) },
      // A process group of its own: Ctrl-C in the terminal must not stop it before our requests are drained.
      detached: true,
      stdio: ['ignore', output.fd, output.fd],
    });
    // Fails at once when the program cannot be run at all.
    await once(child, 'spawn');
  } finally {
    await output.close();
  }
  const { pid } = child;
  if (pid === undefined) throw new Error('PostgreSQL was started without a process id');

  let expected = true;
  const ended = () => child.exitCode !== null || child.signalCode !== null;
  const exited = new Promise<void>(resolve => {
    child.once('exit', (code, signal) => {
      if (!expected) log.error('PostgreSQL ended unexpectedly', undefined, { pid, exitCode: code, signal });
      resolve();
    });
  });

  async function ready(): Promise<void> {
    const deadline = performance.now() + READY_DEADLINE_MS;
    while (performance.now() < deadline) {
      if (ended()) throw new ServerDied(await logTail(launch.logFile, logStart));
      const lock = await readServerLock(dataDirectory);
      if (lock !== undefined && lock.pid === pid && lock.status === 'ready') {
        expected = false;
        return;
      }
      await Promise.race([exited, wait(POLL_MS)]);
    }
    throw new Error(`PostgreSQL was not ready after ${READY_DEADLINE_MS / 1000} seconds`);
  }

  let stopping: Promise<void> | undefined;
  const stop = () => (stopping ??= stopOnce());

  async function stopOnce(): Promise<void> {
    expected = true;
    // The server's own signals (PostgreSQL manual, "Shutting Down the Server"): fast, then immediate.
    for (const [mode, signal] of [
      ['fast', 'SIGINT'],
      ['immediate', 'SIGQUIT'],
    ] as const) {
      if (ended()) return;
      child.kill(signal);
      await withinDeadline(exited, STOP_DEADLINE_MS);
      if (!ended()) log.warn('PostgreSQL did not stop in time', { pid, mode });
    }
    if (!ended()) throw new Error(`PostgreSQL (pid ${pid}) does not stop`);
  }

  return { pid, exited, ready, stop };
}

/** Waits for the promise, but no longer than the deadline, and leaves no timer behind. */
async function withinDeadline(promise: Promise<void>, deadlineMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<void>(resolve => (timer = setTimeout(resolve, deadlineMs)));
  await Promise.race([promise, expired]);
  clearTimeout(timer);
}
