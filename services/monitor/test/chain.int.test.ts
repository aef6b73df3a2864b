import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SecretBytes } from '@strongroom/crypto/secret-bytes';
import { migrate } from '@strongroom/db/migrate';
import { silentLogger } from '@strongroom/log/logger';
import { outboxMigrations } from '@strongroom/outbox/outbox';
import { createTestDatabase } from '@strongroom/testing/database';
import { openSuperuser, untilBlocked } from '@strongroom/testing/superuser';
import type { TrailEvent } from '../src/domain/trail.ts';
import { extendTrail } from '../src/operations/extend-trail.ts';
import { pruneTrail } from '../src/operations/prune-trail.ts';
import { isAnyTaken } from '../src/store/audit-events.ts';
import { examineTrail } from '../src/operations/verify-trail.ts';
import { eventOf, recordOf, startTestMonitor } from './support.ts';
import { MIGRATIONS, openTestTrail, settingsOf, trailRecord, type TestTrail } from './trail.ts';

const ALL = { from: undefined, to: undefined, startTime: undefined, endTime: undefined };

const eventWith = (records: number): TrailEvent => ({
  id: randomUUID(),
  records: Array.from({ length: records }, trailRecord),
  original: {},
});

describe('replicas that extend the trail at once', () => {
  let trail: TestTrail;
  beforeAll(async () => {
    trail = await openTestTrail();
  });
  afterAll(() => trail.close());

  test('take each event once, whatever the order of their deliveries, without gap and without deadlock', async () => {
    const events = Array.from({ length: 60 }, (_, index) => eventWith((index % 4) + 1));
    const deliveries = Array.from({ length: 30 }, (_, index) => {
      const some = Array.from({ length: 12 }, (_each, at) => events[(index * 7 + at * 5) % 60]!);
      return index % 2 === 0 ? some : some.reverse();
    });
    await Promise.all(deliveries.map(delivery => extendTrail(trail.ctx, delivery)));
    const found = await examineTrail(trail.ctx, ALL, []);
    expect([found.intact, found.first, found.last, found.records]).toEqual([true, 1, 150, 150]);
  });

  test('that roll back leave no gap', async () => {
    const taken = eventWith(1);
    await extendTrail(trail.ctx, [taken]);
    const before = await examineTrail(trail.ctx, ALL, []);
    // A record of it is in the trail: the transaction of the whole delivery is rolled back first.
    await extendTrail(trail.ctx, [eventWith(3), { ...taken, id: randomUUID() }, eventWith(2)]);
    const found = await examineTrail(trail.ctx, ALL, []);
    expect([found.intact, found.last]).toEqual([true, before.last + 5]);
    expect(await trail.superuser.query('SELECT reason FROM rejected_events')).toEqual([
      { reason: 'the trail has a record of it already, from another event' },
    ]);
  });

  test('do not read the whole trail for each batch, also before it was ever analysed', async () => {
    for (let round = 0; round < 20; round += 1) await extendTrail(trail.ctx, [eventWith(100)]);
    const ids = Array.from({ length: 300 }, () => randomUUID());
    await trail.ctx.db.transaction(async tx => {
      // Not yet reported rows of earlier transactions count, too.
      const rowsRead = () =>
        tx.query(
          `SELECT sum(seq_tup_read) AS rows FROM pg_stat_xact_user_tables WHERE relname LIKE 'audit_events%'`,
        );
      const before = await rowsRead();
      expect(await isAnyTaken(tx, ids, new Date(0))).toBe(false);
      expect(await rowsRead()).toEqual(before);
    });
  });

  test('wait for the end of the chain: two never write the same position', async () => {
    const hold = { release: (): void => undefined };
    const released = new Promise<void>(resolve => (hold.release = resolve));
    let holding: Promise<void> = Promise.resolve();
    await new Promise<void>((resolve, reject) => {
      holding = trail.superuser.transaction(async tx => {
        await tx.query('SELECT 1 FROM audit_head FOR UPDATE');
        resolve();
        await released;
      });
      holding.catch(reject);
    });
    const writing = extendTrail(trail.ctx, [eventWith(1)]);
    await untilBlocked(trail.superuser);
    hold.release();
    await Promise.all([holding, writing]);
    expect((await examineTrail(trail.ctx, ALL, [])).intact).toBe(true);
  });

  test('with a clock that goes back do not record an earlier time', async () => {
    const back = { ...trail.ctx, now: () => new Date('2020-01-01T00:00:00Z') };
    await extendTrail(back, [eventWith(1)]);
    const [row] = await trail.superuser.query<{ ordered: boolean }>(
      'SELECT bool_and(ordered) AS ordered FROM (SELECT recorded_at >= lag(recorded_at) OVER (ORDER BY number) AS ordered FROM audit_batches) AS pairs WHERE ordered IS NOT NULL',
    );
    expect(row?.ordered).toBe(true);
  });

  test('need no partition of the month to be there', async () => {
    const later = { ...trail.ctx, now: () => new Date('2031-01-01T00:00:00Z') };
    await extendTrail(later, [eventWith(1)]);
    expect((await examineTrail(trail.ctx, ALL, [])).intact).toBe(true);
    expect(await trail.superuser.query('SELECT 1 FROM audit_events_other')).toHaveLength(1);
  });
});

describe('records from before the chain', () => {
  test('are taken into it in their order, by replicas that start at once, and ahead of all new ones', async () => {
    const database = await createTestDatabase('monitor');
    const only0001 = await mkdtemp(path.join(tmpdir(), 'strongroom-migrations-'));
    await copyFile(
      path.join(MIGRATIONS, '0001_audit_events.sql'),
      path.join(only0001, '0001_audit_events.sql'),
    );
    await migrate(
      settingsOf(database),
      [outboxMigrations, { name: 'monitor', directory: only0001 }],
      silentLogger,
    );
    const old = openSuperuser(database);
    await old.query(
      `INSERT INTO audit_events (id, created, service_name, event_id, event_name, message, words)
       SELECT gen_random_uuid(), timestamptz '2026-01-01T00:00:00.125Z' + n * interval '1 hour', 'vault', 5102, 'Secret-read',
         jsonb_build_object('n', n::text), lower(E'Secret-read\\n' || n)
       FROM generate_series(1, 4500) AS n WHERE n <> 17`,
    );
    await old.query('DELETE FROM audit_events WHERE position = 40');
    const monitors = await Promise.all([startTestMonitor({ database }), startTestMonitor({ database })]);
    const rows = await old.query<{ n: string | null }>(
      `SELECT message ->> 'n' AS n FROM audit_events ORDER BY position`,
    );
    const expected = Array.from({ length: 4500 }, (_, index) => String(index + 1)).filter(
      n => n !== '17' && n !== '41',
    );
    expect(rows.slice(0, 4498).map(({ n }) => n)).toEqual(expected);
    const answer = await monitors[0].call('POST', '/monitor-service/api/v1/audit-trail/verify', { body: {} });
    expect(answer.body).toMatchObject({ intact: true, first: 1, faults: [] });
    expect(answer.body['last']).toBeGreaterThanOrEqual(4498);
    expect(await old.query(`SELECT 1 WHERE to_regclass('audit_events_unchained') IS NOT NULL`)).toEqual([]);
    await Promise.all(monitors.map(monitor => monitor.stop()));
    await old.close();
    await database.close();
    await rm(only0001, { recursive: true });
  });
});

describe('the audit key', () => {
  test('must be the one of the chain: another ends the start before anything changes', async () => {
    const database = await createTestDatabase('monitor');
    const first = await startTestMonitor({ database });
    await first.bus.publish([eventOf(recordOf())]);
    await first.stop();
    const superuser = openSuperuser(database);
    await superuser.query(`DELETE FROM schema_migrations WHERE id LIKE 'monitor/%'`);
    const other = new SecretBytes(Buffer.alloc(32, 6));
    await expect(startTestMonitor({ database, auditKey: other })).rejects.toThrow(
      /The audit key given is key [0-9a-f]{16}, but the audit trail is chained under key [0-9a-f]{16}/,
    );
    expect(await superuser.query(`SELECT 1 FROM schema_migrations WHERE id LIKE 'monitor/%'`)).toEqual([]);
    await superuser.query('DELETE FROM chain_keys');
    await expect(startTestMonitor({ database, auditKey: other })).rejects.toThrow(/somebody removed/);
    await superuser.close();
    await database.close();
  });
});

describe('retention', () => {
  const clock = { now: new Date('2026-01-20T00:00:00Z') };
  const at = (time: string) => (clock.now = new Date(time));
  const prunings = () =>
    trail.superuser.query<Record<string, string>>('SELECT * FROM audit_prunings ORDER BY first_number');
  let trail: TestTrail;

  /** January 1-8, February 9-10, April 11-13. */
  beforeAll(async () => {
    trail = await openTestTrail(clock);
    await trail.add(5);
    await trail.add(3);
    at('2026-02-10T00:00:00Z');
    await trail.add(2);
    at('2026-04-01T00:00:00Z');
    await trail.add(3);
  });
  afterAll(() => trail.close());

  test('keeps what is younger', async () => {
    at('2026-04-30T23:59:59Z');
    await pruneTrail(trail.ctx, 3);
    expect(await prunings()).toEqual([]);
  });

  test('leaves a month that does not verify, and says so', async () => {
    await trail.afterwards(`UPDATE audit_events SET words = '' WHERE position = 4`, async () => {
      at('2026-05-01T00:00:00Z');
      await pruneTrail(trail.ctx, 3);
      expect(await prunings()).toEqual([]);
      expect(trail.errors.at(-1)).toMatch(/it stays/);
    });
  });

  test('drops whole months, by as many replicas as like, and the chain still verifies', async () => {
    at('2026-05-01T00:00:00Z');
    await Promise.all([pruneTrail(trail.ctx, 3), pruneTrail(trail.ctx, 3)]);
    expect(await trail.superuser.query('SELECT 1 FROM audit_events WHERE position <= 8')).toEqual([]);
    expect(await examineTrail(trail.ctx, ALL, [])).toMatchObject({
      intact: true,
      first: 1,
      last: 13,
      batches: 4,
      records: 5,
      pruned: 8,
    });
    const [row] = await prunings();
    expect(row).toMatchObject({ first_position: '1', last_position: '8' });
    // What was signed before the month went.
    expect(await trail.superuser.query('SELECT position FROM audit_checkpoints')).toEqual([
      { position: '13' },
    ]);
  });

  test.each([
    ['was removed', 'DELETE FROM audit_prunings'],
    ['was forged', `UPDATE audit_prunings SET statement = 'e30.e30.AAAA'`],
  ])('counts for nothing when the statement of it %s: the records are missed', async (_what, tamper) => {
    const faults = await trail.afterwards(
      tamper,
      async () => (await examineTrail(trail.ctx, ALL, [])).faults,
    );
    expect(faults.map(({ kind, position }) => [kind, position])).toEqual(
      Array.from({ length: 8 }, (_, index) => ['removed', index + 1]),
    );
  });

  test('covers nothing else: what is altered in a batch without records, or removed beside, is found', async () => {
    const tamper = `UPDATE audit_batches SET record_count = 4 WHERE number = 1; DELETE FROM audit_events WHERE position = 10`;
    const faults = await trail.afterwards(
      tamper,
      async () => (await examineTrail(trail.ctx, ALL, [])).faults,
    );
    expect(faults).toContainEqual({ kind: 'batch-altered', position: 1, batch: 1 });
    expect(faults).toContainEqual({ kind: 'removed', position: 10, batch: 3 });
  });

  test('a checkpoint is no statement of dropping', async () => {
    const [checkpoint] = await trail.superuser.query<{ statement: string }>(
      'SELECT statement FROM audit_checkpoints',
    );
    expect(await trail.ctx.statements.readPruning(checkpoint!.statement)).toBeUndefined();
  });
});
