import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { countLimit, parseInstant, parseMembers, parseWords, searchableWords } from './trail-search.ts';

describe('parseWords', () => {
  test.each([
    ['', []],
    ['  ', []],
    ['Secret-read', ['secret-read']],
    ['  alice, BOB\tcarol ', ['alice', 'bob', 'carol']],
  ])('%j', (keywords, words) => {
    expect(parseWords(keywords)).toEqual(words);
  });

  test('refuses too many words rather than leave some out', () => {
    expect(parseWords('w '.repeat(20))).toHaveLength(20);
    expect(() => parseWords('w '.repeat(21))).toThrow(
      expect.objectContaining({ code: 'VALUE_OUT_OF_BOUNDS', property: 'keywords' }),
    );
  });

  test('every word of a value is found in what is searched, in any case', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 30 });
    fc.assert(
      fc.property(fc.dictionary(fc.string(), text, { maxKeys: 4 }), message => {
        const searched = searchableWords({ name: 'Secret-read', message });
        for (const value of ['SECRET-READ', ...Object.values(message)]) {
          for (const word of parseWords(value)) expect(searched).toContain(word);
        }
      }),
    );
  });
});

describe('parseMembers', () => {
  test('an empty text, null and an absent member are no filter', () => {
    expect(parseMembers({})).toEqual({});
    expect(parseMembers({ user_id: '', host_id: null, session_id: undefined })).toEqual({});
  });

  test('filters go by the keys of the message', () => {
    const filters = {
      user_id: 'u',
      connection_id: 'c',
      host_id: 'h',
      source_id: 'o',
      session_id: 's',
      access_group_id: 'a',
    };
    expect(parseMembers(filters)).toEqual({
      userID: 'u',
      connectionID: 'c',
      hostID: 'h',
      sourceID: 'o',
      sessionID: 's',
      accessGroupID: 'a',
    });
  });
});

describe('parseInstant', () => {
  test.each([undefined, null, ''])('%j is no bound', text => {
    expect(parseInstant('start_time', text)).toBeUndefined();
  });

  test('takes any offset', () => {
    expect(parseInstant('start_time', '2026-01-01T02:00:00+02:00')).toEqual(new Date('2026-01-01T00:00:00Z'));
  });

  test('refuses a leap second, which RFC 3339 allows and Date does not', () => {
    expect(() => parseInstant('end_time', '2016-12-31T23:59:60Z')).toThrow(
      expect.objectContaining({ code: 'VALUE_INCORRECT_FORMAT', property: 'end_time' }),
    );
  });
});

describe('countLimit', () => {
  test('always lies beyond the page, so that a client which pages by the count goes on', () => {
    fc.assert(
      fc.property(
        fc.nat(2_147_483_647),
        fc.integer({ min: 1, max: 1_000 }),
        fc.boolean(),
        (offset, limit, fuzzyCount) => {
          expect(countLimit({ offset, limit, fuzzyCount })).toBeGreaterThan(offset + limit);
        },
      ),
    );
  });

  test('a fuzzy count ends early', () => {
    expect(countLimit({ offset: 0, limit: 50, fuzzyCount: true })).toBe(10_001);
    expect(countLimit({ offset: 0, limit: 50, fuzzyCount: false })).toBe(1_000_001);
  });
});
