import { createServer, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { silentLogger } from '@strongroom/log/logger';
import { createTestDatabase, type TestDatabase } from '@strongroom/testing/database';
import { eventually } from '@strongroom/testing/eventually';
import { createLink } from '@strongroom/testing/link';
import { leadJob, type LeaderOptions, type Leadership } from '../src/leader.ts';

const SOON_MS = 20;
/** Longer than any test: a replica with this retry stands for leader once. */
const NEVER_MS = 600_000;

let server: TestDatabase;
let superuser: pg.Client;
let standing: { leadership: Leadership; wakes: number }[] = [];

beforeAll(async () => {
  server = await createTestDatabase('vault');
  superuser = new pg.Client({ connectionString: server.superuserUrl });
  await superuser.connect();
});
afterEach(async () => {
  await Promise.all(standing.map(replica => replica.leadership.stop()));
  standing = [];
});
afterAll(async () => {
  await superuser.end();
  await server.close();
});

function stand(options: Partial<LeaderOptions> = {}) {
  const replica = {
    wakes: 0,
    leadership: leadJob(
      {
        settings: { url: server.url, password: server.password, schema: 'vault' },
        job: 'test',
        channel: 'bell',
        retryMs: SOON_MS,
        log: silentLogger,
        ...options,
      },
      () => {
        replica.wakes += 1;
      },
    ),
  };
  standing.push(replica);
  return replica;
}

type Replica = ReturnType<typeof stand>;
const leads = (replica: Replica) => eventually('it leads', () => replica.leadership.isLeader);
const hears = (replica: Replica, wakes: number) => eventually('it is woken', () => replica.wakes === wakes);
const ring = () => superuser.query("SELECT pg_notify('bell', '')");
/** A replica that has stood and lost holds a connection without a lock. */
const refused = (count: number) =>
  eventually('the others have stood', async () => {
    const { rows } = await superuser.query<{ count: number }>(
      `SELECT count(*)::integer AS count FROM pg_stat_activity
       WHERE datname = current_database() AND query LIKE '%pg_try_advisory_lock%' AND state = 'idle'`,
    );
    return rows[0]?.count === count;
  });
const killLeader = () =>
  superuser.query(
    `SELECT pg_terminate_backend(pid) FROM pg_locks
     WHERE locktype = 'advisory' AND granted
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  );

describe('of two replicas', () => {
  test('one leads, and is woken by its election and by each bell', async () => {
    const one = stand();
    await leads(one);
    const other = stand();
    await refused(1);
    expect(other.leadership.isLeader).toBe(false);
    await hears(one, 1);
    await ring();
    await hears(one, 2);
    await ring();
    await hears(one, 3);
    expect(other.wakes).toBe(0);
  });

  test('the other takes over when the leader stops', async () => {
    const one = stand();
    await leads(one);
    const other = stand();
    await one.leadership.stop();
    expect(one.leadership.isLeader).toBe(false);
    await leads(other);
    await hears(other, 1);
    await ring();
    await hears(other, 2);
    expect(one.wakes).toBe(1);
  });

  test('the other takes over when the connection of the leader is killed, and the leader knows', async () => {
    const one = stand({ retryMs: NEVER_MS });
    await leads(one);
    const other = stand();
    await refused(1);
    await killLeader();
    await leads(other);
    await eventually('it no longer leads', () => !one.leadership.isLeader);
    await ring();
    await hears(other, 2);
    expect(one.wakes).toBe(1);
  });

  test('both lead when their jobs or their schemas differ', async () => {
    await Promise.all([
      leads(stand()),
      leads(stand({ job: 'other' })),
      leads(stand({ settings: { url: server.url, password: server.password, schema: 'other' } })),
    ]);
  });
});

describe('a leader', () => {
  test('leads again after the loss of its connection', async () => {
    const one = stand();
    for (let round = 1; round <= 3; round += 1) {
      await hears(one, round);
      await killLeader();
    }
    await hears(one, 4);
    expect(one.leadership.isLeader).toBe(true);
  });

  test('that is stopped before it could stand never leads', async () => {
    const one = stand();
    await one.leadership.stop();
    expect([one.leadership.isLeader, one.wakes]).toEqual([false, 0]);
  });
});

describe('a leader that the server cannot hear', () => {
  test('knows it when it asks, ends in time, and another leads', async () => {
    const { port } = new URL(server.url);
    const link = await createLink(Number(port));
    const far = server.url.replace(`:${port}/`, `:${link.port}/`);
    const cutOff = stand({
      settings: { url: far, password: server.password, schema: 'vault' },
      retryMs: NEVER_MS,
    });
    await leads(cutOff);
    expect(await cutOff.leadership.prove()).toBe(true);
    const other = stand();
    await refused(1);
    expect(await other.leadership.prove()).toBe(false);
    link.freeze();
    expect(await cutOff.leadership.prove()).toBe(false);
    expect(cutOff.leadership.isLeader).toBe(false);
    await cutOff.leadership.stop();
    // As the server does for one that no keepalive reaches; that takes it some ten seconds.
    await killLeader();
    await leads(other);
    await link.close();
  });
});

test('a server that breaks each connection is tried again once at a time', async () => {
  const sockets: Socket[] = [];
  const broken = createServer(socket => void sockets.push(socket.unref())).unref();
  await new Promise<void>(resolve => broken.listen(0, '127.0.0.1', resolve));
  const { port } = broken.address() as { port: number };
  let warnings = 0;
  stand({
    settings: { url: `postgres://x@127.0.0.1:${port}/x`, password: 'x', schema: 'x' },
    log: { ...silentLogger, warn: () => (warnings += 1) },
  });
  const rounds = 6;
  for (let round = 1; round <= rounds; round += 1) {
    await eventually('it tries again', () => sockets.length >= round);
    expect(warnings).toBe(round - 1);
    for (const socket of sockets) socket.destroy();
  }
  await eventually('it tries again', () => sockets.length > rounds);
  expect([sockets.length, warnings]).toEqual([rounds + 1, rounds]);
  broken.close();
  for (const socket of sockets) socket.destroy();
});
