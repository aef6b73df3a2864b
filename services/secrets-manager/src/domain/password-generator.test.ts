import { randomInt } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { LOWER_CASE, NUMBERS, SPECIAL_CHARACTERS, UPPER_CASE } from '@strongroom/crypto/generate-password';
import { characterClasses, generatePassword, type PasswordRules } from './password-generator.ts';

const secure = (max: number) => randomInt(max);

const validRules: fc.Arbitrary<PasswordRules> = fc
  .record({
    useSpecialCharacters: fc.boolean(),
    useLowerCase: fc.boolean(),
    useUpperCase: fc.boolean(),
    useNumbers: fc.boolean(),
    lengths: fc.tuple(fc.integer({ min: 1, max: 1_024 }), fc.integer({ min: 1, max: 1_024 })),
  })
  .map(({ lengths, ...classes }) => ({
    ...classes,
    passwordMinLength: Math.min(...lengths),
    passwordMaxLength: Math.max(...lengths),
  }))
  .filter(rules => {
    const classes = characterClasses(rules).length;
    return classes > 0 && rules.passwordMinLength >= classes;
  });

const all: PasswordRules = {
  passwordMinLength: 8,
  passwordMaxLength: 11,
  useSpecialCharacters: true,
  useLowerCase: true,
  useUpperCase: true,
  useNumbers: true,
};

describe('generatePassword', () => {
  test('obeys every valid policy, whatever the source of randomness yields', () => {
    const source = fc.infiniteStream(fc.nat({ max: 0x7fff_ffff }));
    fc.assert(
      fc.property(validRules, source, (rules, numbers) => {
        const asked: number[] = [];
        const password = generatePassword(rules, max => {
          asked.push(max);
          return numbers.next().value % max;
        });
        expect(password.length).toBeGreaterThanOrEqual(rules.passwordMinLength);
        expect(password.length).toBeLessThanOrEqual(rules.passwordMaxLength);
        const classes = characterClasses(rules);
        for (const alphabet of classes) {
          expect(Array.from(password).some(character => alphabet.includes(character))).toBe(true);
        }
        expect(Array.from(password).every(character => classes.join('').includes(character))).toBe(true);
        expect(asked.every(max => Number.isInteger(max) && max >= 1)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test('is a plain function of its source', () => {
    // Always 0: the shortest length, the first of each alphabet, each to the front and what was there to the end.
    expect(generatePassword(all, () => 0)).toBe('aaA0+aaa');
    // Always the highest: the longest length, the last of each alphabet, nothing moves.
    expect(generatePassword(all, max => max - 1)).toBe('zZ9_' + '_'.repeat(7));
  });

  test('every length, and every class in every place, turns up evenly', () => {
    const rounds = 8_000;
    const lengths = new Map<number, number>();
    const firsts = { lower: 0, upper: 0, numbers: 0, special: 0 };
    for (let round = 0; round < rounds; round += 1) {
      const password = generatePassword(all, secure);
      lengths.set(password.length, (lengths.get(password.length) ?? 0) + 1);
      const first = password.charAt(0);
      if (LOWER_CASE.includes(first)) firsts.lower += 1;
      else if (UPPER_CASE.includes(first)) firsts.upper += 1;
      else if (NUMBERS.includes(first)) firsts.numbers += 1;
      else firsts.special += 1;
    }
    expect([...lengths.keys()].sort((a, b) => a - b)).toEqual([8, 9, 10, 11]);
    // 2,000 expected; nine standard deviations either side.
    for (const count of lengths.values()) expect(Math.abs(count - rounds / 4)).toBeLessThan(350);
    // One of each class, and the rest by the size of the alphabets: no class is confined to a place.
    for (const count of Object.values(firsts)) expect(count).toBeGreaterThan(rounds / 10);
  });

  test('the special characters are none that a shell, XML or an ini file reads as syntax', () => {
    expect(SPECIAL_CHARACTERS).toMatch(/^[!-~]+$/);
    expect(SPECIAL_CHARACTERS).not.toMatch(/[\s'"`\\$&<>|;*?()[\]{}!#~%^/A-Za-z0-9]/);
    expect(new Set(SPECIAL_CHARACTERS).size).toBe(SPECIAL_CHARACTERS.length);
  });
});
