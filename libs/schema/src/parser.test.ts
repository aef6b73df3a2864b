import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { AppError } from '@strongroom/errors/app-error';
import { errorBody } from '@strongroom/errors/error-body';
import { bodyParser, parameterParser } from './parser.ts';
import {
  Choice,
  Envelope,
  FreeObject,
  Line,
  Members,
  OrNull,
  Text,
  Timestamp,
  Type,
  Uuid,
  type TSchema,
} from './types.ts';

function refusalOf(parse: (input: unknown) => unknown, input: unknown): AppError {
  try {
    parse(input);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('the input was accepted');
}

const parseJson = (schema: TSchema, json: string): unknown => bodyParser(schema)(JSON.parse(json));

describe('a broken field', () => {
  const ID = '123e4567-e89b-42d3-a456-426614174000';
  const cases: [string, TSchema, unknown, string][] = [
    ['absent', Line(9), undefined, 'REQUIRED_VALUE_MISSING'],
    ['of another type', Line(9), 7, 'VALUE_INCORRECT_TYPE'],
    ['null', Line(9), null, 'VALUE_INCORRECT_TYPE'],
    ['a number as text', Type.Integer(), '7', 'VALUE_INCORRECT_TYPE'],
    ['not whole', Type.Integer(), 1.5, 'VALUE_INCORRECT_TYPE'],
    ['too small', Type.Integer({ minimum: 1 }), 0, 'VALUE_OUT_OF_BOUNDS'],
    ['too large', Type.Integer({ maximum: 1 }), 2, 'VALUE_OUT_OF_BOUNDS'],
    ['too short', Line(9, 1), '', 'VALUE_OUT_OF_BOUNDS'],
    ['too long', Line(3), 'four', 'VALUE_OUT_OF_BOUNDS'],
    ['with too few items', Type.Array(Uuid, { minItems: 1 }), [], 'VALUE_OUT_OF_BOUNDS'],
    ['with too many items', Type.Array(Uuid, { maxItems: 1 }), [ID, ID], 'VALUE_OUT_OF_BOUNDS'],
    ['not of the pattern', Type.String({ pattern: '^a$' }), 'b', 'VALUE_INCORRECT_FORMAT'],
    ['none of the words', Choice('a', 'b'), 'c', 'VALUE_INCORRECT_FORMAT'],
    ['not the constant', Type.Literal('a'), 'b', 'VALUE_INCORRECT_FORMAT'],
    ['two lines', Line(9), 'a\nb', 'VALUE_INCORRECT_FORMAT'],
    ['a text with NUL', Text(9), 'a\0b', 'VALUE_INCORRECT_FORMAT'],
    ['no UUID', Uuid, 'x'.repeat(36), 'VALUE_INCORRECT_FORMAT'],
    ['a URN', Uuid, `urn:uuid:${ID}`, 'VALUE_INCORRECT_FORMAT'],
    ['no timestamp', Timestamp, '2026-02-30T00:00:00Z', 'VALUE_INCORRECT_FORMAT'],
    ['a timestamp without a zone', Timestamp, '2026-02-03T00:00:00', 'VALUE_INCORRECT_FORMAT'],
  ];

  test.each(cases)('that is %s has its code and its property', (_what, schema, value, code) => {
    const parse = bodyParser(Members({ list: Type.Array(Members({ field: schema })) }));
    const error = refusalOf(parse, { list: [value === undefined ? {} : { field: value }] });
    expect(error.kind).toBe('invalid');
    expect(error.code).toBe(code);
    expect(error.property).toMatch(/^list\.0\.field(\.\d)?$/);
    expect(error.message.startsWith(`${error.property ?? ''} `)).toBe(true);
    expect(error.details[0]).toEqual({ code, message: error.message, property: error.property });
  });

  test('counts characters, not UTF-16 units', () => {
    expect(parseJson(Line(3), '"👩👩👩"')).toBe('👩👩👩');
  });

  test.each([['null'], ['[]'], ['"text"'], ['7']])('a body that is %s has no property', json => {
    const error = refusalOf(bodyParser(Members({})), JSON.parse(json));
    expect(error.code).toBe('VALUE_INCORRECT_TYPE');
    expect(error.message).toBe('body must be object');
    expect(error.property).toBeUndefined();
  });

  test('each is told once, and no more of them than a reader can use', () => {
    const members = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`m${index}`, Line(9)]));
    const error = refusalOf(bodyParser(Members(members)), {});
    expect(error.details).toHaveLength(20);
    expect(new Set(error.details.map(detail => detail.property)).size).toBe(20);
    const twice = refusalOf(bodyParser(Members({ a: Type.String({ minLength: 5, pattern: '^x' }) })), {
      a: 'y',
    });
    expect(twice.details).toHaveLength(1);
  });

  test('of an optional member is told for what it is, not as "must be null"', () => {
    const parse = bodyParser(Members({ a: OrNull(Line(3)), b: OrNull(Members({ c: Line(3) })) }));
    expect(refusalOf(parse, { a: 'four' }).code).toBe('VALUE_OUT_OF_BOUNDS');
    expect(refusalOf(parse, { a: 7 }).message).toBe('a must be string');
    expect(refusalOf(parse, { b: {} }).property).toBe('b.c');
  });
});

describe('an accepted body', () => {
  test('keeps the members that it names, at every depth; others are dropped', () => {
    const item = Members({ id: Uuid, free: FreeObject });
    const ID = '123E4567-E89B-42D3-A456-426614174000';
    const parsed = bodyParser(Members({ one: item, nested: OrNull(Envelope(item)) }))({
      created: 'now',
      one: { id: ID, author: 'me', free: { any: { thing: 1 } } },
      nested: { count: 1, more: true, items: [{ id: ID, free: {}, x: [] }] },
    });
    expect(parsed).toEqual({
      one: { id: ID, free: { any: { thing: 1 } } },
      nested: { count: 1, items: [{ id: ID, free: {} }] },
    });
  });

  test('takes null for an optional member, and its absence; defaults fill in', () => {
    const parse = bodyParser(Members({ a: OrNull(Line(3)), b: Type.Integer({ default: 7 }) }));
    expect(parse({ a: null })).toEqual({ a: null, b: 7 });
    expect(parse({})).toEqual({ b: 7 });
  });

  test('cannot reach a prototype', () => {
    const attack =
      '{"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}},"prototype":1,"a":"x"}';
    const schema = Members({ a: Line(3), free: Type.Optional(FreeObject) });
    const parsed = parseJson(schema, attack) as Record<string, unknown>;
    expect(Object.getOwnPropertyNames(parsed)).toEqual(['a']);
    expect(Object.getPrototypeOf(parsed)).toBe(Object.prototype);
    const kept = parseJson(schema, `{"a":"x","free":${attack}}`) as { free: object };
    expect(Object.getPrototypeOf(kept.free)).toBe(Object.prototype);
    expect(JSON.stringify(kept.free)).toBe(attack);
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
  });

  test('does not get a required member from a prototype', () => {
    const parse = bodyParser(Members({ constructor: Type.Optional(Line(9)), a: Line(9) }));
    expect(parse({ a: 'x' })).toEqual({ a: 'x' });
    expect(refusalOf(bodyParser(Members({ toString: Type.Any() })), {}).code).toBe('REQUIRED_VALUE_MISSING');
  });
});

describe('values never occur in refusals', () => {
  const schema = Members({
    name: Line(5, 1),
    word: Choice('a', 'b'),
    literal: Type.Literal('fixed'),
    number: Type.Integer({ minimum: 0, maximum: 9 }),
    id: Uuid,
    at: Timestamp,
    either: OrNull(Type.Union([Members({ x: Line(2) }), Type.Array(Line(2))])),
    list: Type.Array(Members({ pattern: Type.String({ pattern: '^[0-9]+$' }) })),
  });

  test('whatever is broken and however', () => {
    const marked = fc.oneof(
      fc.string().map(text => `CANARY${text}`),
      fc.constant(73577357),
      fc.constant(['CANARY']),
      fc.constant({ CANARY: 'CANARY' }),
      fc.constant(null),
    );
    const body = fc.record(
      {
        name: marked,
        word: marked,
        literal: marked,
        number: marked,
        id: marked,
        at: marked,
        either: fc.oneof(marked, fc.record({ x: marked }), fc.array(marked)),
        list: fc.array(fc.record({ pattern: marked })),
        CANARY: marked,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(body, input => {
        const error = refusalOf(bodyParser(schema), structuredClone(input));
        const told = JSON.stringify([errorBody(error), error.stack, error.cause ?? '']);
        expect(told).not.toContain('CANARY');
        expect(told).not.toContain('73577357');
      }),
    );
  });
});

describe('parameters', () => {
  const parse = parameterParser(
    Members({
      limit: Type.Integer({ minimum: 1, maximum: 100, default: 50 }),
      verbose: Type.Optional(Type.Boolean()),
      name: Type.Optional(Line(9)),
    }),
  );

  test('become numbers and booleans; texts stay texts; unknown ones are ignored', () => {
    expect(parse({ limit: '7', verbose: 'true', name: '007', other: 'x' })).toEqual({
      limit: 7,
      verbose: true,
      name: '007',
    });
    expect(parse({ verbose: 'false' })).toEqual({ limit: 50, verbose: false });
  });

  test.each([
    [{ limit: '' }],
    [{ limit: '0' }],
    [{ limit: '101' }],
    [{ limit: '1.5' }],
    [{ limit: 'ten' }],
    [{ limit: '1e999' }],
    [{ limit: ['1', '2'] }],
    [{ verbose: 'yes' }],
    [{ verbose: 'TRUE' }],
    [{ name: ['a', 'b'] }],
    [{ name: 'a\0' }],
  ])('%j is refused', input => {
    const error = refusalOf(parse, input);
    expect(error.kind).toBe('invalid');
    expect(error.property).toBe(Object.keys(input)[0]);
  });
});
