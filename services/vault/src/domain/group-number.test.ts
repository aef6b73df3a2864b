import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { groupNumber, roleOfGroup } from './group-number.ts';

test('a role is found by its number, whatever the case of its id', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.uuid(), { minLength: 1, maxLength: 20 }), ids => {
      for (const id of ids) {
        const number = groupNumber(id);
        expect(number).toBeGreaterThan(0);
        expect(number | 0).toBe(number);
        expect(groupNumber(id.toUpperCase())).toBe(number);
        expect(roleOfGroup(ids, number)).toBe(id);
      }
    }),
  );
});

test('a number of no role, or of two, names none', () => {
  const id = '0190f3a2-1111-7222-8333-444455556666';
  expect(roleOfGroup([], groupNumber(id))).toBeUndefined();
  expect(roleOfGroup([id, id.toUpperCase()], groupNumber(id))).toBeUndefined();
});
