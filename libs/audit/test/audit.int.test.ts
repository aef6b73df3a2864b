import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { AUDIT_EVENTS, type AuditRecorded } from '@strongroom/contracts/audit';
import type { CloudEvent } from '@strongroom/contracts/cloud-event';
import { openDatabase, type Database, type DatabaseSettings } from '@strongroom/db/database';
import { migrate } from '@strongroom/db/migrate';
import { silentLogger } from '@strongroom/log/logger';
import { outboxMigrations } from '@strongroom/outbox/outbox';
import { createTestDatabase, type TestDatabase } from '@strongroom/testing/database';
import { eventually } from '@strongroom/testing/eventually';
import { createLink, type Link } from '@strongroom/testing/link';
import { createAudit, type Audit } from '../src/audit.ts';

let server: TestDatabase;
let link: Link;
/** What the audit writes through; the link can break it. */
let db: Database;
/** What the tests look through. */
let observer: Database;

beforeAll(async () => {
  server = await createTestDatabase('vault');
  const settings: DatabaseSettings = {
    url: server.url,
    password: server.password,
    schema: 'vault',
    poolSize: 10,
    deadlineMs: 10_000,
  };
  await migrate(settings, [outboxMigrations], silentLogger);
  observer = openDatabase(settings, silentLogger);
  const url = new URL(server.url);
  link = await createLink(Number(url.port));
  url.port = String(link.port);
  db = openDatabase({ ...settings, url: url.href, poolSize: 3, deadlineMs: 300 }, silentLogger);
});
beforeEach(() => observer.query('DELETE FROM outbox'));
afterAll(async () => {
  await Promise.all([db.close(), observer.close()]);
  await link.close();
  await server.close();
});

const newAudit = (): Audit =>
  createAudit({ service: 'vault', db, newId: randomUUID, now: () => new Date(), ring: () => undefined });
const act = (object: string) => ({ type: AUDIT_EVENTS.secretRead, message: { object } });

async function batches(): Promise<string[][]> {
  const rows = await observer.query<{ event: CloudEvent<AuditRecorded> }>(
    'SELECT event FROM outbox ORDER BY id',
  );
  return rows.map(({ event }) => event.data.records.map(record => record.message['object'] ?? ''));
}

async function isRecorded(object: string): Promise<boolean> {
  const rows = await observer.query(
    `SELECT 1 FROM outbox, json_array_elements(event -> 'data' -> 'records') AS record
     WHERE record -> 'message' ->> 'object' = $1`,
    [object],
  );
  return rows.length > 0;
}

const unavailable = { kind: 'unavailable', code: 'AUDIT_UNAVAILABLE' };

test('append is part of the transaction: both or neither', async () => {
  const audit = newAudit();
  const work = db.transaction(async tx => {
    await audit.append(tx, act('a'), act('b'));
    throw new Error('no');
  });
  await expect(work).rejects.toThrow('no');
  expect(await batches()).toEqual([]);
  await db.transaction(tx => audit.append(tx, act('a'), act('b')));
  expect(await batches()).toEqual([['a', 'b']]);
});

describe('group commit', () => {
  test('of 500 at once makes few inserts, and holds each record once', async () => {
    const audit = newAudit();
    const names = Array.from({ length: 500 }, (_, index) => `object-${index}`);
    await Promise.all(names.map(name => audit.write(act(name))));
    const written = await batches();
    expect(written.length).toBeLessThan(5);
    expect(written.flat()).toEqual(names);
  });

  test('resolves each when its record can be read by others', async () => {
    const audit = newAudit();
    const missing: string[] = [];
    const writer = async (name: string) => {
      for (let round = 0; round < 5; round += 1) {
        const object = `${name}-${round}`;
        await audit.write(act(object));
        if (!(await isRecorded(object))) missing.push(object);
      }
    };
    await Promise.all(Array.from({ length: 30 }, (_, index) => writer(`writer-${index}`)));
    expect(missing).toEqual([]);
    const written = await batches();
    expect(new Set(written.flat()).size).toBe(150);
    expect(written.flat()).toHaveLength(150);
    expect(written.length).toBeLessThan(100);
  });
});

describe('without a database', () => {
  test.each([
    ['that refuses connections', () => link.cut()],
    ['that does not answer', () => link.freeze()],
  ])('%s, writes are refused and not kept waiting; later ones work again', async (_what, breakLink) => {
    const audit = newAudit();
    await audit.write(act('before'));
    breakLink();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, async (_, index) => {
        if (index % 2 === 1) await new Promise(resolve => setImmediate(resolve));
        await audit.write(act(`during-${index}`));
      }),
    );
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: expect.objectContaining(unavailable) });
    }
    link.mend();
    await eventually('it records again', () =>
      audit.write(act('after')).then(
        () => true,
        () => false,
      ),
    );
    expect(await isRecorded('before')).toBe(true);
    expect(await isRecorded('after')).toBe(true);
  });
});
