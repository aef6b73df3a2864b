import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { matchesFilter, parseFilter, type Attributes } from './ldap-filter.ts';

const alice: Attributes = new Map([
  ['cn', ['alice']],
  ['mail', ['Alice@Example.com']],
  ['tags', ['ops', 'on call']],
  ['level', ['10']],
  ['title', []],
  ['street', ['Straße (links) * 5\\']],
  ['blank', [' ']],
]);

/** undefined: not a filter. */
const matches = (text: string) => {
  const filter = parseFilter(text);
  return filter && matchesFilter(filter, alice);
};

describe('a filter', () => {
  test.each<[string, boolean]>([
    ['(cn=alice)', true],
    [' (cn=alice)\n', true],
    ['(CN=ALICE)', true],
    ['(cn= alice )', true],
    ['(cn=bob)', false],
    ['(cn=*)', true],
    ['(title=*)', false],
    ['(blank=*)', false],
    ['(nothing=*)', false],
    ['(tags=ops)', true],
    ['(tags=on*)', true],
    ['(mail=*@example.com)', true],
    ['(mail=alice@*.com)', true],
    ['(mail=a*e@e*e.com)', true],
    ['(mail=*alice*)', true],
    ['(mail=*alice@example.com*)', true],
    ['(cn=ali*ice)', false],
    ['(cn=a*b*e)', false],
    ['(&(cn=alice)(tags=ops))', true],
    ['(&(cn=alice)(tags=dev))', false],
    ['(|(cn=bob)(tags=ops))', true],
    ['(!(cn=bob))', true],
    ['(!(cn=alice))', false],
    ['(&(cn=alice)(!(|(tags=dev)(title=boss))))', true],
    ['(level>=9)', true],
    ['(level>=11)', false],
    ['(level<=10)', true],
    ['(cn>=alicd)', true],
    ['(cn<=alicd)', false],
    ['(nothing>=0)', false],
    ['(street=stra\\c3\\9fe \\28links\\29 \\2a 5\\5c)', true],
    ['(street=STRASSE*)', true],
    ['(street=*\\2a*)', true],
    ['(cn=*\\2a*)', false],
  ])('%s: %s', (text, expected) => {
    expect(matches(text)).toBe(expected);
  });

  test.each([
    '',
    '*',
    'cn=alice',
    '()',
    '(cn)',
    '(=alice)',
    '(cn=)',
    '(cn=alice',
    '(cn=alice))',
    '(cn=alice)(cn=bob)',
    '((cn=alice))',
    '(cn=a(b)',
    '(&)',
    '(|)',
    '(!)',
    '(!(cn=a)(cn=b))',
    '(cn~=alice)',
    '(cn:=alice)',
    '(cn>=*)',
    '(cn=\\zz)',
    '(cn=\\2)',
    '(cn=\\ff)',
    '(1cn=alice)',
    `${'(!'.repeat(17)}(cn=a)${')'.repeat(17)}`,
    `(cn=${'a'.repeat(4_096)})`,
  ])('%j is none', text => {
    expect(parseFilter(text)).toBeUndefined();
  });

  test('of the greatest depth is one', () => {
    expect(matches(`${'(!'.repeat(16)}(cn=alice)${')'.repeat(16)}`)).toBe(true);
  });

  const escape = (value: string) =>
    value.replace(/[\\*()\0]/g, character => `\\${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
  const value = fc.string({ minLength: 1 }).filter(text => text.trim() !== '');

  test('finds any value that is escaped, and no other', () => {
    fc.assert(
      fc.property(value, value, (own, other) => {
        const filter = parseFilter(`(cn=${escape(own)})`);
        expect(filter).toBeDefined();
        if (filter === undefined) return;
        expect(matchesFilter(filter, new Map([['cn', [own]]]))).toBe(true);
        if (other.trim().toUpperCase() === own.trim().toUpperCase()) return;
        expect(matchesFilter(filter, new Map([['cn', [other]]]))).toBe(false);
      }),
    );
  });

  test('finds a value by any of its parts', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z]{1,4}$/), { minLength: 1, maxLength: 4 }), parts => {
        const attributes: Attributes = new Map([['cn', [parts.join('')]]]);
        for (const text of [`(cn=${parts.join('*')})`, `(cn=*${parts.join('*')}*)`]) {
          const filter = parseFilter(text);
          expect(filter && matchesFilter(filter, attributes)).toBe(true);
        }
      }),
    );
  });

  test('is read or refused, never thrown at, and never both itself and its opposite', () => {
    const noise = fc.string({ unit: fc.constantFrom(...'( ) & | ! = * < > \\ 2 a c n ß'.split(' '), ' ') });
    fc.assert(
      fc.property(
        fc.oneof(
          noise,
          noise.map(text => `(cn=${text})`),
        ),
        text => {
          const filter = parseFilter(text);
          if (filter === undefined) return;
          const opposite = parseFilter(`(!${text.trim()})`);
          expect(opposite && matchesFilter(opposite, alice)).toBe(!matchesFilter(filter, alice));
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
