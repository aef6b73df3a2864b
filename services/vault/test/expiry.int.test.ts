import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createAudit } from '@strongroom/audit/audit';
import type { CloudEvent } from '@strongroom/contracts/cloud-event';
import { openDatabase, type Database } from '@strongroom/db/database';
import { silentLogger } from '@strongroom/log/logger';
import { v7 as newId } from 'uuid';
import { warnOfExpiry } from '../src/operations/warn-of-expiry.ts';
import { pathOf, SECRETS, startTestVault, uniqueName, type TestVault } from './support.ts';

const NOW = new Date('2026-05-01T00:00:00Z');
const inDays = (days: number) => new Date(NOW.getTime() + days * 86_400_000).toISOString();

let vault: TestVault;
let db: Database;
beforeAll(async () => {
  vault = await startTestVault({ now: () => NOW });
  const { url, password, schema } = vault.database;
  db = openDatabase({ url, password, schema, poolSize: 4, deadlineMs: 10_000 }, silentLogger);
});
afterAll(async () => {
  await db.close();
  await vault.stop();
});

/** What a replica does each round; the relay of the running one publishes what it appends. */
function warn(now = NOW, days = 14): Promise<number> {
  const ring = () => undefined;
  const clock = () => now;
  const audit = createAudit({ service: 'vault', db, newId, now: clock, ring });
  return warnOfExpiry({ db, audit, now: clock, newId, ring, log: silentLogger }, days);
}

async function create(expires: string | null): Promise<string> {
  const name = uniqueName('passing');
  const body = { name, data: { v: 1 }, read_roles: [vault.role], write_roles: [vault.role], expires };
  expect((await vault.call('POST', SECRETS, { body })).status).toBe(201);
  return name;
}

const toldOf = async (name: string): Promise<CloudEvent[]> => {
  // The relay keeps the order: whatever was appended before the last record is out by then.
  await vault.trail();
  return vault.events.filter(
    ({ type, data }) =>
      type === 'strongroom.vault.secret.expiring' && (data as { name: string }).name === name,
  );
};

describe('a date of expiry', () => {
  test('is shown as given, changed, and taken away', async () => {
    const name = await create('2026-06-01T02:00:00+02:00');
    const shown = async () => (await vault.call('GET', pathOf(name))).body['expires'];
    expect(await shown()).toBe('2026-06-01T00:00:00.000Z');
    expect((await vault.call('PUT', pathOf(name), { body: { data: { v: 2 } } })).status).toBe(200);
    expect(await shown()).toBe('2026-06-01T00:00:00.000Z');
    expect((await vault.call('PUT', pathOf(name), { body: { expires: null } })).status).toBe(200);
    expect(await shown()).toBeUndefined();
    for (const expires of ['soon', '2026-13-01T00:00:00Z', '2026-06-30T23:59:60Z', 5]) {
      const answer = await vault.call('PUT', pathOf(name), { body: { expires } });
      expect([answer.status, answer.body['property']]).toEqual([400, 'expires']);
    }
  });

  test('is told of some days before, once for each date, with what its owner needs', async () => {
    const soon = await create(inDays(13));
    const past = await create(inDays(-3));
    const later = await create(inDays(15));
    const never = await create(null);
    expect(await warn()).toBe(2);
    expect(await warn()).toBe(0);
    expect(await toldOf(soon)).toMatchObject([
      { data: { secretId: expect.any(String), expires: inDays(13), writeRoles: [vault.role.id] } },
    ]);
    expect([await toldOf(past), await toldOf(later), await toldOf(never)].map(told => told.length)).toEqual([
      1, 0, 0,
    ]);
    // Another date is another warning; another write is none.
    await vault.call('PUT', pathOf(soon), { body: { data: { v: 2 } } });
    expect(await warn()).toBe(0);
    await vault.call('PUT', pathOf(soon), { body: { expires: inDays(10) } });
    expect(await warn()).toBe(1);
    expect((await toldOf(soon)).at(-1)?.data).toMatchObject({ expires: inDays(10) });
    expect(await warn(new Date(inDays(2)))).toBe(1);
    expect(await toldOf(later)).toHaveLength(1);
  });

  test('is told of once, however many replicas look', async () => {
    const names = await Promise.all(Array.from({ length: 12 }, () => create(inDays(1))));
    const counts = await Promise.all(Array.from({ length: 4 }, () => warn()));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(12);
    for (const name of names) expect(await toldOf(name)).toHaveLength(1);
  });

  test('does not keep anybody from reading', async () => {
    const name = await create(inDays(-1));
    expect((await vault.call('GET', pathOf(name))).status).toBe(200);
  });
});

describe('tags', () => {
  const tagsAfter = async (tags: unknown) => {
    const name = uniqueName('tagged');
    const answer = await vault.call('POST', SECRETS, {
      body: { name, data: {}, read_roles: [vault.role], tags },
    });
    if (answer.status !== 201) return [answer.status, answer.body['property']];
    return (await vault.call('GET', pathOf(name))).body['tags'];
  };

  test('are kept in order, in one form, and each once', async () => {
    expect(await tagsAfter(['b', 'a', ' b ', 'e\u0301', '\u00e9'])).toEqual(['b', 'a', '\u00e9']);
    expect(await tagsAfter(null)).toEqual([]);
  });

  test('are bounded', async () => {
    const many = Array.from({ length: 64 }, (_, index) => `tag ${index}`);
    expect(await tagsAfter(many)).toEqual(many);
    expect(await tagsAfter([...many, 'one more'])).toEqual([400, 'tags']);
    expect(await tagsAfter(['x'.repeat(129)])).toEqual([400, 'tags.0']);
    expect(await tagsAfter(['a', ''])).toEqual([400, 'tags.1']);
    expect(await tagsAfter('a')).toEqual([400, 'tags']);
  });
});
