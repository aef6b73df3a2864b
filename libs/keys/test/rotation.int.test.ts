import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Database, Queryable } from '@strongroom/db/database';
import { eventually } from '@strongroom/testing/eventually';
import { findKeys } from '../src/key-store.ts';
import { findLastRotation } from '../src/rotation-store.ts';
import { findValues, insertValue, openRow, startInstallation, type Installation } from './support.ts';

let installation: Installation;
beforeEach(async () => {
  installation = await startInstallation();
});
afterEach(() => installation.stop());

const finished = () => eventually('the rotation is finished', installation.isFinished);
const keyIds = async () => (await findKeys(installation.db)).map(({ id }) => id);

async function fill(count: number, replica: { keyring: Parameters<typeof insertValue>[1] }): Promise<void> {
  await installation.db.transaction(async tx => {
    for (let id = 1; id <= count; id += 1) await insertValue(tx, replica.keyring, id);
  });
}

/** Calls `seen` with each statement before it is sent. */
function spyOn(db: Database, seen: (text: string) => void | Promise<void>): Database {
  const spied = (inner: Queryable): Queryable => ({
    async query(text, values) {
      await seen(text);
      return inner.query(text, values);
    },
  });
  return {
    ...spied(db),
    transaction: work => db.transaction(tx => work({ ...spied(tx), afterCommit: tx.afterCommit })),
    close: () => db.close(),
  };
}

describe('a rotation', () => {
  test('re-wraps every data key, touches no value, and ends with the proof', async () => {
    const replica = await installation.startReplica();
    await fill(1_001, replica);
    const before = await findValues(installation.db);
    const rotation = await replica.rotate();
    expect(rotation).toMatchObject({ fromKey: 1, toKey: 2, total: 1_001, startedBy: 'somebody' });
    await finished();

    const after = await findValues(installation.db);
    expect(after.map(row => row.ciphertext)).toEqual(before.map(row => row.ciphertext));
    expect(new Set(after.map(row => row.key_id))).toEqual(new Set([2]));
    const wrapped = new Set(before.map(row => row.wrapped_key.toString('hex')));
    expect(after.some(row => wrapped.has(row.wrapped_key.toString('hex')))).toBe(false);
    for (const row of after) expect(await openRow(replica.keyring, row)).toBe(`value ${row.id}`);
    expect(await findLastRotation(installation.db)).toMatchObject({ rewrapped: 1_001, unreadable: 0 });
    expect(await keyIds()).toEqual([2]);
    expect(await installation.records()).toEqual(['started', 'finished']);
  });

  test('neither begins nor ends while a table with sealed values is not listed', async () => {
    const replica = await installation.startReplica();
    await fill(1, replica);
    const guard = () =>
      installation.db.query(
        `CREATE TRIGGER forgotten_sealed BEFORE INSERT ON forgotten
         FOR EACH ROW WHEN (NEW.key_id IS NOT NULL) EXECUTE FUNCTION require_active_key()`,
      );
    await installation.db.query('CREATE TABLE forgotten (key_id integer)');
    await guard();
    await expect(replica.rotate()).rejects.toThrow('forgotten');
    await installation.db.query('DROP TRIGGER forgotten_sealed ON forgotten');
    // As by a newer release, while the rotation runs.
    await installation.db.transaction(async tx => {
      await tx.query('SELECT id FROM sealed_values FOR UPDATE');
      await replica.rotate();
      await guard();
    });
    await eventually('all is re-wrapped', async () =>
      (await findValues(installation.db)).every(row => row.key_id === 2),
    );
    await installation.db.query('DROP TRIGGER forgotten_sealed ON forgotten');
    expect(await keyIds()).toEqual([1, 2]);
    await finished();
  });

  test('of nothing is proved, too; the next one goes on counting', async () => {
    const replica = await installation.startReplica();
    for (const key of [2, 3]) {
      await replica.rotate();
      await finished();
      expect(await keyIds()).toEqual([key]);
    }
  });

  test('is one, however many replicas are asked for it', async () => {
    const replicas = await Promise.all(Array.from({ length: 4 }, () => installation.startReplica()));
    await fill(500, replicas[0]!);
    const rotations = await Promise.all(replicas.map(replica => replica.rotate()));
    await finished();
    const starts = (await installation.records()).filter(what => what === 'started');
    // Whoever was asked after the end has made a second one.
    expect(new Set(rotations.map(({ id }) => id)).size).toBe(starts.length);
    expect(new Set(rotations.map(({ toKey }) => toKey)).size).toBe(starts.length);
    expect(await keyIds()).toHaveLength(1);
  });

  test('answers the one that runs when it is asked for again', async () => {
    const replica = await installation.startReplica();
    await fill(1, replica);
    await installation.db.transaction(async tx => {
      await tx.query('SELECT id FROM sealed_values FOR UPDATE');
      const first = await replica.rotate();
      expect((await replica.rotate()).id).toBe(first.id);
    });
    await finished();
    expect(await installation.records()).toEqual(['started', 'finished']);
  });

  test('passes over a row that a writer has locked, and comes back to it', async () => {
    const replica = await installation.startReplica();
    await fill(3, replica);
    await installation.db.transaction(async tx => {
      await tx.query('SELECT id FROM sealed_values WHERE id = 2 FOR UPDATE');
      await replica.rotate();
      await eventually('the others are done', async () => {
        const values = await findValues(installation.db);
        return values.filter(row => row.key_id === 2).length === 2;
      });
      expect(await installation.isFinished()).toBe(false);
    });
    await finished();
    expect((await findValues(installation.db)).map(row => row.key_id)).toEqual([2, 2, 2]);
  });

  test('does not end while a value does not open, says so, and ends when it is gone', async () => {
    const replica = await installation.startReplica();
    await fill(3, replica);
    await installation.db.query(`UPDATE sealed_values SET wrapped_key = '\\x00' WHERE id = 2`);
    await replica.rotate();
    await eventually('it is told', async () => (await findLastRotation(installation.db))?.unreadable === 1);
    expect(await installation.isFinished()).toBe(false);
    expect(await keyIds()).toEqual([1, 2]);
    expect((await findValues(installation.db)).map(row => row.key_id)).toEqual([2, 1, 2]);
    await installation.db.query('DELETE FROM sealed_values WHERE id = 2');
    await finished();
    expect(await findLastRotation(installation.db)).toMatchObject({ rewrapped: 2, unreadable: 0 });
  });

  test('goes on at another replica when the one that led it ends in the middle', async () => {
    let batches = 0;
    const db = installation.open();
    let stopped: Promise<void> | undefined;
    const leader = await installation.startReplica({
      db: spyOn(db, text => {
        if (text.startsWith('UPDATE sealed_values')) batches += 1;
        if (batches === 2) stopped ??= leader.job.stop();
      }),
    });
    await fill(1_800, leader);
    await leader.rotate();
    await eventually('the leader ends', () => stopped !== undefined);
    await stopped;
    const half = (await findValues(installation.db)).filter(row => row.key_id === 2).length;
    expect(half).toBe(1_000);
    expect(await findLastRotation(installation.db)).toMatchObject({ rewrapped: 1_000 });

    const other = await installation.startReplica();
    await finished();
    expect(await findLastRotation(installation.db)).toMatchObject({ rewrapped: 1_800, total: 1_800 });
    for (const row of await findValues(installation.db)) {
      expect(await openRow(other.keyring, row)).toBe(`value ${row.id}`);
    }
  });

  test('goes on when the database breaks every connection', async () => {
    const replica = await installation.startReplica();
    await fill(2_000, replica);
    await replica.rotate();
    await eventually(
      'it has begun',
      async () => ((await findLastRotation(installation.db))?.rewrapped ?? 0) > 0,
    );
    await installation.database.cutConnections();
    await eventually('it is finished', () => installation.isFinished().catch(() => false));
    expect(await findLastRotation(installation.db)).toMatchObject({ rewrapped: 2_000 });
  });
});

describe('a writer that does not know of the new key', () => {
  test('is refused, loads it and writes again', async () => {
    const [replica, stale] = [await installation.startReplica(), await installation.startReplica()];
    await fill(1, replica);
    await replica.rotate();
    await finished();
    expect(stale.keyring.ids).toEqual([1]);
    await expect(insertValue(stale.db, stale.keyring, 2)).rejects.toMatchObject({ code: 'KEY_RETIRED' });
    let tries = 0;
    await stale.keyring.sealing(() => {
      tries += 1;
      return insertValue(stale.db, stale.keyring, 2);
    });
    expect(tries).toBe(2);
    expect((await findValues(installation.db)).map(row => row.key_id)).toEqual([2, 2]);
  });

  test('gets its other errors once, as they are', async () => {
    const replica = await installation.startReplica();
    await fill(1, replica);
    let tries = 0;
    const write = replica.keyring.sealing(() => {
      tries += 1;
      return insertValue(replica.db, replica.keyring, 1);
    });
    await expect(write).rejects.toMatchObject({ code: '23505' });
    expect(tries).toBe(1);
  });

  test('reads what others sealed or re-wrapped by it', async () => {
    const [replica, stale] = [await installation.startReplica(), await installation.startReplica()];
    await fill(1, replica);
    await replica.rotate();
    await finished();
    await replica.keyring.refresh();
    await insertValue(replica.db, replica.keyring, 2);
    const texts = await Promise.all(
      (await findValues(installation.db)).map(row => openRow(stale.keyring, row)),
    );
    expect(texts).toEqual(['value 1', 'value 2']);
  });

  test('opens what it had read before the key was retired, and no longer than a minute after', async () => {
    let time = Date.parse('2026-01-02T03:04:05Z');
    const { openLiveKeyring } = await import('../src/live-keyring.ts');
    const keyring = await openLiveKeyring({
      db: installation.db,
      schema: 'vault',
      rootKeys: installation.rootKeys,
      now: () => new Date(time),
    });
    const replica = await installation.startReplica();
    await fill(1, replica);
    const [read] = await findValues(installation.db);
    await replica.rotate();
    await finished();
    await keyring.refresh();
    expect(keyring.ids).toEqual([1, 2]);
    expect(await openRow(keyring, read!)).toBe('value 1');
    time += 60_000;
    await keyring.refresh();
    expect(keyring.ids).toEqual([2]);
    await expect(openRow(keyring, read!)).rejects.toMatchObject({ code: 'DECRYPTION_FAILED' });
  });

  test('is waited for when its transaction was under way: its value is re-wrapped before the proof', async () => {
    let looks = 0;
    const waits = spyOn(installation.open(), text => {
      if (text.includes(`locktype = 'virtualxid'`)) looks += 1;
    });
    const replica = await installation.startReplica({ db: waits });
    await fill(1, replica);
    const writer = await installation.startReplica();
    await writer.db.transaction(async tx => {
      await insertValue(tx, writer.keyring, 2);
      await replica.rotate();
      // Nobody else sees that value now, and all others are re-wrapped.
      await eventually('the leader waits', () => looks > 2);
      expect((await findValues(installation.db)).map(row => row.key_id)).toEqual([2]);
      expect(await installation.isFinished()).toBe(false);
      expect(await keyIds()).toEqual([1, 2]);
    });
    await finished();
    const values = await findValues(installation.db);
    expect(values.map(row => row.key_id)).toEqual([2, 2]);
    expect(await openRow(replica.keyring, values[1]!)).toBe('value 2');
  });

  test('holds nobody up who comes after it', async () => {
    let looks = 0;
    const waits = spyOn(installation.open(), text => {
      if (text.includes(`locktype = 'virtualxid'`)) looks += 1;
    });
    const replica = await installation.startReplica({ db: waits });
    const writer = await installation.startReplica();
    await writer.db.transaction(async early => {
      await insertValue(early, writer.keyring, 1);
      await replica.rotate();
      await eventually('the leader waits', () => looks > 2);
      await replica.keyring.refresh();
      // A later one may stay open: it is not waited for, as it knows.
      const other = installation.open();
      await other.transaction(async late => {
        await insertValue(late, replica.keyring, 2);
        await early.query('SELECT 1');
      });
    });
    await finished();
    expect((await findValues(installation.db)).map(row => row.key_id)).toEqual([2, 2]);
  });

  test('cannot pass by a snapshot of its own', async () => {
    const replica = await installation.startReplica();
    const write = installation.db.transaction(async tx => {
      await tx.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ');
      await insertValue(tx, replica.keyring, 1);
    });
    await expect(write).rejects.toMatchObject({ code: 'KEY_RETIRED' });
    expect(await findValues(installation.db)).toEqual([]);
  });
});
