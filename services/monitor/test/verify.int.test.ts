import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Fault, FaultKind } from '../src/domain/fault.ts';
import type { VerificationRange } from '../src/domain/verification.ts';
import { examineTrail } from '../src/operations/verify-trail.ts';
import { signCheckpoint } from '../src/operations/sign-checkpoint.ts';
import { openTestTrail, type TestTrail } from './trail.ts';

let trail: TestTrail;

/** Six batches of five: batch n holds the positions 5n-4 to 5n. */
beforeAll(async () => {
  trail = await openTestTrail();
  for (let batch = 0; batch < 6; batch += 1) await trail.add(5);
});
afterAll(() => trail.close());

const ALL: VerificationRange = { from: undefined, to: undefined, startTime: undefined, endTime: undefined };
const examine = (range: Partial<VerificationRange> = {}) => examineTrail(trail.ctx, { ...ALL, ...range }, []);
const faultsAfter = (tamper: string, range: Partial<VerificationRange> = {}): Promise<readonly Fault[]> =>
  trail.afterwards(tamper, async () => {
    const { intact, faults } = await examine(range);
    expect(intact).toBe(faults.length === 0);
    return faults;
  });
const fault = (kind: FaultKind, position: number, batch: number): Fault => ({ kind, position, batch });

describe('a trail that nobody touched', () => {
  test('is intact from its first record to its last', async () => {
    expect(await examine()).toEqual({
      intact: true,
      first: 1,
      last: 30,
      batches: 6,
      records: 30,
      pruned: 0,
      faults: [],
      more: false,
      next: undefined,
    });
  });

  test.each([
    [{ from: 12, to: 12 }, 11, 15],
    [{ from: 1, to: 5 }, 1, 5],
    [{ from: 30 }, 26, 30],
    [{ to: 6 }, 1, 10],
    [{ from: 31 }, 0, 0],
    [
      { startTime: new Date('2026-03-04T05:06:10.890Z'), endTime: new Date('2026-03-04T05:06:11.000Z') },
      11,
      15,
    ],
    [{ startTime: new Date('2027-01-01T00:00:00Z') }, 0, 0],
    [{ endTime: new Date('2025-01-01T00:00:00Z') }, 0, 0],
  ])('is examined in whole batches: %j', async (range, first, last) => {
    const found = await examine(range);
    expect([found.intact, found.first, found.last, found.next]).toEqual([true, first, last, undefined]);
  });

  test('is examined in several calls when it is long', async () => {
    const calls: [number, number][] = [];
    for (let from: number | undefined = 1; from !== undefined;) {
      const found: Awaited<ReturnType<typeof examine>> = await examineTrail(
        trail.ctx,
        { ...ALL, from },
        [],
        8,
      );
      expect(found.intact).toBe(true);
      calls.push([found.first, found.last]);
      from = found.next;
    }
    expect(calls).toEqual([
      [1, 10],
      [11, 20],
      [21, 30],
    ]);
  });
});

describe('a row', () => {
  test('that was removed is found', async () => {
    expect(await faultsAfter('DELETE FROM audit_events WHERE position = 12')).toEqual([
      fault('removed', 12, 3),
    ]);
  });

  test('the first or the last that was removed is found', async () => {
    expect(await faultsAfter('DELETE FROM audit_events WHERE position IN (1, 30)')).toEqual([
      fault('removed', 1, 1),
      fault('removed', 30, 6),
    ]);
  });

  test.each([
    `id = '${randomUUID()}'`,
    `created = created + interval '1 microsecond'`,
    `created = 'infinity'`,
    `recorded_at = recorded_at + interval '1 microsecond'`,
    `recorded_at = recorded_at + interval '1 month'`,
    `recorded_at = recorded_at + interval '10 years'`,
    `service_name = 'auth'`,
    'event_id = event_id + 1',
    `event_name = 'Secret-listed'`,
    `message = message || '{"secret":"prod/other"}'`,
    `message = message - 'secret'`,
    `message = message || '{"a":"b"}'`,
    `message = message || '{"secret":{"prod/db":1}}'`,
    `message = 'null'`,
    `message = '[]'`,
    `words = ''`,
    `mac = sha256(mac)`,
    `mac = ''`,
  ])('that was altered is found: %s', async change => {
    expect(await faultsAfter(`UPDATE audit_events SET ${change} WHERE position = 12`)).toEqual([
      fault('altered', 12, 3),
    ]);
  });

  const swap = (columns: string, one: number, other: number) =>
    `CREATE TABLE pair AS SELECT * FROM audit_events WHERE position IN (${one}, ${other});
     UPDATE audit_events AS e SET (${columns}) = (SELECT ${columns} FROM pair WHERE position <> e.position)
     WHERE position IN (${one}, ${other});
     DROP TABLE pair`;
  const CONTENT = 'id, created, service_name, event_id, event_name, message, words';

  test.each([
    ['in one batch', 12, 13, 3, 3],
    ['of two batches', 12, 23, 3, 5],
  ])(
    'and another %s that were swapped are found, with their MACs and without',
    async (_w, a, b, batchA, batchB) => {
      const moved = [fault('moved', a, batchA), fault('moved', b, batchB)];
      expect(await faultsAfter(swap(CONTENT, a, b))).toEqual(moved);
      expect(await faultsAfter(swap(`${CONTENT}, mac`, a, b))).toEqual(moved);
      expect(await faultsAfter(swap(`${CONTENT}, recorded_at, mac`, a, b))).toEqual(moved);
    },
  );

  test('that was put elsewhere is found at both places', async () => {
    expect(await faultsAfter('UPDATE audit_events SET position = 31 WHERE position = 12')).toEqual([
      fault('removed', 12, 3),
      fault('inserted', 31, 6),
    ]);
  });

  const plant = (position: number, recordedAt: string) =>
    `INSERT INTO audit_events
     SELECT ${position}, ${recordedAt}, id, created, service_name, event_id, event_name, message, words, mac
     FROM audit_events WHERE position = 3`;

  test.each([
    ['behind the end', 99, 'recorded_at', [fault('inserted', 99, 6)]],
    ['before the beginning', 0, 'recorded_at', [fault('inserted', 0, 0)]],
    ['beside another', 12, `recorded_at + interval '1 hour'`, [fault('inserted', 12, 3)]],
  ])('that was planted %s is found', async (_where, position, recordedAt, faults) => {
    expect(await faultsAfter(plant(position, recordedAt))).toEqual(faults);
  });

  test('is not looked for beyond the range', async () => {
    const tamper = 'DELETE FROM audit_events WHERE position = 12';
    expect(await faultsAfter(tamper, { to: 10 })).toEqual([]);
    expect(await faultsAfter(tamper, { from: 16 })).toEqual([]);
    expect(await faultsAfter(tamper, { from: 14, to: 14 })).toEqual([fault('removed', 12, 3)]);
  });
});

describe('a batch', () => {
  test('that was removed with its rows is found', async () => {
    expect(
      await faultsAfter(
        `DELETE FROM audit_batches WHERE number = 3;
         DELETE FROM audit_events WHERE position BETWEEN 11 AND 15`,
      ),
    ).toEqual([
      fault('batch-removed', 11, 3),
      ...[11, 12, 13, 14, 15].map(position => fault('removed', position, 3)),
    ]);
  });

  test.each([{}, { from: 11 }, { to: 15 }, { from: 13, to: 13 }])(
    'that was removed without its rows is found: %j',
    async range => {
      expect(await faultsAfter('DELETE FROM audit_batches WHERE number = 3', range)).toEqual([
        expect.objectContaining({ kind: 'batch-removed', batch: 3 }),
      ]);
    },
  );

  test('the first that was removed with its rows is found', async () => {
    const faults = await faultsAfter(
      'DELETE FROM audit_batches WHERE number = 1; DELETE FROM audit_events WHERE position <= 5',
    );
    expect(faults.map(({ kind }) => kind)).toEqual(['batch-removed', ...Array<string>(5).fill('removed')]);
  });

  test.each([
    'first_position = 8',
    'record_count = record_count + 1',
    `recorded_at = recorded_at + interval '1 microsecond'`,
    `key_id = 'other'`,
    'previous_mac = sha256(previous_mac)',
    'rows_digest = sha256(rows_digest)',
    'mac = sha256(mac)',
  ])('that was altered is found: %s', async change => {
    expect(await faultsAfter(`UPDATE audit_batches SET ${change} WHERE number = 3`)).toEqual([
      expect.objectContaining({ kind: 'batch-altered', batch: 3 }),
    ]);
  });

  test('that was altered does not hide what became of its rows', async () => {
    const tamper = `UPDATE audit_batches SET record_count = 4 WHERE number = 3;
      DELETE FROM audit_events WHERE position = 12;
      UPDATE audit_events SET words = '' WHERE position = 14`;
    expect(await faultsAfter(tamper)).toEqual([
      fault('batch-altered', 11, 3),
      fault('removed', 12, 3),
      fault('altered', 14, 3),
    ]);
  });
});

describe('the end of the trail', () => {
  const CUT = 'DELETE FROM audit_batches WHERE number = 6; DELETE FROM audit_events WHERE position > 25';
  const lost = [26, 27, 28, 29, 30].map(position => fault('removed', position, 6));

  test('that was cut off is missed', async () => {
    expect(await faultsAfter(CUT)).toEqual([fault('batch-removed', 26, 6), ...lost]);
  });

  test('that was cut off is missed, also when the head was made to say so', async () => {
    const edit = `UPDATE audit_head SET number = 5, position = 25,
      (recorded_at, batch_mac) = (SELECT recorded_at, mac FROM audit_batches WHERE number = 5)`;
    expect(await faultsAfter(`${CUT}; ${edit}`)).toEqual([fault('head-altered', 25, 5)]);
  });

  test.each([
    'UPDATE audit_head SET position = 40',
    'UPDATE audit_head SET mac = sha256(mac)',
    'DELETE FROM audit_head',
  ])('is known when the head was altered: %s', async tamper => {
    expect(await faultsAfter(tamper)).toEqual([fault('head-altered', 30, 6)]);
  });

  test('that was altered does not stop the trail, and is told for ever', async () => {
    await trail.afterwards(`${CUT}; UPDATE audit_head SET number = 5, position = 25`, async () => {
      await trail.add(2);
      await trail.add(2);
      expect((await examine()).faults).toEqual([fault('head-altered', 26, 6)]);
      expect(trail.errors.at(-1)).toMatch(/end of the audit chain was altered/);
    });
    await trail.afterwards('DELETE FROM audit_head', async () => {
      await Promise.all([trail.add(2), trail.add(2)]);
      expect((await examine()).faults).toEqual([fault('head-altered', 31, 7)]);
    });
  });
});

describe('checkpoints', () => {
  const ROLLBACK = `DELETE FROM audit_batches WHERE number > 6; DELETE FROM audit_events WHERE position > 30;
    DELETE FROM audit_head; INSERT INTO audit_head TABLE old_head`;
  let checkpoint: string;

  // Whoever has an old copy of the head can put it back: the chain alone then shows nothing.
  beforeAll(async () => {
    await trail.superuser.query('CREATE TABLE old_head AS TABLE audit_head');
    await trail.add(5);
    await signCheckpoint(trail.ctx, 60);
    const [row] = await trail.superuser.query<{ statement: string }>(
      'SELECT statement FROM audit_checkpoints',
    );
    checkpoint = row!.statement;
  });

  const given = async (...statements: string[]) => {
    const read = await Promise.all(statements.map(text => trail.ctx.statements.readCheckpoint(text)));
    return (
      await examineTrail(
        trail.ctx,
        ALL,
        read.map(each => each!),
      )
    ).faults;
  };

  test('that hold find nothing', async () => {
    expect(await given(checkpoint)).toEqual([]);
  });

  test('are not signed again before their time, nor when nothing was added', async () => {
    await signCheckpoint(trail.ctx, 60);
    await signCheckpoint(trail.ctx, 0);
    expect(await trail.superuser.query('SELECT 1 FROM audit_checkpoints')).toHaveLength(1);
  });

  test('in the database miss the end that was cut off with its head put back', async () => {
    expect(await faultsAfter(ROLLBACK)).toEqual([fault('checkpoint-mismatch', 35, 7)]);
  });

  test('kept elsewhere miss it when those in the database were removed, too', async () => {
    await trail.afterwards(`${ROLLBACK}; DELETE FROM audit_checkpoints`, async () => {
      expect((await examine()).faults).toEqual([]);
      expect(await given(checkpoint)).toEqual([fault('checkpoint-mismatch', 35, 7)]);
      // Another history grows in its place.
      await trail.add(5);
      expect((await examine()).faults).toEqual([]);
      expect(await given(checkpoint)).toEqual([fault('checkpoint-mismatch', 35, 7)]);
    });
  });

  test.each([
    `statement = 'e30.e30.AAAA'`,
    `statement = overlay(statement placing 'AAAA' from length(statement) - 40)`,
    'number = 3',
    'position = 10',
  ])('that were altered are found: %s', async change => {
    expect(await faultsAfter(`UPDATE audit_checkpoints SET ${change}`)).toEqual([
      expect.objectContaining({ kind: 'checkpoint-mismatch' }),
    ]);
  });

  test('are not signed over an end that was altered', async () => {
    await trail.afterwards('DELETE FROM audit_checkpoints; UPDATE audit_head SET position = 36', async () => {
      await signCheckpoint(trail.ctx, 60);
      expect(await trail.superuser.query('SELECT 1 FROM audit_checkpoints')).toEqual([]);
    });
  });
});

test('of many faults a hundred are listed, and where to go on', async () => {
  await trail.afterwards('SELECT 1', async () => {
    await trail.add(150);
    await trail.superuser.query(`UPDATE audit_events SET words = '' WHERE position > 35`);
    const found = await examine();
    expect([found.faults.length, found.more, found.last]).toEqual([100, true, 185]);
    await trail.superuser.query('DELETE FROM audit_events');
    await trail.superuser.query('DELETE FROM audit_batches');
    const nothing = await examine();
    expect([nothing.intact, nothing.faults.length, nothing.more]).toEqual([false, 100, true]);
  });
});
