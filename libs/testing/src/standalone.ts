import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** credentials.json (the design's section 2). */
export interface Credentials {
  base_url: string;
  ca_file: string;
  admin: { username: string; password: string };
  oauth_client: { id: string; secret: string };
  api_client: { id: string; secret: string };
}

/** How a platform is reached: of a standalone or of a cluster. */
export interface Installation {
  baseUrl: string;
  credentials: Credentials;
  /** PEM text of the CA that the gateway's certificate hangs on. */
  ca: string;
}

export interface Standalone extends Installation {
  dataDirectory: string;
  /** What the process wrote to its terminal. */
  output: () => string;
  /** Ctrl-C; resolves with the exit code. */
  stop: () => Promise<number | null>;
  /** kill -9 of the process, its database and everything that they started. */
  kill: () => Promise<void>;
}

const MAIN = path.resolve(import.meta.dirname, '../../../apps/standalone/dist/main.js');

/** Reads what an installation wrote for its operator. */
export async function readInstallation(directory: string): Promise<Installation> {
  const text = await readFile(path.join(directory, 'credentials.json'), 'utf8');
  const credentials = JSON.parse(text) as Credentials;
  const ca = await readFile(path.join(directory, 'tls/ca.pem'), 'utf8');
  return { baseUrl: credentials.base_url, credentials, ca };
}

/** A directory that the database's account may enter, also when we are root. */
export async function makeDataDirectory(): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'strongroom-e2e-'));
  await chmod(directory, 0o711);
  return path.join(directory, 'data');
}

export const removeDataDirectory = (dataDirectory: string): Promise<void> =>
  rm(path.dirname(dataDirectory), { recursive: true, force: true });

/**
 * Runs the built platform as `make up` does, and resolves when its banner says that it is ready.
 * `credentialsElsewhere`: those of a first start whose file was taken away from the data directory since.
 */
export async function startStandalone(
  dataDirectory: string,
  environment: Readonly<Record<string, string>> = {},
  credentialsElsewhere?: Credentials,
): Promise<Standalone> {
  const child = spawn(process.execPath, [MAIN], {
    env: {
      PATH: process.env['PATH'] ?? '',
      STRONGROOM_DATA_DIR: dataDirectory,
      STRONGROOM_PORT: '0',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = await untilReady(child);
  const credentials =
    credentialsElsewhere ??
    (JSON.parse(await readFile(path.join(dataDirectory, 'credentials.json'), 'utf8')) as Credentials);
  return {
    dataDirectory,
    baseUrl: /URL +(\S+)/.exec(output())?.[1] ?? '',
    credentials,
    ca: await readFile(path.join(dataDirectory, 'tls/ca.pem'), 'utf8'),
    output,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        const exited = once(child, 'exit');
        child.kill('SIGINT');
        await exited;
      }
      return child.exitCode;
    },
    async kill() {
      const exited = once(child, 'exit');
      const database = await databasePid(dataDirectory);
      child.kill('SIGKILL');
      // The server leads a process group of its own: the minus sign means all of it.
      process.kill(-database, 'SIGKILL');
      await exited;
    },
  };
}

async function untilReady(child: ChildProcess): Promise<() => string> {
  let text = '';
  const ready = new Promise<void>((resolve, reject) => {
    const onText = (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes('Strongroom is ready.')) resolve();
    };
    child.stdout?.on('data', onText);
    child.stderr?.on('data', onText);
    child.once('error', reject);
    child.once('exit', code => reject(new Error(`the platform ended with ${code ?? 'a signal'}:\n${text}`)));
  });
  await ready;
  return () => text;
}

async function databasePid(dataDirectory: string): Promise<number> {
  const [pid] = (await readFile(path.join(dataDirectory, 'database/postmaster.pid'), 'utf8')).split('\n');
  return Number(pid);
}
