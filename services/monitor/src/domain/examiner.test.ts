import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { SecretBytes } from '@strongroom/crypto/secret-bytes';
import type { BatchContent, HeadContent, RowContent } from './canonical.ts';
import { createChain, EMPTY_HEAD, extendChain, NO_BATCH, type Sealed } from './chain.ts';
import { createExaminer } from './examiner.ts';
import type { Fault } from './fault.ts';
import type { TrailRecord } from './trail.ts';

const chain = createChain(new SecretBytes(Buffer.alloc(32, 1)));
const other = createChain(new SecretBytes(Buffer.alloc(32, 2)));

interface Trail {
  rows: Sealed<RowContent>[];
  batches: Sealed<BatchContent>[];
  head: Sealed<HeadContent>;
}

const record = (n: number): TrailRecord => ({
  id: `018f0000-0000-7000-8000-${String(n).padStart(12, '0')}`,
  created: new Date(1_772_600_767_890 + n),
  service: 'vault',
  code: 5102,
  name: 'Secret-read',
  message: { n: String(n) },
});

function trailOf(sizes: readonly number[], by = chain): Trail {
  const trail: Trail = { rows: [], batches: [], head: { ...EMPTY_HEAD, mac: by.headMac(EMPTY_HEAD) } };
  for (const [index, size] of sizes.entries()) {
    const records = Array.from({ length: size }, (_, n) => record(trail.head.position + n));
    const { rows, batch, head } = extendChain(by, trail.head, records, new Date(index * 1_000));
    trail.rows.push(...rows);
    trail.batches.push(batch);
    trail.head = head;
  }
  return trail;
}

/** As the operation does, without a database. */
function examine({ rows, batches, head }: Trail): readonly Fault[] {
  const examiner = createExaminer(chain, { number: 1, position: 1, previousMac: NO_BATCH });
  const left = [...rows].sort((a, b) => a.position - b.position);
  const takeTo = (last: number) => {
    while ((left[0]?.position ?? Infinity) <= last) examiner.takeRow(left.shift()!);
  };
  for (const batch of [...batches].sort((a, b) => a.number - b.number)) {
    const last = examiner.openBatch(batch, false);
    if (last === undefined) continue;
    takeTo(last);
    examiner.closeBatch();
  }
  takeTo(head.position);
  for (const row of left) examiner.note({ kind: 'inserted', position: row.position, batch: 0 });
  examiner.finish(head);
  return examiner.faults();
}

const sizes = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 8 });

describe('an examination', () => {
  test('finds nothing in what monitor wrote', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 6 })), given =>
        expect(examine(trailOf(given))).toEqual([]),
      ),
    );
  });

  test('under another key finds each batch and the end false', () => {
    const faults = examine(trailOf([2, 3], other));
    expect(faults.filter(({ kind }) => kind === 'batch-altered')).toHaveLength(2);
    expect(faults).toContainEqual({ kind: 'head-altered', position: 5, batch: 2 });
  });

  test('finds the place of any row that is gone, and no other', () => {
    fc.assert(
      fc.property(sizes, fc.nat(), (given, seed) => {
        const trail = trailOf(given);
        const [gone] = trail.rows.splice(seed % trail.rows.length, 1);
        expect(examine(trail)).toEqual([
          { kind: 'removed', position: gone!.position, batch: expect.any(Number) },
        ]);
      }),
    );
  });

  test('finds the place of any row whose content was changed, and no other', () => {
    const changes = fc.constantFrom<Partial<Sealed<RowContent>>>(
      { id: '018f0000-0000-7000-8000-ffffffffffff' },
      { created: '1.000000' },
      { recordedAt: '1.000001' },
      { service: 'auth' },
      { code: 1 },
      { name: 'x' },
      { message: {} },
      { words: '' },
      { mac: Buffer.alloc(32) },
    );
    fc.assert(
      fc.property(sizes, fc.nat(), changes, (given, seed, change) => {
        const trail = trailOf(given);
        const at = seed % trail.rows.length;
        trail.rows[at] = { ...trail.rows[at]!, ...change };
        expect(examine(trail)).toEqual([{ kind: 'altered', position: at + 1, batch: expect.any(Number) }]);
      }),
    );
  });

  test('finds any two batches that were exchanged, and any that is gone', () => {
    fc.assert(
      fc.property(sizes, fc.nat(), (given, seed) => {
        const whole = trailOf(given);
        const at = seed % given.length;
        expect(
          examine({ ...whole, batches: whole.batches.filter((_, index) => index !== at) }),
        ).toContainEqual({
          kind: 'batch-removed',
          position: expect.any(Number),
          batch: at + 1,
        });
        const batches = whole.batches.map(batch => ({ ...batch }));
        const [a, b] = [batches[at]!, batches[(at + 1) % batches.length]!];
        [a.number, b.number] = [b.number, a.number];
        if (a !== b) expect(examine({ ...whole, batches })).not.toEqual([]);
      }),
    );
  });

  test('finds a batch of its own key that another history left', () => {
    const one = trailOf([2, 2, 2]);
    const head = { ...one.head };
    const elsewhere = extendChain(
      chain,
      { ...EMPTY_HEAD, number: 1, position: 2 },
      [record(8), record(9)],
      new Date(0),
    );
    one.batches[1] = elsewhere.batch;
    one.rows.splice(2, 2, ...elsewhere.rows);
    expect(examine({ ...one, head })).not.toEqual([]);
  });
});
