import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { numberFields, type StatedField } from '../../domain/schema.ts';
import { fieldOfId, fieldsOf } from './fields.ts';

const field = (name: string): StatedField => ({ name, title: name, type: 'text' });
const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { maxLength: 6 });
const schemaOf = (stated: readonly string[]) => ({ number: 7, ...numberFields(stated.map(field)) });

describe('numbers of fields', () => {
  test('a field keeps its own while it is there, and no later one gets it', () => {
    fc.assert(
      fc.property(fc.array(names, { minLength: 1, maxLength: 6 }), changes => {
        let schema = numberFields([]);
        const owners = new Map<number, number>();
        let before = new Map<string, number>();
        changes.forEach((stated, round) => {
          schema = numberFields(stated.map(field), schema);
          const now = new Map(schema.properties.map(({ name, number }) => [name, number]));
          expect(new Set(now.values()).size).toBe(stated.length);
          for (const [name, number] of now) {
            if (before.has(name)) expect(number).toBe(before.get(name));
            else expect(owners.has(number)).toBe(false);
            owners.set(number, round);
          }
          before = now;
        });
      }),
    );
  });

  test('are refused when a schema has had too many', () => {
    const { properties } = numberFields([field('a')]);
    expect(() => numberFields([field('b')], { properties, highestField: 255 })).toThrow('at most 255');
  });

  test('tell schema and field', () => {
    const [only] = fieldsOf({ number: 1 }, schemaOf(['a']), {});
    expect(fieldOfId(only?.fieldId ?? 0)).toEqual({ schemaNumber: 7, fieldNumber: 1 });
  });
});

describe('fields of a secret', () => {
  const anyNames = fc.uniqueArray(fc.string({ maxLength: 8 }), { maxLength: 20 });

  test('each have numbers of their own, in 32 bits, and keep them whatever else there is', () => {
    fc.assert(
      fc.property(names, anyNames, fc.integer({ min: 1, max: 8_000_000 }), (stated, free, number) => {
        const data = Object.fromEntries(free.map(name => [name, 'x']));
        const fields = fieldsOf({ number }, schemaOf(stated), data);
        expect(fields.map(({ slug }) => slug).sort()).toEqual(
          [...new Set([...stated, ...Object.keys(data)])].sort(),
        );
        expect(new Set(fields.map(({ fieldId }) => fieldId)).size).toBe(fields.length);
        expect(new Set(fields.map(({ itemId }) => itemId)).size).toBe(fields.length);
        for (const one of fields) {
          expect([one.fieldId | 0, one.itemId | 0]).toEqual([one.fieldId, one.itemId]);
          const alone = fieldsOf({ number }, schemaOf(stated), { [one.slug]: 'y' });
          expect(alone.find(({ slug }) => slug === one.slug)).toEqual(one);
        }
      }),
    );
  });
});
