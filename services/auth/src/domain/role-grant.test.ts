import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  floatingEnd,
  grantHolds,
  PERMANENT,
  readGrant,
  type GrantInput,
  type RoleGrant,
} from './role-grant.ts';

const now = new Date('2026-05-01T08:00:00Z');
const at = (text: string) => new Date(text);

describe('a grant', () => {
  test('that is permanent has no end', () => {
    expect(grantHolds(PERMANENT, now)).toEqual({ holds: true, until: null });
  });

  test('that floats ends so many hours after its first use; until then it counts as beginning now', () => {
    const unused: RoleGrant = { type: 'FLOATING', hours: 2, startedAt: null };
    expect(grantHolds(unused, now)).toEqual({ holds: true, until: at('2026-05-01T10:00:00Z') });
    const used = { ...unused, startedAt: at('2026-05-01T06:30:00Z') };
    expect(grantHolds(used, now)).toEqual({ holds: true, until: at('2026-05-01T08:30:00Z') });
    expect(grantHolds(used, at('2026-05-01T08:30:00Z'))).toEqual({ holds: false });
    expect(floatingEnd(2, used.startedAt)).toEqual(at('2026-05-01T08:30:00Z'));
  });

  test('that is restricted holds in any of its times', () => {
    const grant: RoleGrant = {
      type: 'TIME_RESTRICTED',
      start: null,
      end: at('2026-04-01T00:00:00Z'),
      periods: [
        { start: at('2026-05-01T00:00:00Z'), end: at('2026-05-02T00:00:00Z') },
        { start: at('2026-06-01T00:00:00Z'), end: null },
      ],
    };
    expect(grantHolds(grant, at('2020-01-01T00:00:00Z'))).toEqual({
      holds: true,
      until: at('2026-04-01T00:00:00Z'),
    });
    expect(grantHolds(grant, at('2026-04-15T00:00:00Z'))).toEqual({ holds: false });
    expect(grantHolds(grant, now)).toEqual({ holds: true, until: at('2026-05-02T00:00:00Z') });
    expect(grantHolds(grant, at('2030-01-01T00:00:00Z'))).toEqual({ holds: true, until: null });
  });

  test('that is restricted to nothing holds never', () => {
    expect(grantHolds({ type: 'TIME_RESTRICTED', start: null, end: null, periods: [] }, now)).toEqual({
      holds: false,
    });
  });
});

describe('readGrant', () => {
  test.each<[string, GrantInput, RoleGrant]>([
    ['nothing', {}, PERMANENT],
    ['null', { grant_type: null }, PERMANENT],
    // As examples/add-role.py of the Python SDK sends them.
    [
      'permanent',
      { grant_type: 'PERMANENT', grant_start: null, grant_end: null, floating_length: null },
      PERMANENT,
    ],
    [
      'floating',
      { grant_type: 'FLOATING', grant_start: null, grant_end: null, floating_length: 1 },
      { type: 'FLOATING', hours: 1, startedAt: null },
    ],
    [
      'time-restricted',
      {
        grant_type: 'TIME_RESTRICTED',
        grant_start: '2026-05-01T08:00:00.123456Z',
        grant_end: '2026-05-01T09:00:00.123456Z',
        floating_length: 0,
      },
      {
        type: 'TIME_RESTRICTED',
        start: at('2026-05-01T08:00:00.123Z'),
        end: at('2026-05-01T09:00:00.123Z'),
        periods: [],
      },
    ],
    [
      'periods alone',
      {
        grant_type: 'TIME_RESTRICTED',
        grant_start: '',
        grant_end: '',
        grant_validity_periods: [{ grant_start: '2026-05-01T08:00:00Z', grant_end: '' }],
      },
      { type: 'TIME_RESTRICTED', start: null, end: null, periods: [{ start: now, end: null }] },
    ],
    // As Go leaves out what is empty.
    ['what does not belong to it', { grant_type: 'PERMANENT', grant_end: '2020-01-01T00:00:00Z' }, PERMANENT],
  ])('%s', (_what, input, grant) => {
    expect(readGrant(input, undefined)).toEqual(grant);
  });

  test.each<[string, GrantInput]>([
    ['grant_type', { grant_type: 'permanent' }],
    ['floating_length', { grant_type: 'FLOATING' }],
    ['floating_length', { grant_type: 'FLOATING', floating_length: 0 }],
    ['grant_end', { grant_type: 'TIME_RESTRICTED' }],
    ['grant_start', { grant_type: 'TIME_RESTRICTED', grant_start: 'soon' }],
    ['grant_end', { grant_type: 'TIME_RESTRICTED', grant_end: '2026-02-31T00:00:00Z' }],
    [
      'grant_end',
      {
        grant_type: 'TIME_RESTRICTED',
        grant_start: '2026-05-01T08:00:00Z',
        grant_end: '2026-05-01T08:00:00Z',
      },
    ],
    ['grant_validity_periods.0', { grant_type: 'TIME_RESTRICTED', grant_validity_periods: [{}] }],
    [
      'grant_validity_periods.0.grant_end',
      { grant_type: 'TIME_RESTRICTED', grant_validity_periods: [{ grant_end: 'x' }] },
    ],
  ])('names %s of %j', (property, input) => {
    expect(readGrant(input, undefined)).toMatchObject({ property });
  });

  test('a floating grant that is sent back with its beginning runs on; any other begins anew', () => {
    const current: RoleGrant = { type: 'FLOATING', hours: 4, startedAt: now };
    const sent = { grant_type: 'FLOATING', floating_length: 4 };
    expect(readGrant({ ...sent, grant_start: now.toISOString() }, current)).toEqual(current);
    const anew = { ...current, startedAt: null };
    for (const grant_start of [null, '', 'x', '2026-05-01T08:00:00.001Z']) {
      expect(readGrant({ ...sent, grant_start }, current)).toEqual(anew);
    }
    // Nor can a beginning be made up.
    expect(readGrant({ ...sent, grant_start: now.toISOString() }, { ...current, startedAt: null })).toEqual(
      anew,
    );
    expect(readGrant({ ...sent, grant_start: now.toISOString() }, PERMANENT)).toEqual(anew);
  });

  test('never takes a grant that is over before it begins', () => {
    const time = fc.option(fc.integer({ min: 0, max: 50 }).map(ms => new Date(ms).toISOString()));
    const input = fc.record({
      grant_type: fc.constant('TIME_RESTRICTED'),
      grant_start: time,
      grant_end: time,
    });
    fc.assert(
      fc.property(input, sent => {
        const grant = readGrant(sent, undefined);
        const isSound =
          (sent.grant_start !== null || sent.grant_end !== null) &&
          (sent.grant_start === null || sent.grant_end === null || sent.grant_start < sent.grant_end);
        expect('type' in grant).toBe(isSound);
      }),
    );
  });
});
