import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { serverAccount } from '@strongroom/embedded-postgres/account';
import { freePort } from '@strongroom/embedded-postgres/free-port';
import { demand } from './on-demand.ts';
import { containerLauncher, ownServer, programLauncher, type OwnServer } from './own-server.ts';
import type { ServerSource } from './server-programs.ts';

export interface TestBroker {
  /** `amqp://user:password@host:port`. Test files set their queues apart by a random prefix (`openRabbitBus`). */
  readonly url: string;
}

/** The RabbitMQ that all test files of a run share; undefined when this machine cannot run one. */
export const testBroker = (): Promise<TestBroker | undefined> => demand<TestBroker>('broker');

/** Whether `startBroker` works here. With CI=true a machine that cannot is a failure. */
export const canStartBroker = async (): Promise<boolean> => (await demand('broker-source')) !== undefined;

export interface OwnBroker extends OwnServer {
  /** Where it keeps queues and messages, and what it logs. Absent: within a container. */
  readonly directory?: string;
}

/** Started; a RabbitMQ of one test, which may kill it and start it again with its data. */
export async function startBroker(): Promise<OwnBroker> {
  const source = await demand<ServerSource>('broker-source');
  if (source === undefined) throw new Error('this machine can run no RabbitMQ');
  const server = await prepareBroker(source);
  await server.start();
  return server;
}

const USER = 'strongroom';

export async function prepareBroker(source: ServerSource): Promise<OwnBroker> {
  const port = await freePort();
  const password = randomBytes(24).toString('base64url');
  const address = { url: `amqp://${USER}:${password}@127.0.0.1:${port}`, port };
  const isReady = () => answersHandshake(port);
  if (source.kind === 'container') {
    const launcher = containerLauncher({
      engine: source.engine,
      image: 'rabbitmq:4-management',
      port,
      innerPort: 5672,
      args: [],
      environment: { RABBITMQ_DEFAULT_USER: USER, RABBITMQ_DEFAULT_PASS: password },
    });
    return ownServer(address, launcher, isReady);
  }

  const directory = await mkdtemp(path.join(tmpdir(), 'strongroom-rabbitmq-'));
  const account = await serverAccount(path.join(directory, 'none'));
  const inside = (name: string) => path.join(directory, name);
  const distributionPort = await freePort();
  const mapperPort = String(await freePort());
  const files = {
    'rabbitmq.conf': [
      `listeners.tcp.1 = 127.0.0.1:${port}`,
      `default_user = ${USER}`,
      `default_pass = ${password}`,
      'disk_free_limit.absolute = 50MB',
      'log.console.level = warning',
    ],
    enabled_plugins: ['[].'],
  };
  for (const [name, lines] of Object.entries(files)) {
    await writeFile(inside(name), `${lines.join('\n')}\n`, { mode: 0o600 });
  }
  const own = [directory, ...Object.keys(files).map(inside), inside('home')];
  await mkdir(inside('home'), { mode: 0o700 });
  if (account !== undefined) for (const each of own) await chown(each, account.uid, account.gid);

  const launcher = programLauncher({
    program: source.program,
    args: [],
    account,
    environment: {
      HOME: inside('home'),
      RABBITMQ_NODENAME: `strongroom-${port}@localhost`,
      RABBITMQ_CONFIG_FILE: inside('rabbitmq.conf'),
      RABBITMQ_ENABLED_PLUGINS_FILE: inside('enabled_plugins'),
      RABBITMQ_MNESIA_BASE: inside('data'),
      RABBITMQ_LOG_BASE: inside('log'),
      RABBITMQ_LOGS: '-',
      RABBITMQ_DIST_PORT: String(distributionPort),
      RABBITMQ_CONF_ENV_FILE: inside('none'),
      // A port mapper of its own: another account's would refuse the node's name.
      ERL_EPMD_PORT: mapperPort,
      ERL_EPMD_ADDRESS: '127.0.0.1',
      // Idle schedulers sleep instead of spinning: tests share the processor.
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '+sbwt none +sbwtdcpu none +sbwtdio none',
    },
    logFile: inside('output.log'),
    async remove() {
      // The port mapper outlives the broker that started it; without a program to end it, it stays, idle.
      await promisify(execFile)('epmd', ['-port', mapperPort, '-kill']).catch(() => undefined);
      await rm(directory, { recursive: true, force: true, maxRetries: 5 });
    },
  });
  return { ...ownServer(address, launcher, isReady), directory };
}

/** AMQP 0-9-1, 4.2.2: who sends the protocol header is answered with `connection.start`. */
function answersHandshake(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1');
    const finish = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(5_000, () => finish(false));
    socket.on('error', () => finish(false));
    socket.on('close', () => finish(false));
    socket.on('data', chunk => finish(chunk[0] === 1));
    socket.write(Buffer.from('AMQP\x00\x00\x09\x01', 'latin1'));
  });
}
