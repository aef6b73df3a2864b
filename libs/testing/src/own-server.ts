import { spawn, execFile, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { spawnOptions, type Account } from '@strongroom/embedded-postgres/run';
import { eventually } from './eventually.ts';

/** A server of one test, which may kill it and start it again: on the same port, with the data it had. */
export interface OwnServer {
  readonly url: string;
  readonly port: number;
  /** Resolves when it answers. */
  start: () => Promise<void>;
  /** kill -9. */
  kill: () => Promise<void>;
  /** For good; its data goes, too. */
  stop: () => Promise<void>;
}

/** A server that can be brought up and killed, however it runs. */
export interface Launcher {
  launch: () => Promise<void>;
  kill: () => Promise<void>;
  remove: () => Promise<void>;
}

const READY_DEADLINE_MS = 90_000;

export function ownServer(
  address: { url: string; port: number },
  launcher: Launcher,
  isReady: () => Promise<boolean>,
): OwnServer {
  async function kill(): Promise<void> {
    await launcher.kill();
    // The last of its processes may end a little later.
    await eventually(`the server at port ${address.port} is gone`, async () => !(await isReady()));
  }

  return {
    ...address,
    async start() {
      await launcher.launch();
      await eventually(`the server at port ${address.port} answers`, isReady, READY_DEADLINE_MS);
    },
    kill,
    async stop() {
      await kill();
      await launcher.remove();
    },
  };
}

export interface ProgramLaunch {
  program: string;
  args: readonly string[];
  account: Account | undefined;
  environment?: Readonly<Record<string, string>>;
  logFile: string;
  remove: () => Promise<void>;
}

/** The launcher of a program of this machine. */
export interface ProgramLauncher extends Launcher {
  /** Undefined when it does not run. */
  pid: () => number | undefined;
}

/** Runs a program as a process group of its own, so that a kill reaches what it started. */
export function programLauncher(launch: ProgramLaunch): ProgramLauncher {
  const { program, args, account, environment, logFile, remove } = launch;
  let child: ChildProcess | undefined;
  return {
    pid: () => (child !== undefined && isRunning(child) ? child.pid : undefined),
    async launch() {
      const output = await open(logFile, 'a');
      const options = spawnOptions(account);
      child = spawn(program, args, {
        ...options,
        env: { ...options.env, ...environment },
        stdio: ['ignore', output.fd, output.fd],
        detached: true,
      });
      await once(child, 'spawn');
      await output.close();
      if (launched.size === 0) process.once('exit', killLaunched);
      launched.add(child);
    },
    async kill() {
      const running = child;
      child = undefined;
      if (running === undefined) return;
      launched.delete(running);
      if (launched.size === 0) process.off('exit', killLaunched);
      if (!isRunning(running)) return;
      const exited = once(running, 'exit');
      signal(running);
      await exited;
    },
    remove,
  };
}

/** A run that ends without its teardown leaves none of these behind. */
const launched = new Set<ChildProcess>();
const killLaunched = () => launched.forEach(signal);

const isRunning = (child: ChildProcess) => child.exitCode === null && child.signalCode === null;

function signal(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It ended by itself in between.
  }
}

export interface ContainerLaunch {
  engine: string;
  image: string;
  port: number;
  /** The port inside. */
  innerPort: number;
  args: readonly string[];
  /** Handed on by name: no value is an argument of a process. */
  environment?: Readonly<Record<string, string>>;
}

export function containerLauncher(launch: ContainerLaunch): Launcher {
  const { engine, image, port, innerPort, args, environment = {} } = launch;
  const run = async (...words: string[]) => {
    const { stdout } = await promisify(execFile)(engine, words, {
      env: { ...process.env, ...environment },
      timeout: 300_000,
    });
    return stdout.trim();
  };
  let id: string | undefined;
  let running = false;
  return {
    async launch() {
      const variables = Object.keys(environment).flatMap(name => ['-e', name]);
      id ??= await run('create', '-p', `127.0.0.1:${port}:${innerPort}`, ...variables, image, ...args);
      await run('start', id);
      running = true;
    },
    async kill() {
      if (id === undefined || !running) return;
      running = false;
      await run('kill', '--signal', 'KILL', id);
    },
    async remove() {
      if (id !== undefined) await run('rm', '--force', '--volumes', id);
    },
  };
}
