import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { inBatches, type TrailEvent } from './trail.ts';

const record = {
  id: '018f0000-0000-7000-8000-000000000000',
  created: new Date('2026-01-01T00:00:00Z'),
  service: 'vault',
  code: 5102,
  name: 'Secret-read',
  message: {},
};
const event = (size: number, index: number): TrailEvent => ({
  id: `018f0000-0000-7000-8000-${String(index).padStart(12, '0')}`,
  original: {},
  records: Array.from({ length: size }, () => record),
});
const sizeOf = (batch: readonly TrailEvent[]) => batch.reduce((sum, { records }) => sum + records.length, 0);

describe('inBatches', () => {
  test('keeps every event, in order, and no batch is too large or could take in the next event', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(40)), fc.integer({ min: 1, max: 50 }), (sizes, max) => {
        const events = sizes.map(event);
        const batches = [...inBatches(events, max)];
        expect(batches.flat()).toEqual(events);
        batches.forEach((batch, index) => {
          expect(batch.length).toBeGreaterThan(0);
          if (batch.length > 1) expect(sizeOf(batch)).toBeLessThanOrEqual(max);
          const next = batches[index + 1]?.[0];
          if (next !== undefined) expect(sizeOf([...batch, next])).toBeGreaterThan(max);
        });
      }),
    );
  });

  test('an event above the limit is a batch of its own', () => {
    const events = [event(1, 0), event(9, 1), event(1, 2)];
    expect([...inBatches(events, 5)].map(sizeOf)).toEqual([1, 9, 1]);
  });
});
