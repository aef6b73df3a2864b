import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { openDatabase, type Database } from '@strongroom/db/database';
import { migrate } from '@strongroom/db/migrate';
import { silentLogger } from '@strongroom/log/logger';
import { outboxMigrations } from '@strongroom/outbox/outbox';
import { createTestDatabase, type TestDatabase } from '@strongroom/testing/database';
import { openSuperuser } from '@strongroom/testing/superuser';
import { createChain } from '../src/domain/chain.ts';
import { createStatements } from '../src/domain/statements.ts';
import type { TrailRecord } from '../src/domain/trail.ts';
import { extendTrail } from '../src/operations/extend-trail.ts';
import { keepPartitions } from '../src/operations/keep-partitions.ts';
import { openChain } from '../src/operations/open-chain.ts';
import { AUDIT_KEY } from './support.ts';

export const MIGRATIONS = path.join(import.meta.dirname, '../migrations');

/** A trail without the service around it: nothing grows but by the test's own doing. */
export interface TestTrail {
  readonly ctx: Awaited<ReturnType<typeof contextOf>>;
  readonly database: TestDatabase;
  readonly superuser: Database;
  /** What was logged as an error. */
  readonly errors: string[];
  /** One delivery of one event; a second later than the one before. */
  add: (records: number) => Promise<void>;
  /** Does something to the database, and undoes it. */
  afterwards: <T>(tamper: string, look: () => Promise<T>) => Promise<T>;
  close: () => Promise<void>;
}

const TABLES = ['audit_events', 'audit_batches', 'audit_head', 'audit_checkpoints', 'audit_prunings'];

async function contextOf(db: Database, clock: { now: Date }, errors: string[]) {
  return {
    db,
    log: { ...silentLogger, error: (message: string) => void errors.push(message) },
    now: () => clock.now,
    chain: createChain(AUDIT_KEY),
    statements: await createStatements(AUDIT_KEY, 'https://issuer.test'),
    observeBatch: () => undefined,
    ring: () => undefined,
    audit: {
      append: () => Promise.resolve(),
      appendWithin: () => Promise.reject(new Error()),
      write: () => Promise.resolve(),
    },
  };
}

export const settingsOf = (database: TestDatabase) => ({
  url: database.url,
  password: database.password,
  schema: 'monitor',
  poolSize: 6,
  deadlineMs: 20_000,
});

export async function openTestTrail(
  clock = { now: new Date('2026-03-04T05:06:07.890Z') },
): Promise<TestTrail> {
  const database = await createTestDatabase('monitor');
  await migrate(
    settingsOf(database),
    [outboxMigrations, { name: 'monitor', directory: MIGRATIONS }],
    silentLogger,
  );
  const db = openDatabase(settingsOf(database), silentLogger);
  const errors: string[] = [];
  const ctx = await contextOf(db, clock, errors);
  await keepPartitions(ctx);
  await openChain(ctx);
  const superuser = openSuperuser(database);
  return {
    ctx,
    database,
    superuser,
    errors,
    async add(records) {
      clock.now = new Date(clock.now.getTime() + 1_000);
      await extendTrail(ctx, [
        { id: randomUUID(), original: {}, records: Array.from({ length: records }, trailRecord) },
      ]);
    },
    async afterwards(tamper, look) {
      for (const table of TABLES) await superuser.query(`CREATE TABLE copy_of_${table} AS TABLE ${table}`);
      try {
        for (const statement of tamper.split(';')) await superuser.query(statement);
        return await look();
      } finally {
        for (const table of TABLES) {
          await superuser.query(`TRUNCATE ${table}`);
          await superuser.query(`INSERT INTO ${table} TABLE copy_of_${table}`);
          await superuser.query(`DROP TABLE copy_of_${table}`);
        }
      }
    },
    async close() {
      await superuser.close();
      await db.close();
      await database.close();
    },
  };
}

export const trailRecord = (): TrailRecord => ({
  id: randomUUID(),
  created: new Date('2026-03-04T05:06:07.890Z'),
  service: 'vault',
  code: 5102,
  name: 'Secret-read',
  message: { userID: randomUUID(), secret: 'prod/db', 'Ü "q" \\ \n 😀': '', '10': 'ten', '9': 'nine' },
});
