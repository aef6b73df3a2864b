import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  formatRecoveryCode,
  parseRecoveryCode,
  parseTotpCode,
  RECOVERY_CODE_LETTERS,
} from './one-time-code.ts';

/** What people and programs put into codes without meaning it. */
const noise = fc.constantFrom('', ' ', '-', '\u00a0', '\u2009', '\u200b', '\u2011', '.', '\u3000', '\ufeff');

const noisy = (text: string) =>
  fc
    .array(noise, { minLength: text.length + 1, maxLength: text.length + 1 })
    .map(blanks => blanks.map((blank, index) => `${blank}${text.charAt(index)}`).join(''));

describe('a TOTP code', () => {
  test('is the same however it is spaced, and in whatever digits', () => {
    const form = fc.stringMatching(/^[0-9]{6}$/).chain(code => noisy(code).map(text => ({ code, text })));
    fc.assert(
      fc.property(form, fc.boolean(), ({ code, text }, wide) => {
        const typed = wide
          ? text.replace(/[0-9]/g, digit => String.fromCodePoint(0xff10 + Number(digit)))
          : text;
        expect(parseTotpCode(typed)).toBe(code);
      }),
    );
  });

  test('is six ASCII digits or none', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), text => {
        expect(parseTotpCode(text) ?? '000000').toMatch(/^[0-9]{6}$/);
      }),
    );
  });

  test.each([
    '',
    '12345',
    '1234567',
    '12345a',
    '+123456',
    '1e5432',
    '١٢٣٤٥٦',
    '١23456',
    '123456\ud800',
    `123456${' '.repeat(100)}`,
  ])('%j is none', text => {
    expect(parseTotpCode(text)).toBeUndefined();
  });
});

describe('a recovery code', () => {
  const bytes = fc.uint8Array({ minLength: RECOVERY_CODE_LETTERS, maxLength: RECOVERY_CODE_LETTERS });

  test('reads as four groups of five', () => {
    fc.assert(
      fc.property(bytes, random => {
        expect(formatRecoveryCode(random)).toMatch(/^([0-9a-hjkmnp-tv-z]{5}-){3}[0-9a-hjkmnp-tv-z]{5}$/);
      }),
    );
  });

  test('is the same in capitals, with other separators and with look-alikes', () => {
    const form = bytes.chain(random => {
      const code = formatRecoveryCode(random);
      const letters = code.replaceAll('-', '');
      return noisy(letters).map(text => ({ code, letters, text }));
    });
    fc.assert(
      fc.property(form, ({ code, letters, text }) => {
        expect(parseRecoveryCode(code)).toBe(letters);
        expect(parseRecoveryCode(text.toUpperCase())).toBe(letters);
        expect(parseRecoveryCode(code.replaceAll('0', 'O').replaceAll('1', 'l'))).toBe(letters);
      }),
    );
  });

  test.each([
    '',
    'a',
    '0'.repeat(19),
    '0'.repeat(21),
    `${'0'.repeat(19)}u`,
    `${'0'.repeat(19)}é`,
    '0'.repeat(65),
  ])('%j is none', text => {
    expect(parseRecoveryCode(text)).toBeUndefined();
  });
});
