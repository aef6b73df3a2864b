import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fileAddress, fileIdsIn, parseFileName, parseMediaType, withFile, withoutField } from './file.ts';

const file = { id: 'a', number: 1, name: 'f', media_type: 'a/b', size: 1, sha256: '0' };

describe('the name of a file', () => {
  test.each(['a', 'id_rsa.pem', 'Schlüssel €.txt', '...', '.a', ' a ', 'x'.repeat(256)])(
    '%j is one',
    name => {
      expect(parseFileName(name)).toBe(name);
    },
  );

  test('is kept in one spelling', () => {
    expect(parseFileName('u\u0308')).toBe('\u00fc');
  });

  test.each(['', ' ', '.', '..', 'a/b', '/', '..\\a', 'a\nb', 'a\u0000', '\ud800', 'x'.repeat(257)])(
    '%j is none',
    name => {
      expect(() => parseFileName(name)).toThrow(expect.objectContaining({ property: 'filename' }));
    },
  );
});

describe('a media type', () => {
  test.each(['text/plain', 'text/plain; charset=utf-8', 'a/b;c="d; e"', "x-!#$&^_.+-/x'*"])(
    '%j is one',
    type => {
      expect(parseMediaType(type)).toBe(type);
    },
  );

  test('that is not stated is that of any bytes', () => {
    expect(parseMediaType('')).toBe('application/octet-stream');
  });

  test.each([
    'text',
    '/plain',
    'text/',
    'text/plain;',
    'a/b, c/d',
    'a/b; c="d',
    'a/b\r\nx: y',
    `a/${'b'.repeat(126)}`,
  ])('%j is none', type => {
    expect(() => parseMediaType(type)).toThrow(expect.objectContaining({ property: 'Content-Type' }));
  });

  test('is checked in a time that grows with its length alone', () => {
    for (const part of ['a/b; c="', 'a/b; c=d;', ';', 'a']) {
      expect(() => parseMediaType(`${part.repeat(15).slice(0, 126)}\n`)).toThrow();
    }
  });
});

describe('content', () => {
  test('names a file where an object has nothing but `file` with the text `id`', () => {
    const data = {
      one: { file: { id: 'x' } },
      two: { file },
      number: { file: { id: 1 } },
      inherited: { file: Object.create({ id: 'x' }) as object },
      more: { file: { id: 'x' }, more: 1 },
      list: [{ file: { id: 'x' } }],
      text: 'file',
      none: null,
      deep: { one: { file: { id: 'x' } } },
    };
    expect([...fileIdsIn(data)]).toEqual([
      ['one', 'x'],
      ['two', 'a'],
    ]);
  });

  test('with a file names it, and without its field is what it was', () => {
    const json = fc.dictionary(fc.string(), fc.jsonValue());
    fc.assert(
      fc.property(json, fc.oneof(fc.string(), fc.constant('__proto__')), (data, field) => {
        const changed = withFile(data, field, file);
        expect(fileIdsIn(changed).get(field)).toBe('a');
        const without = Object.fromEntries(Object.entries(data).filter(([name]) => name !== field));
        expect(Object.entries(withoutField(changed, field))).toEqual(Object.entries(without));
      }),
    );
  });
});

test('no two files share an address', () => {
  const ids = ['a', 'b', 'c'].flatMap(secret => ['a', 'b', 'c'].map(id => fileAddress(secret, id).objectId));
  expect(new Set(ids).size).toBe(9);
});
