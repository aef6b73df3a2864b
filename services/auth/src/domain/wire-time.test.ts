import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseTime } from './wire-time.ts';

test.each([null, undefined, ''])('%j is no time', text => {
  expect(parseTime(text)).toBeNull();
});

test.each([
  ['2026-05-01T08:00:00Z', '2026-05-01T08:00:00.000Z'],
  // Python's isoformat.
  ['2026-05-01T08:00:00.123456Z', '2026-05-01T08:00:00.123Z'],
  ['2026-05-01t08:00:00z', '2026-05-01T08:00:00.000Z'],
  ['2026-05-01T01:00:00+03:00', '2026-04-30T22:00:00.000Z'],
  ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
])('%s', (text, expected) => {
  expect(parseTime(text)?.toISOString()).toBe(expected);
});

test.each([
  'soon',
  '2026-05-01',
  '2026-05-01T08:00:00',
  '2026-05-01 08:00:00Z',
  '2026-13-01T08:00:00Z',
  '2026-02-31T08:00:00Z',
  '2025-02-29T08:00:00Z',
  '2026-05-00T08:00:00Z',
  '2026-05-01T24:00:00Z',
  '2026-05-01T08:00:60Z',
  '2026-05-01T08:00:00Z ',
  '1',
])('%j is refused', text => {
  expect(parseTime(text)).toBeUndefined();
});

test('reads what it writes', () => {
  fc.assert(
    fc.property(
      fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
      time => {
        expect(parseTime(time.toISOString())).toEqual(time);
      },
    ),
  );
});
