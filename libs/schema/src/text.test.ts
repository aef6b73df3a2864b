import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { canonicalName, isLine, isText } from './text.ts';

/** Any text that JSON can carry, lone surrogates included. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map(units => String.fromCharCode(...units)),
);

describe('canonicalName', () => {
  test('is idempotent', () => {
    fc.assert(
      fc.property(anyText, text => {
        expect(canonicalName(canonicalName(text))).toBe(canonicalName(text));
      }),
      { numRuns: 2_000 },
    );
  });

  test('is idempotent for every single character, also between and after letters', () => {
    const broken: string[] = [];
    for (let point = 0; point <= 0x10ffff; point += 1) {
      const character = String.fromCodePoint(point);
      for (const name of [`a${character}b`, `b${character}`]) {
        const canonical = canonicalName(name);
        if (canonicalName(canonical) !== canonical) broken.push(point.toString(16));
      }
    }
    expect(broken).toEqual([]);
  });

  test('does not see case, outer blanks, the kind and number of inner blanks, or compatibility forms', () => {
    const word = fc.stringMatching(/^[a-zA-Z0-9]{1,8}$/);
    const blanks = fc.stringMatching(/^[ \t\u00a0\u2003\u3000]{1,3}$/);
    const fullWidth = (text: string) =>
      text.replace(/[!-~]/g, character => String.fromCharCode(character.charCodeAt(0) + 0xfee0));
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 3 }), blanks, blanks, (words, outer, inner) => {
        const plain = canonicalName(words.join(' '));
        expect(canonicalName(outer + words.join(inner) + outer)).toBe(plain);
        expect(canonicalName(words.join(' ').toUpperCase())).toBe(plain);
        expect(canonicalName(fullWidth(words.join(' ')))).toBe(plain);
      }),
    );
  });

  test.each([
    ['composed and decomposed accents', 'Ren\u00e9', 'Rene\u0301'],
    ['a ligature', '\ufb01nance', 'finance'],
    ['sharp s', 'Stra\u00dfe', 'STRASSE'],
    ['capital sharp s', 'STRA\u1e9eE', 'strasse'],
    ['final sigma', 'ΟΔΟΣ', 'οδος'],
    ['final sigma before a word', 'ΟΔΟΣ x', 'οδοσ x'],
    ['the Kelvin sign', '\u212a', 'k'],
    ['a zero-width space', 'ad\u200bmin', 'admin'],
    ['a zero-width joiner at the end', 'admin\u200d', 'admin'],
    ['a byte order mark', '\ufeffadmin', 'admin'],
    ['a soft hyphen', 'ad\u00admin', 'admin'],
    ['a direction override', '\u202eadmin', 'admin'],
    ['an invisible letter between blanks', 'a \u2060 b', 'a b'],
  ])('takes %s for the same name', (_what, one, other) => {
    expect(canonicalName(one)).toBe(canonicalName(other));
  });

  test.each([
    ['admin', 'admin1'],
    ['admin', 'ad min'],
    ['rené', 'rene'],
    ['a/b', 'a.b'],
  ])('keeps %j and %j apart', (one, other) => {
    expect(canonicalName(one)).not.toBe(canonicalName(other));
  });
});

describe('isLine and isText', () => {
  test('refuse every control character but tab and line breaks in a text', () => {
    const controls = [...Array(0x20).keys(), ...Array.from({ length: 33 }, (_, index) => 0x7f + index)];
    for (const code of controls) {
      const text = `a${String.fromCharCode(code)}b`;
      expect([code, isLine(text)]).toEqual([code, false]);
      expect([code, isText(text)]).toEqual([code, [0x09, 0x0a, 0x0d].includes(code)]);
    }
  });

  test.each([['\ud800'], ['a\udc00b'], ['\udc00\ud800']])('refuse the lone surrogate in %j', text => {
    expect(isLine(text)).toBe(false);
    expect(isText(text)).toBe(false);
  });

  test('line separators break a line, not a text', () => {
    for (const text of ['a\u2028b', 'a\u2029b']) {
      expect(isLine(text)).toBe(false);
      expect(isText(text)).toBe(true);
    }
  });

  test('accept ordinary text of any script', () => {
    for (const text of ['', 'a b', 'Zürich', '日本語', '👩‍👩‍👧', 'שלום']) {
      expect(isLine(text)).toBe(true);
      expect(isText(text)).toBe(true);
    }
  });
});
