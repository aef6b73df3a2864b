import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { countAttempt, LIMITS, secondsBlocked, type Failures, type Limit } from './sign-in-throttle.ts';

const start = new Date('2026-06-01T08:00:00Z');
const after = (seconds: number) => new Date(start.getTime() + seconds * 1_000);

/** Attempts whenever it may; the seconds at which it could. */
function attempts(limit: Limit, count: number): number[] {
  const times: number[] = [];
  let state: Failures | undefined;
  for (let seconds = 0; times.length < count;) {
    const wait = secondsBlocked(state, after(seconds));
    seconds += wait;
    state = countAttempt(state, limit, after(seconds));
    times.push(seconds);
  }
  return times;
}

describe('attempts in a row', () => {
  test('of one identity at one address: five, then one a minute (contract 1.3)', () => {
    expect(attempts(LIMITS.identityAtAddress, 8)).toEqual([0, 0, 0, 0, 0, 60, 120, 180]);
  });

  test('of one identity: thirty, then slower and slower, at most a quarter of an hour apart', () => {
    const times = attempts(LIMITS.identity, 40);
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(gaps.slice(0, 29).every(gap => gap === 0)).toBe(true);
    // One is forgotten meanwhile, hence 480 twice.
    expect(gaps.slice(29)).toEqual([15, 30, 60, 120, 240, 480, 480, 900, 900, 900]);
  });

  test('at one address: three hundred, then ten a minute', () => {
    const times = attempts(LIMITS.address, 310);
    expect(times.filter(time => time === 0)).toHaveLength(300);
    expect(times.at(-1)).toBe(60);
  });
});

test('failures are forgotten one by one', () => {
  const limit = LIMITS.identityAtAddress;
  let state: Failures | undefined;
  for (let i = 0; i < 5; i += 1) state = countAttempt(state, limit, start);
  expect(secondsBlocked(state, after(59.5))).toBe(1);
  expect(secondsBlocked(state, after(60))).toBe(0);
  // Half a minute more is not lost: the next one is forgotten at two minutes.
  state = countAttempt(state, limit, after(90));
  expect(state).toMatchObject({ failures: 5, firstAt: start, lastAt: after(60) });
  expect(countAttempt(state, limit, after(600))).toMatchObject({ failures: 1, firstAt: after(600) });
});

test('a clock that runs backwards forgets nothing', () => {
  const state = countAttempt(undefined, LIMITS.identityAtAddress, after(100));
  expect(countAttempt(state, LIMITS.identityAtAddress, start).failures).toBe(2);
});

test('no pattern of attempts gets more through than the burst and one per interval', () => {
  const { burst, forgetSeconds } = LIMITS.identityAtAddress;
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 90 }), { maxLength: 200 }), pauses => {
      let state: Failures | undefined;
      let seconds = 0;
      let admitted = 0;
      for (const pause of pauses) {
        seconds += pause;
        if (secondsBlocked(state, after(seconds)) > 0) continue;
        state = countAttempt(state, LIMITS.identityAtAddress, after(seconds));
        admitted += 1;
      }
      expect(admitted).toBeLessThanOrEqual(burst + Math.floor(seconds / forgetSeconds));
    }),
  );
});
