import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatDuration, parseDuration } from './duration.ts';

describe('a duration', () => {
  test.each([
    ['0s', 0],
    ['0', 0],
    ['45', 45],
    ['72h30m', 261_000],
    ['1h0m0s', 3_600],
    ['1.5h', 5_400],
    ['0.7h', 2_520],
    ['1m1000ms', 61],
    ['2000000us', 2],
    ['3000000µs', 3],
    ['1000000000ns', 1],
    ['2d', 172_800],
    ['P1D', 86_400],
    ['P2W', 1_209_600],
    ['P3DT30M', 261_000],
    ['PT0.000S', 0],
    ['PT1H1M1S', 3_661],
  ])('%s has %i seconds', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
  });

  test.each([
    '',
    's',
    '-1s',
    '+1s',
    '1 h',
    '1H',
    '1.h',
    '.5h',
    '1e3s',
    '1500ms',
    '1ns',
    '1y',
    '1hour',
    'P',
    'PT',
    'P1DT',
    'P1M',
    'P1Y',
    'PT1D',
    'P1H',
    'pt1h',
    'P1.5D',
    '9999999999999999s',
    'Infinity',
  ])('%j is none that we take', text => {
    expect(parseDuration(text)).toBeUndefined();
  });

  test.each([
    [0, '0s'],
    [59, '59s'],
    [60, '1m0s'],
    [3_600, '1h0m0s'],
    [261_000, '72h30m0s'],
  ])('%i seconds are written as Go does: %s', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });

  test('what is written reads as the same', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_000_000_000 }), seconds => {
        expect(parseDuration(formatDuration(seconds))).toBe(seconds);
      }),
    );
  });

  test('no text makes it throw, and what it takes is whole and not negative', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[PT\d.hmsnuµdwHMSDW-]{0,12}$/), text => {
        const seconds = parseDuration(text);
        if (seconds !== undefined) expect(Number.isSafeInteger(seconds) && seconds >= 0).toBe(true);
      }),
    );
  });
});
