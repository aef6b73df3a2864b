import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { both, either, holdingWithin, type Holding, type Interval } from './intervals.ts';

const at = (ms: number) => new Date(ms);
const interval = fc
  .tuple(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 100 }))
  .map(([start, end]): Interval => ({ start, end }));

describe('holdingWithin', () => {
  test.each<[string, Interval[], number, Holding]>([
    ['before it', [{ start: 10, end: 20 }], 9, { holds: false }],
    ['its first moment', [{ start: 10, end: 20 }], 10, { holds: true, until: at(20) }],
    ['its end', [{ start: 10, end: 20 }], 20, { holds: false }],
    ['no end', [{ start: 10, end: Infinity }], 11, { holds: true, until: null }],
    ['none', [], 0, { holds: false }],
    ['an end before its start', [{ start: 20, end: 10 }], 15, { holds: false }],
    [
      'those that touch, in any order',
      [
        { start: 20, end: 30 },
        { start: 10, end: 20 },
      ],
      15,
      { holds: true, until: at(30) },
    ],
    [
      'a gap',
      [
        { start: 10, end: 20 },
        { start: 21, end: 30 },
      ],
      15,
      { holds: true, until: at(20) },
    ],
  ])('%s', (_what, intervals, now, holding) => {
    expect(holdingWithin(intervals, at(now))).toEqual(holding);
  });

  test('holds from now to its end without a gap, and not at its end', () => {
    const covered = (intervals: Interval[], now: number) =>
      intervals.some(({ start, end }) => start <= now && now < end);
    fc.assert(
      fc.property(fc.array(interval), fc.integer({ min: 0, max: 100 }), (intervals, now) => {
        const holding = holdingWithin(intervals, at(now));
        expect(holding.holds).toBe(covered(intervals, now));
        if (!holding.holds || holding.until === null) return;
        const until = holding.until.getTime();
        for (let moment = now; moment < until; moment += 1) expect(covered(intervals, moment)).toBe(true);
        expect(covered(intervals, until)).toBe(false);
      }),
    );
  });
});

test('of two ways the longer counts, of two conditions the shorter', () => {
  const long: Holding = { holds: true, until: null };
  const short: Holding = { holds: true, until: at(5) };
  const not: Holding = { holds: false };
  for (const [a, b] of [
    [long, short],
    [short, long],
  ] as const) {
    expect(either(a, b)).toEqual(long);
    expect(both(a, b)).toEqual(short);
  }
  for (const [a, b] of [
    [not, short],
    [short, not],
  ] as const) {
    expect(either(a, b)).toEqual(short);
    expect(both(a, b)).toEqual(not);
  }
});
