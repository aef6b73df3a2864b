import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readElements, type Element } from './ldap-ber.ts';
import { escapeFilterValue, parseFilter } from './ldap-filter.ts';

type Filter =
  | { kind: '&' | '|'; parts: Filter[] }
  | { kind: '!'; part: Filter }
  | { kind: '=' | '~=' | '>=' | '<='; attribute: string; value: string }
  | { kind: '*'; attribute: string };

const attribute = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,8}(;[a-z-]{1,4})?$/);
const value = fc.string({ unit: 'binary', maxLength: 12 }).filter(text => text.isWellFormed());
const { filter } = fc.letrec<{ filter: Filter }>(tie => ({
  filter: fc.oneof(
    { maxDepth: 4 },
    fc.record({ kind: fc.constantFrom('=', '~=', '>=', '<='), attribute, value }),
    fc.record({ kind: fc.constant('*'), attribute }),
    fc.record({
      kind: fc.constantFrom('&', '|'),
      parts: fc.array(tie('filter'), { minLength: 1, maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant('!'), part: tie('filter') }),
  ),
}));

function write(given: Filter): string {
  if (given.kind === '*') return `(${given.attribute}=*)`;
  if (given.kind === '!') return `(!${write(given.part)})`;
  if ('parts' in given) return `(${given.kind}${given.parts.map(write).join(' ')})`;
  return `(${given.attribute}${given.kind}${escapeFilterValue(given.value)})`;
}

function readOne(content: Buffer): Filter {
  const [element] = readElements(content);
  if (element === undefined) throw new Error('no filter');
  return read(element);
}

function read({ tag, content }: Element): Filter {
  if (tag === 0x87) return { kind: '*', attribute: content.toString() };
  const inner = readElements(content);
  if (tag === 0xa2) return { kind: '!', part: readOne(content) };
  if (tag === 0xa0 || tag === 0xa1) return { kind: tag === 0xa0 ? '&' : '|', parts: inner.map(read) };
  const kind = ({ 0xa3: '=', 0xa5: '>=', 0xa6: '<=', 0xa8: '~=' } as const)[tag as 0xa3];
  const [name, bytes] = inner.map(element => element.content.toString());
  return { kind, attribute: name ?? '', value: bytes ?? '' };
}

const readBack = (text: string) => {
  const parsed = parseFilter(text);
  return parsed && readOne(parsed);
};

test('a filter means what was written, whatever is in it', () => {
  fc.assert(
    fc.property(filter, given => {
      expect(readBack(write(given))).toEqual(given);
    }),
  );
});

test('no text does harm', () => {
  const pieces = fc.constantFrom(
    '(',
    ')',
    '&',
    '|',
    '!',
    '=',
    '*',
    '\\',
    '\\2',
    ':',
    'a',
    '0',
    ' ',
    ';',
    '>',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(pieces, { maxLength: 40 }).map(found => found.join('')),
      ),
      text => {
        const parsed = parseFilter(text);
        // One element and no more: nothing of it lands beside the filter.
        if (parsed !== undefined) expect(readElements(parsed)).toHaveLength(1);
      },
    ),
  );
  expect(parseFilter('(!'.repeat(4_000))).toBeUndefined();
  expect(parseFilter(`${'(!'.repeat(60)}(a=b)${')'.repeat(60)}`)).toBeUndefined();
});

describe('a filter', () => {
  const hex = (text: string) => parseFilter(text)?.toString('hex');

  test.each([
    ['uid=app', 'a30a0403756964040361 7070'],
    ['(cn=a*b*c)', 'a40f0402636e3009800161810162820163'],
    ['(cn=*b*)', 'a4090402636e3003810162'],
    ['(cn=**)', '8702636e'],
    ['(userAccountControl:1.2.840.113556.1.4.803:=2)', undefined],
    ['(cn=\\c3\\96)', 'a3080402636e0402c396'],
    ['(cn=\\ff\\00)', 'a3080402636e0402ff00'],
  ])('%s', (text, expected) => {
    if (expected === undefined) expect(hex(text)).toMatch(/^a9/);
    else expect(hex(text)).toBe(expected.replaceAll(' ', ''));
  });

  test.each(['', ' ', '()', '(a)', '(a=b', 'a=b)', '(a=b)(c=d)', '(&)', '(!(a=b)(c=d))', '(a=(b)', '(=b)'])(
    'is not %j',
    text => {
      expect(parseFilter(text)).toBeUndefined();
    },
  );

  test.each(['(a=\\)', '(a=\\zz)', '(a\0=b)', '(a=b\0)', '(:=b)', '(1a=b)', '(a b=c)', '(a=\ud800)'])(
    'is not %j either',
    text => {
      expect(parseFilter(text)).toBeUndefined();
    },
  );
});
