import { createServer } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { isReachable } from '@strongroom/testing/superuser';
import pg from 'pg';
import type { AppError } from '@strongroom/errors/app-error';
import { silentLogger } from '@strongroom/log/logger';
import { createTestDatabase, type TestDatabase } from '@strongroom/testing/database';
import { eventually } from '@strongroom/testing/eventually';
import {
  isUniqueViolation,
  openDatabase,
  WITHOUT_WAITING,
  type Database,
  type DatabaseSettings,
} from '../src/database.ts';

let server: TestDatabase;
let settings: DatabaseSettings;
let db: Database;

beforeAll(async () => {
  server = await createTestDatabase('vault');
  settings = { url: server.url, password: server.password, schema: 'vault', poolSize: 4, deadlineMs: 5_000 };
  db = openDatabase(settings, silentLogger);
  await db.query('CREATE TABLE things (name text CONSTRAINT things_name UNIQUE, at integer NOT NULL)');
});
afterAll(async () => {
  await db.close();
  await server.close();
});
beforeEach(() => db.query('DELETE FROM things'));

const add = 'INSERT INTO things (name, at) VALUES ($1, $2)';
const names = async () =>
  (await db.query<{ name: string }>('SELECT name FROM things ORDER BY name')).map(row => row.name);

const unavailable = expect.objectContaining({
  kind: 'unavailable',
  code: 'DATABASE_ERROR',
  retryAfterSeconds: 1,
});

describe('a transaction', () => {
  test('commits when its work resolves, and gives its result', async () => {
    const result = await db.transaction(async tx => {
      await tx.query(add, ['a', 1]);
      await tx.query(add, ['b', 2]);
      expect(await names()).toEqual([]);
      return 'done';
    });
    expect(result).toBe('done');
    expect(await names()).toEqual(['a', 'b']);
  });

  test('rolls back when its work rejects, and rejects with what it threw', async () => {
    const fault = new Error('no');
    const work = db.transaction(async tx => {
      await tx.query(add, ['a', 1]);
      throw fault;
    });
    await expect(work).rejects.toBe(fault);
    expect(await names()).toEqual([]);
  });

  test('rolls back on a failed statement; the connections go on', async () => {
    for (let round = 0; round < settings.poolSize * 2; round += 1) {
      const work = db.transaction(async tx => {
        await tx.query(add, ['a', 1]);
        await tx.query(add, ['a', 2]);
      });
      await expect(work).rejects.toMatchObject({ code: '23505' });
    }
    expect(await names()).toEqual([]);
  });

  test('that swallowed a failed statement cannot commit and says so', async () => {
    const work = db.transaction(async tx => {
      await tx.query(add, ['a', 1]);
      await tx.query(add, ['a', 2]).catch(() => undefined);
    });
    await expect(work).rejects.toThrow('rolled back');
    expect(await names()).toEqual([]);
  });
});

test('commits without waiting where it says so, and nowhere after', async () => {
  const small = openDatabase({ ...settings, poolSize: 1 }, silentLogger);
  // The server of the tests waits for no disk at all; this connection does.
  await small.query('SET synchronous_commit TO on');
  const waits = `SELECT current_setting('synchronous_commit') AS waits`;
  const inside = await small.transaction(async tx => {
    await tx.query(`INSERT INTO things (name, at) SELECT $1, $2::integer FROM ${WITHOUT_WAITING}`, ['x', 1]);
    return tx.query(waits);
  });
  expect(inside).toEqual([{ waits: 'off' }]);
  expect(await names()).toEqual(['x']);
  // The same connection, later.
  expect(await small.query(waits)).toEqual([{ waits: 'on' }]);
  await small.close();
});

test('a broken unique constraint is told by its name', async () => {
  await db.query(add, ['a', 1]);
  const fault: unknown = await db.query(add, ['a', 2]).catch((error: unknown) => error);
  expect(isUniqueViolation(fault, 'things_name')).toBe(true);
  expect(isUniqueViolation(fault, 'things_other')).toBe(false);
  expect(
    isUniqueViolation(await db.query(add, ['b', null]).catch((error: unknown) => error), 'things_name'),
  ).toBe(false);
});

describe('a lost connection', () => {
  test('while idle is replaced on the next use', async () => {
    await Promise.all([names(), names(), names()]);
    await server.cutConnections();
    await eventually('the database answers again', () => isReachable(db));
    expect(await names()).toEqual([]);
  });

  test('under a statement is "unavailable", and the next statement works', async () => {
    const waiting = db.query('SELECT pg_sleep(600)');
    const outcome = expect(waiting).rejects.toThrow(unavailable);
    await backendSleeps();
    await server.cutConnections();
    await outcome;
    await eventually('the database answers again', () => isReachable(db));
  });

  test('under a statement of a transaction is "unavailable" and rolls back', async () => {
    const work = db.transaction(async tx => {
      await tx.query(add, ['a', 1]);
      await tx.query('SELECT pg_sleep(600)');
    });
    const outcome = expect(work).rejects.toThrow(unavailable);
    await backendSleeps();
    await server.cutConnections();
    await outcome;
    await eventually('the database answers again', () => isReachable(db));
    expect(await names()).toEqual([]);
  });

  test('between two statements of a transaction is "unavailable" and ends nothing but it', async () => {
    const work = db.transaction(async tx => {
      await tx.query(add, ['a', 1]);
      await server.cutConnections();
      await noBackends();
      await tx.query(add, ['b', 2]);
    });
    await expect(work).rejects.toThrow(unavailable);
    await eventually('the database answers again', () => isReachable(db));
    expect(await names()).toEqual([]);
  });

  const asSuperuser = async (text: string): Promise<number> => {
    const client = new pg.Client({ connectionString: server.superuserUrl });
    await client.connect();
    const { rows } = await client.query<{ count: number }>(text);
    await client.end();
    return rows[0]?.count ?? 0;
  };
  const backends = `SELECT count(*)::integer AS count FROM pg_stat_activity
    WHERE datname = current_database() AND usename = 'strongroom_vault'`;
  const backendSleeps = () =>
    eventually(
      'the statement runs',
      async () => (await asSuperuser(`${backends} AND wait_event = 'PgSleep'`)) === 1,
    );
  const noBackends = () =>
    eventually('no connection is left', async () => (await asSuperuser(backends)) === 0);
});

describe('the deadline', () => {
  test('ends a statement that runs too long; its connection goes on', async () => {
    const quick = openDatabase({ ...settings, poolSize: 1, deadlineMs: 200 }, silentLogger);
    const fault: unknown = await quick.query('SELECT pg_sleep(600)').catch((error: unknown) => error);
    expect(fault).toEqual(unavailable);
    // The server ended it (query_canceled), so it does not run on there.
    expect(fault).toMatchObject({ cause: { code: '57014' } });
    await expect(quick.query('SELECT 1 AS one')).resolves.toEqual([{ one: 1 }]);
    await quick.close();
  });

  test('ends the wait for a connection when all are busy', async () => {
    const small = openDatabase({ ...settings, poolSize: 1, deadlineMs: 200 }, silentLogger);
    let finish: () => void = () => undefined;
    const busy = small.transaction(() => new Promise<void>(resolve => (finish = resolve)));
    await expect(small.query('SELECT 1')).rejects.toThrow(unavailable);
    await expect(small.transaction(() => Promise.resolve())).rejects.toThrow(unavailable);
    finish();
    await busy;
    await expect(isReachable(small)).resolves.toBe(true);
    await small.close();
  });

  test('ends the wait for a server that accepts and says nothing', async () => {
    const silent = createServer(socket => socket.resume());
    await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    const lost = openDatabase(
      { ...settings, url: `postgres://x@127.0.0.1:${port}/x`, deadlineMs: 200 },
      silentLogger,
    );
    await expect(lost.query('SELECT 1')).rejects.toThrow(unavailable);
    await expect(isReachable(lost)).resolves.toBe(false);
    await lost.close();
    await new Promise(resolve => silent.close(resolve));
  });

  test('is not awaited where nothing listens', async () => {
    const gone = openDatabase(
      { ...settings, url: 'postgres://x@127.0.0.1:1/x', deadlineMs: 600_000 },
      silentLogger,
    );
    const fault: unknown = await gone.query('SELECT 1').catch((error: unknown) => error);
    expect(fault).toEqual(unavailable);
    expect(JSON.stringify(fault)).not.toContain(settings.password);
    expect((fault as AppError).message).not.toContain('127.0.0.1');
    await gone.close();
  });
});
