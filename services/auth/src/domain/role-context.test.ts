import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { contextFault, contextHolds, limitsAddresses, type RoleContext } from './role-context.ts';

const enabled = (context: RoleContext): RoleContext => ({ enabled: true, ...context });
const officeHours = enabled({
  validity: ['MON', 'TUE', 'WED', 'THU', 'FRI'],
  start_time: '09:00',
  end_time: '17:00:00',
  timezone: 'Europe/Helsinki',
  ip_masks: [],
});
const nights = enabled({ validity: ['Friday'], start_time: '22:00', end_time: '06:00' });
const until = (context: RoleContext, now: string): string | null | undefined => {
  const holding = contextHolds(context, new Date(now), null);
  return holding.holds ? (holding.until?.toISOString() ?? null) : undefined;
};

describe('in time', () => {
  test.each<[string, RoleContext, string, string | null | undefined]>([
    // Friday; Helsinki is three hours ahead in summer.
    ['before the start', officeHours, '2026-05-01T05:59:59.999Z', undefined],
    ['from the start', officeHours, '2026-05-01T06:00:00Z', '2026-05-01T14:00:00.000Z'],
    ['up to the end', officeHours, '2026-05-01T13:59:59.999Z', '2026-05-01T14:00:00.000Z'],
    ['at the end', officeHours, '2026-05-01T14:00:00Z', undefined],
    ['on another day', officeHours, '2026-05-02T08:00:00Z', undefined],
    ['in winter, two hours ahead', officeHours, '2026-01-02T07:00:00Z', '2026-01-02T15:00:00.000Z'],
    ['over midnight: the evening', nights, '2026-05-01T22:00:00Z', '2026-05-02T06:00:00.000Z'],
    ['over midnight: the morning after', nights, '2026-05-02T05:00:00Z', '2026-05-02T06:00:00.000Z'],
    ['over midnight: the morning before', nights, '2026-05-01T05:00:00Z', undefined],
    ['over midnight: the evening after', nights, '2026-05-02T23:00:00Z', undefined],
    ['without any limit', enabled({}), '2026-05-02T23:00:00Z', null],
    [
      'each day named',
      enabled({ validity: ['sun', 'MON', 'tues', 'Wednesday', 'thu', 'fri', 'sat'] }),
      '2026-05-02T23:00:00Z',
      null,
    ],
    [
      'whole days end with the last of them',
      enabled({ validity: ['sat', 'sun'] }),
      '2026-05-02T12:00:00Z',
      '2026-05-04T00:00:00.000Z',
    ],
    [
      'six whole days',
      enabled({ validity: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat'] }),
      '2026-05-04T12:00:00Z',
      '2026-05-10T00:00:00.000Z',
    ],
    ['a start alone', enabled({ start_time: '12:00' }), '2026-05-01T13:00:00Z', '2026-05-02T00:00:00.000Z'],
    ['an end alone', enabled({ end_time: '12:00' }), '2026-05-01T11:00:00Z', '2026-05-01T12:00:00.000Z'],
    ['an end alone, after it', enabled({ end_time: '12:00' }), '2026-05-01T12:00:00Z', undefined],
    [
      'the last second stands for midnight',
      enabled({ start_time: '00:00:00', end_time: '23:59:59' }),
      '2026-05-01T23:59:59.5Z',
      null,
    ],
    [
      'the last minute too',
      enabled({ validity: ['fri'], end_time: '23:59' }),
      '2026-05-01T23:59:30Z',
      '2026-05-02T00:00:00.000Z',
    ],
    [
      'start and end alike: a whole day',
      enabled({ start_time: '08:00', end_time: '08:00' }),
      '2026-05-01T03:00:00Z',
      null,
    ],
    // New York's clocks go from 02:00 to 03:00 on 8 March 2026, and from 02:00 to 01:00 on 1 November 2026.
    [
      'over the hour that is left out',
      enabled({ start_time: '01:00', end_time: '04:00', timezone: 'America/New_York' }),
      '2026-03-08T06:00:00Z',
      '2026-03-08T08:00:00.000Z',
    ],
    [
      'an end within the hour that is left out',
      enabled({ start_time: '01:00', end_time: '02:30', timezone: 'America/New_York' }),
      '2026-03-08T06:00:00Z',
      '2026-03-08T07:30:00.000Z',
    ],
    [
      'over the hour that comes twice',
      enabled({ start_time: '00:00', end_time: '03:00', timezone: 'America/New_York' }),
      '2026-11-01T04:00:00Z',
      '2026-11-01T08:00:00.000Z',
    ],
    [
      'whole days where midnight is left out',
      enabled({ validity: ['thu', 'fri'], timezone: 'Africa/Cairo' }),
      '2026-04-23T12:00:00Z',
      '2026-04-24T21:00:00.000Z',
    ],
  ])('%s', (_what, context, now, expected) => {
    expect(until(context, now)).toBe(expected);
  });

  test('what holds does so without a gap to its end, and not at its end', () => {
    const clock = fc
      .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
      .map(parts => parts.map(part => String(part).padStart(2, '0')).join(':'));
    const context = fc.record({
      enabled: fc.constant(true),
      validity: fc.subarray(['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']),
      start_time: clock,
      end_time: clock,
      timezone: fc.constantFrom(
        'UTC',
        'Europe/Helsinki',
        'America/New_York',
        'Asia/Kathmandu',
        'Pacific/Apia',
      ),
    });
    const time = fc.date({
      min: new Date('2026-01-01'),
      max: new Date('2027-01-01'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(context, time, fc.double({ min: 0, max: 0.999, noNaN: true }), (limits, now, part) => {
        const holding = contextHolds(limits, now, null);
        if (!holding.holds || holding.until === null) return;
        const end = holding.until.getTime();
        expect(end).toBeGreaterThan(now.getTime());
        const between = now.getTime() + Math.floor((end - now.getTime()) * part);
        expect(contextHolds(limits, new Date(between), null)).toEqual(holding);
        expect(contextHolds(limits, holding.until, null)).toEqual({ holds: false });
      }),
      { numRuns: 300 },
    );
  });
});

describe('in place', () => {
  const office = enabled({ ip_masks: ['10.0.0.0/8', '2001:db8::/32'] });
  test.each([
    ['10.1.2.3', true],
    ['::ffff:10.1.2.3', true],
    ['2001:db8::9', true],
    ['192.0.2.1', false],
    ['', false],
    ['nowhere', false],
  ])('%s: %s', (address, holds) => {
    expect(contextHolds(office, new Date(), address).holds).toBe(holds);
  });

  test('is passed over where no address is known, and told of', () => {
    expect(contextHolds(office, new Date(), null)).toEqual({ holds: true, until: null });
    expect(limitsAddresses(office)).toBe(true);
    expect(limitsAddresses({ ...office, enabled: false })).toBe(false);
    expect(limitsAddresses(enabled({ ip_masks: [] }))).toBe(false);
  });
});

describe('what is not understood', () => {
  test.each<[string, RoleContext]>([
    ['validity', { validity: ['MON', 'someday'] }],
    ['validity', { validity: ['m'] }],
    ['validity', { validity: [''] }],
    ['start_time', { start_time: '9:00' }],
    ['start_time', { start_time: '24:00' }],
    ['end_time', { end_time: '17:60' }],
    ['end_time', { end_time: '17' }],
    ['timezone', { timezone: 'Europe/Atlantis' }],
    ['timezone', { timezone: ' ' }],
    ['ip_masks', { ip_masks: ['10.0.0.0/8', '10.0.0.0/33'] }],
    ['ip_masks', { ip_masks: [''] }],
  ])('%s %j: named, and the role withheld', (property, context) => {
    expect(contextFault(enabled(context))?.property).toBe(property);
    expect(contextHolds(enabled(context), new Date(), null)).toEqual({ holds: false });
    // One that is switched off limits nothing and may hold anything.
    expect(contextFault({ ...context, enabled: false })).toBeUndefined();
    expect(contextHolds({ ...context, enabled: false }, new Date(), '')).toEqual({
      holds: true,
      until: null,
    });
  });

  test.each([null, undefined, {}, { enabled: null }])('%j is no limit', context => {
    expect(contextFault(context)).toBeUndefined();
    expect(contextHolds(context, new Date(), '')).toEqual({ holds: true, until: null });
  });

  test('block_role changes nothing of it', () => {
    for (const block_role of [true, false, null]) {
      expect(until({ ...officeHours, block_role }, '2026-05-02T08:00:00Z')).toBeUndefined();
    }
  });
});
