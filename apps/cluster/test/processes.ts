import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { freePort } from '@strongroom/embedded-postgres/free-port';
import { eventually } from '@strongroom/testing/eventually';

/** One replica of a service, as a container runs it. */
export interface ServiceProcess {
  readonly url: string;
  /** Everything that it wrote so far. */
  readonly output: () => string;
  readonly isRunning: () => boolean;
  untilReady: () => Promise<void>;
  /** SIGTERM, as compose stops it; the exit code. */
  stop: () => Promise<number | null>;
  kill: () => Promise<void>;
}

const SERVICES = path.resolve(import.meta.dirname, '../../../services');

export async function startProcess(
  service: string,
  environment: Readonly<Record<string, string>>,
): Promise<ServiceProcess> {
  const port = await freePort();
  const child = spawn(process.execPath, [path.join(SERVICES, service, 'dist/main.js')], {
    env: {
      PATH: process.env['PATH'] ?? '',
      STRONGROOM_LISTEN_HOST: '127.0.0.1',
      STRONGROOM_LISTEN_PORT: String(port),
      STRONGROOM_METRICS_PORT: '0',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = collect(child);
  const url = `http://127.0.0.1:${port}`;
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  const end = async (signal: NodeJS.Signals) => {
    if (!isRunning()) return child.exitCode;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
    return child.exitCode;
  };
  return {
    url,
    output,
    isRunning,
    async untilReady() {
      const isReady = () =>
        fetch(`${url}/readyz`).then(
          answer => answer.ok,
          () => false,
        );
      await eventually(
        `${service} is ready`,
        () => {
          if (!isRunning()) throw new Error(`${service} ended: ${output()}`);
          return isReady();
        },
        60_000,
      );
    },
    stop: () => end('SIGTERM'),
    async kill() {
      await end('SIGKILL');
    },
  };
}

function collect(child: ChildProcess): () => string {
  let text = '';
  const add = (chunk: Buffer) => (text += chunk.toString());
  child.stdout?.on('data', add);
  child.stderr?.on('data', add);
  return () => text;
}
