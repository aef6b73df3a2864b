import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@strongroom/log/logger';
import pg from 'pg';
import { makeDirectory, serverAccount } from '../src/account.ts';
import { type EmbeddedPostgres, type EmbeddedPostgresOptions, startEmbeddedPostgres } from '../src/start.ts';

const CANARY = 'canary-7f3a1c';
const password = randomBytes(16).toString('base64url');
let directory: string;
let running: EmbeddedPostgres[];

const optionsFor = (more: Partial<EmbeddedPostgresOptions> = {}): EmbeddedPostgresOptions => ({
  dataDirectory: join(directory, 'database'),
  superuser: 'strongroom',
  password,
  durable: false,
  logFile: join(directory, 'postgres.log'),
  log: silentLogger,
  ...more,
});

async function start(more: Partial<EmbeddedPostgresOptions> = {}): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres(optionsFor(more));
  running.push(server);
  return server;
}

async function connect(server: EmbeddedPostgres): Promise<pg.Client> {
  const { host, port, superuser: user } = server;
  const client = new pg.Client({ host, port, user, password: server.password, database: 'postgres' });
  // The server is killed under open connections here.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

async function query(server: EmbeddedPostgres, sql: string): Promise<unknown[]> {
  const client = await connect(server);
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

beforeEach(async () => {
  running = [];
  directory = join(tmpdir(), `strongroom-pg-${randomBytes(6).toString('hex')}`);
  await makeDirectory(directory);
});

afterEach(async () => {
  await Promise.all(running.map(server => server.stop()));
  await rm(directory, { recursive: true, force: true });
});

describe('start and stop', () => {
  test('the first start makes a database as asked, a later one keeps its data', async () => {
    const first = await start();
    await query(first, `create table kept as select 'yes' as value`);
    const [facts] = await query(
      first,
      `select current_setting('server_encoding') as encoding, current_setting('data_checksums') as checksums,
         current_setting('password_encryption') as passwords, current_setting('listen_addresses') as listens,
         current_setting('unix_socket_directories') as sockets, current_setting('shared_buffers') as buffers,
         (select datlocale from pg_database where datname = 'postgres') as locale`,
    );
    expect(facts).toEqual({
      encoding: 'UTF8',
      checksums: 'on',
      passwords: 'scram-sha-256',
      listens: '127.0.0.1',
      sockets: '',
      buffers: '128MB',
      locale: 'C.UTF-8',
    });
    expect((await readdir(directory)).sort()).toEqual(['database', 'postgres.log']);
    expect((await stat(join(directory, 'postgres.log'))).mode & 0o777).toBe(0o600);

    await first.stop();
    await first.stop();
    await first.exited;
    expect(isAlive(first.pid)).toBe(false);

    const second = await start();
    expect(await query(second, 'select value from kept')).toEqual([{ value: 'yes' }]);
  });

  test('stop ends open connections', async () => {
    const server = await start();
    const client = await connect(server);
    const closed = new Promise<void>(resolve => client.once('end', resolve));
    await server.stop();
    await closed;
  });

  test('a wrong superuser password is said plainly and leaves no server', async () => {
    await (await start()).stop();
    await expect(start({ password: 'wrong' })).rejects.toThrow('does not accept the superuser');
    expect(existsSync(join(directory, 'database', 'postmaster.pid'))).toBe(false);
  });

  test('an occupied port that was asked for fails with the log, not by waiting', async () => {
    const occupant = createServer().listen(0, '127.0.0.1');
    await once(occupant, 'listening');
    const address = occupant.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    try {
      await expect(start({ port })).rejects.toThrow('Address already in use');
    } finally {
      occupant.close();
    }
  });
});

describe('after a violent end', () => {
  test('of the server: the exit is seen, and the next start recovers the data', async () => {
    const first = await start({ durable: true });
    await query(first, `create table kept as select 'yes' as value`);
    process.kill(first.pid, 'SIGKILL');
    await first.exited;
    const second = await start();
    expect(await query(second, 'select value from kept')).toEqual([{ value: 'yes' }]);
  });

  test('of the Strongroom process: the server that it left is stopped first', async () => {
    const parent = spawn(
      process.execPath,
      [
        '--conditions=source',
        '--import',
        join(import.meta.dirname, 'register-typescript.mjs'),
        join(import.meta.dirname, 'start-and-print-pid.ts'),
      ],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    );
    parent.stdin.end(JSON.stringify(optionsFor()));
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const orphan = Number(line.toString());
    const ended = once(parent, 'exit');
    parent.kill('SIGKILL');
    await ended;
    expect(isAlive(orphan)).toBe(true);

    const server = await start();
    expect(server.pid).not.toBe(orphan);
    expect(await query(server, 'select value from kept')).toEqual([{ value: 'yes' }]);
  });

  test('of initdb: its leftovers are removed and the next start begins anew', async () => {
    const leftover = join(directory, 'database.initializing-0badcafe');
    await mkdir(join(leftover, 'base'), { recursive: true });
    await writeFile(join(leftover, 'PG_VERSION'), '18\n');
    await writeFile(`${leftover}.pw`, password);
    const server = await start();
    expect(await query(server, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect((await readdir(directory)).sort()).toEqual(['database', 'postgres.log']);
  });

  test('a lock file whose pid is now another program does not hinder', async () => {
    await (await start()).stop();
    const dataDirectory = join(directory, 'database');
    const account = await serverAccount(dataDirectory);
    const stranger = spawn(
      'sleep',
      ['60'],
      account === undefined ? {} : { uid: account.uid, gid: account.gid },
    );
    await once(stranger, 'spawn');
    await writeFile(
      join(dataDirectory, 'postmaster.pid'),
      `${stranger.pid}\n${dataDirectory}\n1700000000\n5432\n\n127.0.0.1\n        0         0\nready   \n`,
    );
    try {
      const server = await start();
      expect(await query(server, 'select 1 as one')).toEqual([{ one: 1 }]);
    } finally {
      stranger.kill();
    }
  });
});

test('neither statements nor values reach the log', async () => {
  const server = await start();
  const log = () => readFile(join(directory, 'postgres.log'), 'utf8');
  await query(
    server,
    `create table canary (value text primary key); insert into canary values ('${CANARY}')`,
  );
  for (const failing of [
    `select '${CANARY}'::integer`,
    `insert into canary values ('${CANARY}')`,
    `selekt '${CANARY}'`,
    `do $$ begin raise warning '${CANARY}'; end $$`,
  ]) {
    await query(server, failing).catch(() => undefined);
  }
  const client = await connect(server);
  await expect(client.query('select $1::integer', [CANARY])).rejects.toThrow(CANARY);
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  const [backend] = rows;
  // A backend that crashes makes the server report what it was running.
  const hanging = client.query(`select pg_sleep(60), '${CANARY}'`).catch(() => undefined);
  await query(server, `select 1`);
  process.kill(backend?.pid ?? 0, 'SIGKILL');
  await hanging;
  await server.stop();
  expect(await log()).toContain('was terminated by signal 9');
  expect(await log()).not.toContain(CANARY);
});
