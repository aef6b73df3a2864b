import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseDate } from './secret-status-view.ts';
import { timeOf } from './summary-view.ts';

describe('a date that a client writes', () => {
  test.each([
    ['2031-02-03', '2031-02-03T00:00:00.000Z'],
    ['2031-02-03T04:05:06', '2031-02-03T04:05:06.000Z'],
    ['2031-02-03T04:05:06.7891234', '2031-02-03T04:05:06.789Z'],
    ['2031-02-03T04:05:06Z', '2031-02-03T04:05:06.000Z'],
    ['2031-02-03T04:05:06+02:00', '2031-02-03T02:05:06.000Z'],
    ['2/3/2031', '2031-02-03T00:00:00.000Z'],
    [' 02/03/2031 00:00:00 ', '2031-02-03T00:00:00.000Z'],
  ])('is %s', (written, date) => {
    expect(parseDate(written)?.toJSON()).toBe(date);
  });

  test.each([
    '',
    '2031',
    '2031-02-30',
    '2/30/2031',
    '31/12/2031',
    '2031-13-01',
    '2031-02-03T25:00',
    '3.2.2031',
  ])('is not "%s"', written => {
    expect(parseDate(written)).toBeUndefined();
  });

  test('is read as it is shown, to the second', () => {
    const dates = fc.date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true });
    fc.assert(
      fc.property(dates, date => {
        const shown = timeOf(date);
        const parsed = parseDate(shown);
        expect(parsed && timeOf(parsed)).toBe(shown);
      }),
    );
  });
});
