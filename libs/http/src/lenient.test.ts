import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { bodyParser } from '@strongroom/schema/parser';
import { Choice, FreeObject, Members, OrNull, Type } from '@strongroom/schema/types';
import { lenient, lenientQuery } from './lenient.ts';

const Item = Members({ fieldId: Type.Integer(), itemValue: OrNull(Type.String()) });
const Secret = Members({
  name: Type.String(),
  folderId: OrNull(Type.Integer()),
  active: Type.Boolean(),
  scope: Choice('All', 'Recent', 'Favorites'),
  items: Type.Array(Item),
  free: Type.Optional(FreeObject),
});

describe('a body', () => {
  test('as Go writes it reads as the schema has it', () => {
    const sent = {
      Name: 'a',
      FolderID: -1,
      Active: 'False',
      SCOPE: 2,
      Items: [{ FieldID: '7', ItemValue: 'True', Filename: '' }],
      Unknown: { a: 1 },
    };
    expect(lenient(Secret, sent)).toEqual({
      name: 'a',
      folderId: -1,
      active: false,
      scope: 'Favorites',
      items: [{ fieldId: 7, itemValue: 'True' }],
    });
  });

  test('texts and free objects stay as they are', () => {
    const sent = { name: 'True', free: { Name: 'True', A: '1' } };
    expect(lenient(Secret, sent)).toEqual(sent);
  });

  test.each([[{ name: 'a', NAME: 'b' }], [{ items: [{ fieldId: 1, FieldID: 2 }] }]])(
    'with a member in two spellings is refused: %j',
    sent => {
      expect(() => lenient(Secret, sent)).toThrow('A member is stated twice');
    },
  );

  test('what is in no known spelling stays for the schema to refuse', () => {
    const parse = bodyParser(Secret);
    const anything = fc.anything().filter(value => typeof value !== 'object' || value === null);
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('name', 'Active', 'scope', 'items', 'folderId'), anything),
        sent => {
          const read = lenient(Secret, sent) as Record<string, unknown>;
          for (const [name, value] of Object.entries(sent)) {
            const own = name === 'Active' ? 'active' : name;
            const isSpelt = typeof value === 'string' || typeof value === 'number';
            if (!isSpelt) expect(read[own]).toEqual(value);
          }
          // Not all that is sent is well; nothing breaks the reader.
          expect(() => parse(read)).toThrow();
        },
      ),
    );
  });

  test('cannot reach a prototype', () => {
    const read = lenient(Secret, JSON.parse('{"__proto__":{"active":true},"constructor":1,"name":"a"}'));
    expect(Object.getOwnPropertyNames(read)).toEqual(['name']);
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
  });
});

describe('a query', () => {
  const Query = Members({
    take: Type.Optional(Type.Integer()),
    'filter.searchText': Type.Optional(Type.String()),
    'filter.includeInactive': Type.Optional(Type.Boolean()),
    'filter.ids': Type.Optional(Type.Array(Type.Integer())),
    'sortBy[0].name': Type.Optional(Type.String()),
  });

  test.each([
    [{ TAKE: '5' }, { take: 5 }],
    [{ take: '' }, {}],
    [
      { 'Filter.searchtext': 'a', 'filter.includeinactive': 'True' },
      { 'filter.searchText': 'a', 'filter.includeInactive': true },
    ],
    [{ 'filter.ids': '1' }, { 'filter.ids': [1] }],
    [{ 'filter.ids': ['1', '2'] }, { 'filter.ids': [1, 2] }],
    [{ 'filter.ids[0]': '1', 'filter.ids[1]': '2' }, { 'filter.ids': [1, 2] }],
    [{ 'sortby[0].name': 'a' }, { 'sortBy[0].name': 'a' }],
    [{ other: 'a' }, {}],
    // Two of what is one are left for the schema to refuse.
    [{ take: '1', Take: '2' }, { take: ['1', '2'] }],
  ])('%j', (sent, read) => {
    expect(lenientQuery(Query, sent)).toEqual(read);
  });
});
