import { describe, expect, test } from '@jest/globals';
import { entityTag, readIfMatch, readIfNoneMatch } from './entity-tags.ts';

describe('If-Match', () => {
  test.each([
    [undefined, undefined],
    ['*', 'any'],
    ['"7"', [7]],
    ['"7", "9"', [7, 9]],
    // Weak tags never match here.
    ['W/"7", "8"', [8]],
    ['"of-another-server"', [Number.NaN]],
    ['"007"', [Number.NaN]],
  ])('%s reads as %j', (header, expected) => {
    expect(readIfMatch(header)).toEqual(expected);
  });

  test.each([['7'], ['"7'], ['"7" "8"'], [''], ['"7",'], ['w/"7"']])('%s is refused', header => {
    expect(() => readIfMatch(header)).toThrow('The header is not a list of entity tags');
  });

  test('names what was told', () => {
    expect(readIfMatch(entityTag(12))).toEqual([12]);
  });
});

describe('If-None-Match', () => {
  test.each([
    [undefined, false],
    ['*', true],
    ['"12"', true],
    ['W/"12"', true],
    ['"11", "12"', true],
    ['"11"', false],
    ['"of-another-server"', false],
  ])('%s knows revision 12: %s', (header, expected) => {
    expect(readIfNoneMatch(header)(12)).toBe(expected);
  });
});
