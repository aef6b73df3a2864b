import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { cloudEvent, type CloudEvent } from '@strongroom/contracts/cloud-event';
import { openDatabase, type Database, type DatabaseSettings } from '@strongroom/db/database';
import { migrate } from '@strongroom/db/migrate';
import { silentLogger } from '@strongroom/log/logger';
import { createTestDatabase, type TestDatabase } from '@strongroom/testing/database';
import { pruneInbox, takeNew } from '../src/inbox.ts';
import { appendEvents, appendEventsAfter, eventValues, outboxMigrations } from '../src/outbox.ts';

let server: TestDatabase;
let db: Database;

beforeAll(async () => {
  server = await createTestDatabase('vault');
  const settings: DatabaseSettings = {
    url: server.url,
    password: server.password,
    schema: 'vault',
    poolSize: 6,
    deadlineMs: 5_000,
  };
  await migrate(settings, [outboxMigrations], silentLogger);
  db = openDatabase(settings, silentLogger);
});
beforeEach(async () => {
  await db.query('DELETE FROM outbox');
  await db.query('DELETE FROM inbox');
});
afterAll(async () => {
  await db.close();
  await server.close();
});

const event = (data: unknown): CloudEvent =>
  cloudEvent('vault', 'secret.updated', randomUUID(), new Date(0), data);
const numbered = (count: number) => Array.from({ length: count }, (_, index) => event(index));

const inOutbox = async (): Promise<CloudEvent[]> =>
  (await db.query<{ event: CloudEvent }>('SELECT event FROM outbox ORDER BY id')).map(row => row.event);

describe('appendEvents', () => {
  test('is part of the transaction', async () => {
    const rolledBack = db.transaction(async tx => {
      await appendEvents(tx, numbered(3));
      throw new Error('no');
    });
    await expect(rolledBack).rejects.toThrow('no');
    expect(await inOutbox()).toEqual([]);
    const events = numbered(3);
    await db.transaction(tx => appendEvents(tx, events));
    expect(await inOutbox()).toEqual(events);
  });

  test('within a statement appends if, and only if, the statement changed its row', async () => {
    await db.query('CREATE TABLE IF NOT EXISTS things (name text PRIMARY KEY)');
    const insert = (name: string, events: CloudEvent[]) =>
      db.query(
        `WITH thing AS (INSERT INTO things (name) VALUES ($1) ON CONFLICT DO NOTHING RETURNING name),
           told AS (${appendEventsAfter('thing', '$2')})
         SELECT name FROM thing`,
        [name, eventValues(events)],
      );
    const events = numbered(2);
    expect(await insert('a', events)).toEqual([{ name: 'a' }]);
    expect(await insert('a', numbered(2))).toEqual([]);
    expect(await inOutbox()).toEqual(events);
  });

  test('keeps any text as it is', async () => {
    const events = [
      '\0',
      '\ud800',
      '"\'\\{},;',
      'NULL',
      '\n\t\u2028',
      '👩‍👩‍👧',
      '',
      { a: [null, 1.5, true] },
    ].map(event);
    await appendEvents(db, events);
    expect(await inOutbox()).toEqual(events);
  });
});

describe('the inbox', () => {
  const ids = Array.from({ length: 50 }, () => randomUUID());

  test('takes each event once, also by two who come at once', async () => {
    const takes = await Promise.all(
      Array.from({ length: 4 }, () => db.transaction(tx => takeNew(tx, 'consumer', [...ids]))),
    );
    expect(takes.flatMap(taken => [...taken]).sort()).toEqual([...ids].sort());
    expect(await takeNew(db, 'consumer', [...ids, ids[0]!])).toEqual(new Set());
    expect((await takeNew(db, 'another', ids)).size).toBe(50);
  });

  test('takes an event again when the work on it was rolled back', async () => {
    const failed = db.transaction(async tx => {
      await takeNew(tx, 'consumer', ids);
      throw new Error('no');
    });
    await expect(failed).rejects.toThrow('no');
    expect((await takeNew(db, 'consumer', ids)).size).toBe(50);
  });

  test('forgets what is old, however much it is, and nothing else', async () => {
    await db.query(`INSERT INTO inbox (consumer, event_id, received_at)
      SELECT 'consumer', gen_random_uuid(), timestamptz '2026-01-01' FROM generate_series(1, 20001)`);
    await db.query(`INSERT INTO inbox (consumer, event_id, received_at)
      VALUES ('consumer', gen_random_uuid(), '2026-01-02'), ('other', gen_random_uuid(), '2026-01-03')`);
    expect(await pruneInbox(db, new Date('2026-01-02T00:00:00Z'))).toBe(20_001);
    expect(await db.query('SELECT count(*)::integer AS count FROM inbox')).toEqual([{ count: 2 }]);
    expect(await pruneInbox(db, new Date('2026-01-02T00:00:00Z'))).toBe(0);
  });
});
