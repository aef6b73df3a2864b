import { randomBytes } from 'node:crypto';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { serverAccount } from '@strongroom/embedded-postgres/account';
import { freePort } from '@strongroom/embedded-postgres/free-port';
import { demand } from './on-demand.ts';
import { containerLauncher, ownServer, programLauncher, type OwnServer } from './own-server.ts';
import type { ServerSource } from './server-programs.ts';

export interface TestRedis {
  /** `redis://:password@host:port`. Test files set their keys apart by a random prefix. */
  readonly url: string;
}

/** The Redis that all test files of a run share; undefined when this machine cannot run one. */
export const testRedis = (): Promise<TestRedis | undefined> => demand<TestRedis>('redis');

/** Whether `startRedis` works here. With CI=true a machine that cannot is a failure. */
export const canStartRedis = async (): Promise<boolean> => (await demand('redis-source')) !== undefined;

/** Started; a Redis of one test, with a password, that it may kill. It keeps nothing over a kill, as a cache may. */
export async function startRedis(): Promise<OwnServer> {
  const source = await demand<ServerSource>('redis-source');
  if (source === undefined) throw new Error('this machine can run no Redis');
  const server = await prepareRedis(source);
  await server.start();
  return server;
}

export async function prepareRedis(source: ServerSource): Promise<OwnServer> {
  const port = await freePort();
  const password = randomBytes(24).toString('base64url');
  const address = { url: `redis://:${password}@127.0.0.1:${port}`, port };
  const isReady = () => answersPing(port, password);
  const settings = ['--save', '', '--appendonly', 'no'];
  if (source.kind === 'container') {
    // Redis takes a password from arguments or a file alone; these are a throw-away's, so it goes without.
    const image = 'redis:8';
    const launcher = containerLauncher({
      engine: source.engine,
      image,
      port,
      innerPort: 6379,
      args: settings,
    });
    const open = { url: `redis://127.0.0.1:${port}`, port };
    return ownServer(open, launcher, () => answersPing(port, undefined));
  }
  const directory = await mkdtemp(path.join(tmpdir(), 'strongroom-redis-'));
  const account = await serverAccount(path.join(directory, 'none'));
  const file = path.join(directory, 'redis.conf');
  const text = [`bind 127.0.0.1`, `port ${port}`, `dir ${directory}`, `requirepass ${password}`, 'save ""'];
  await writeFile(file, `${text.join('\n')}\n`, { mode: 0o600 });
  if (account !== undefined) {
    for (const each of [directory, file]) await chown(each, account.uid, account.gid);
  }
  const launcher = programLauncher({
    program: source.program,
    args: [file],
    account,
    logFile: path.join(directory, 'redis.log'),
    remove: () => rm(directory, { recursive: true, force: true }),
  });
  return ownServer(address, launcher, isReady);
}

/** By hand, so that the fixtures need no client library. */
function answersPing(port: number, password: string | undefined): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    const finish = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(2_000, () => finish(false));
    socket.on('error', () => finish(false));
    socket.on('close', () => finish(false));
    socket.on('data', chunk => {
      text += chunk.toString();
      if (text.includes('+PONG')) finish(true);
      else if (text.includes('-')) finish(false);
    });
    socket.write(`${password === undefined ? '' : `AUTH ${password}\r\n`}PING\r\n`);
  });
}
