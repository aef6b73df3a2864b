import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MAX_NAME_DEPTH, MAX_NAME_LENGTH, parseSecretName } from './secret-name.ts';

const accepted = (raw: string): boolean => {
  try {
    parseSecretName(raw);
    return true;
  } catch {
    return false;
  }
};

/** Any text, and texts rich in what the rules are about. */
const anyName = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 600 }),
  fc.string({ unit: fc.constantFrom('a', 'é', 'e\u0301', '/', '.', ' ', '%', '\u00a0', '\ufb1d', '\ud800') }),
);

describe('parseSecretName', () => {
  test.each([
    'a',
    'a/b c/d',
    'ä ö/ü',
    '100%',
    '%2F',
    'a\\b',
    '...',
    '.hidden/..twice',
    'a'.repeat(MAX_NAME_LENGTH),
    Array<string>(MAX_NAME_DEPTH).fill('x').join('/'),
  ])('takes %j as it is', name => {
    expect(parseSecretName(name)).toBe(name);
  });

  test.each([
    ['', 'VALUE_OUT_OF_BOUNDS'],
    ['a'.repeat(MAX_NAME_LENGTH + 1), 'VALUE_OUT_OF_BOUNDS'],
    // U+0958 is two characters in NFC, so this is too long only once it is normalised.
    ['\u0958'.repeat(MAX_NAME_LENGTH / 2 + 1), 'VALUE_OUT_OF_BOUNDS'],
    [
      Array<string>(MAX_NAME_DEPTH + 1)
        .fill('x')
        .join('/'),
      'VALUE_OUT_OF_BOUNDS',
    ],
    ['.', 'VALUE_INCORRECT_FORMAT'],
    ['..', 'VALUE_INCORRECT_FORMAT'],
    ['a/../b', 'VALUE_INCORRECT_FORMAT'],
    ['a/./b', 'VALUE_INCORRECT_FORMAT'],
    ['a//b', 'VALUE_INCORRECT_FORMAT'],
    ['/a', 'VALUE_INCORRECT_FORMAT'],
    ['a/', 'VALUE_INCORRECT_FORMAT'],
    ['/', 'VALUE_INCORRECT_FORMAT'],
    [' a', 'VALUE_INCORRECT_FORMAT'],
    ['a\u00a0', 'VALUE_INCORRECT_FORMAT'],
    ['a\0b', 'VALUE_INCORRECT_FORMAT'],
    ['a\nb', 'VALUE_INCORRECT_FORMAT'],
    ['a\u0085b', 'VALUE_INCORRECT_FORMAT'],
    ['a\u2028b', 'VALUE_INCORRECT_FORMAT'],
    ['a\ud800b', 'VALUE_INCORRECT_FORMAT'],
  ])('refuses %j with %s', (name, code) => {
    expect(() => parseSecretName(name)).toThrow(expect.objectContaining({ code, property: 'name' }));
  });

  test('two spellings of one accented name are one name, at every length', () => {
    const composed = 'é'.repeat(MAX_NAME_LENGTH);
    expect(parseSecretName(composed.normalize('NFD'))).toBe(composed);
    // Case and compatibility forms stay apart.
    expect(parseSecretName('A')).not.toBe(parseSecretName('a'));
    expect(parseSecretName('\u00b2')).toBe('\u00b2');
  });

  test('is idempotent, and its result obeys the rules that it states', () => {
    fc.assert(
      fc.property(anyName.filter(accepted), raw => {
        const name = parseSecretName(raw);
        expect(parseSecretName(name)).toBe(name);
        expect(name).toBe(name.normalize('NFC'));
        expect(name.length).toBeLessThanOrEqual(MAX_NAME_LENGTH);
        expect(name.split('/').some(segment => ['', '.', '..'].includes(segment))).toBe(false);
        expect(name.isWellFormed()).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('accepts a name in each of its Unicode spellings or in none', () => {
    fc.assert(
      fc.property(anyName, raw => {
        const outcome = (text: string) => (accepted(text) ? parseSecretName(text) : undefined);
        expect(outcome(raw.normalize('NFD'))).toBe(outcome(raw));
        expect(outcome(raw.normalize('NFC'))).toBe(outcome(raw));
      }),
      { numRuns: 500 },
    );
  });
});
