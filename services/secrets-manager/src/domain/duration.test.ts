import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MAX_DURATION_MS, parseDuration } from './duration.ts';

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const DAY = 24 * HOUR;

describe('parseDuration', () => {
  test.each([
    ['P30D', 30 * DAY],
    ['PT5M', 300 * SECOND],
    ['PT3M', 180 * SECOND],
    ['P1Y2M3W4DT5H6M7.5S', (365 + 60 + 21 + 4) * DAY + 5 * HOUR + 6 * 60 * SECOND + 7_500],
    ['P1M', 30 * DAY],
    ['PT1M', 60 * SECOND],
    ['PT0,5S', 500],
    ['P0DT1S', SECOND],
    ['P100Y', MAX_DURATION_MS],
    ['720h0m0s', 30 * DAY],
    ['876000h', MAX_DURATION_MS],
    ['1h30m', 1.5 * HOUR],
    ['1.5h', 1.5 * HOUR],
    ['5m', 300 * SECOND],
    ['300ms', 300],
    ['1000us', 1],
    ['2000µs', 2],
    ['2000μs', 2],
    ['1000000ns', 1],
  ])('reads %s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each([
    [
      '',
      'P',
      'PT',
      'P1DT',
      'T5M',
      '30D',
      'P30',
      'P1H',
      'PT1D',
      'P1.5D',
      'p30d',
      'P1D ',
      ' P1D',
      'P-1D',
      '-P1D',
    ],
    ['5', '1d', '5 m', '-5m', '+5m', '1h-5m', 'h', '1.h', '5M', '1e3s', '0x5s', 'P1D5m', '5m\n'],
    ['0', '0s', 'PT0S', 'P0D', '1ns', 'PT0.0001S'],
    ['P100Y1D', '876000h1s', 'P99999999999999999999D', `${'9'.repeat(62)}h`, 'P' + '0'.repeat(70) + '1D'],
  ])('refuses %j and its like', (...texts) => {
    expect(texts.filter(text => parseDuration(text) !== undefined)).toEqual([]);
  });

  const part = (max: number) => fc.nat({ max });

  test('gives what an ISO text was made of', () => {
    fc.assert(
      fc.property(part(9_999), part(99), part(99), part(99), (days, hours, minutes, seconds) => {
        fc.pre(days + hours + minutes + seconds > 0);
        const ms = days * DAY + hours * HOUR + minutes * 60 * SECOND + seconds * SECOND;
        expect(parseDuration(`P${days}DT${hours}H${minutes}M${seconds}S`)).toBe(ms);
      }),
    );
  });

  test('gives what Go prints', () => {
    fc.assert(
      fc.property(part(9_999), part(59), part(59), (hours, minutes, seconds) => {
        fc.pre(hours + minutes + seconds > 0);
        expect(parseDuration(`${hours}h${minutes}m${seconds}s`)).toBe(
          hours * HOUR + minutes * 60 * SECOND + seconds * SECOND,
        );
      }),
    );
  });

  test('answers any text with nothing or with whole milliseconds within the bounds', () => {
    const near = fc.string({
      unit: fc.constantFrom(...Array.from('PTYMWDHS0199.,hmsnuµ-+ ')),
      maxLength: 70,
    });
    fc.assert(
      fc.property(fc.oneof(near, fc.string({ unit: 'binary' })), text => {
        const ms = parseDuration(text);
        if (ms === undefined) return;
        expect(Number.isInteger(ms)).toBe(true);
        expect(ms).toBeGreaterThan(0);
        expect(ms).toBeLessThanOrEqual(MAX_DURATION_MS);
      }),
      { numRuns: 2_000 },
    );
  });
});
