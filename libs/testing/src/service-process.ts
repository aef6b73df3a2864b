import path from 'node:path';
import { freePort } from '@strongroom/embedded-postgres/free-port';
import { ownServer, programLauncher, type OwnServer } from './own-server.ts';

/** A replica as the cluster runs it: a process of its own. */
export interface ServiceProcess extends OwnServer {
  /** Undefined while it does not run. */
  readonly pid: () => number | undefined;
  /** What it tells Prometheus. */
  readonly metrics: () => Promise<string>;
}

const SERVICES = path.resolve(import.meta.dirname, '../../../services');

/** Not started yet; the built service, on a port that stays its own. What it logs is added to the file. */
export async function prepareService(
  service: string,
  environment: Readonly<Record<string, string>>,
  logFile: string,
): Promise<ServiceProcess> {
  const [port, metricsPort] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${port}`;
  const launcher = programLauncher({
    program: process.execPath,
    args: [path.join(SERVICES, service, 'dist/main.js')],
    account: undefined,
    environment: {
      STRONGROOM_LISTEN_PORT: String(port),
      STRONGROOM_METRICS_PORT: String(metricsPort),
      ...environment,
    },
    logFile,
    remove: () => Promise.resolve(),
  });
  let isStarting = false;
  const answers = () => {
    if (isStarting && launcher.pid() === undefined) throw new Error('the process has ended');
    return fetch(`${url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
  };
  const server = ownServer({ url, port }, launcher, answers);
  return {
    ...server,
    pid: launcher.pid,
    metrics: async () => (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text(),
    async start() {
      isStarting = true;
      await server
        .start()
        .catch((cause: unknown) => {
          throw new Error(`${service} did not start; ${logFile} says why`, { cause });
        })
        .finally(() => {
          isStarting = false;
        });
    },
  };
}
