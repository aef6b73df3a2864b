import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { constantTimeEqual } from './compare.ts';

describe('constantTimeEqual', () => {
  const units = fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 4 });
  const text = fc.oneof(
    fc.string({ maxLength: 3 }),
    units.map(codes => String.fromCharCode(...codes)),
  );

  test('is ===', () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(constantTimeEqual(a, b)).toBe(a === b);
        expect(constantTimeEqual(a, a.slice())).toBe(true);
        expect(constantTimeEqual(a, a + b)).toBe(b === '');
      }),
      { numRuns: 1_000 },
    );
  });

  test.each([
    ['a lone surrogate', '\ud800', '\ufffd'],
    ['another lone surrogate', '\ud800', '\udfff'],
    ['a trailing NUL', 'a', 'a\0'],
    ['composed and decomposed forms', '\u00e9', 'e\u0301'],
    ['case', 'a', 'A'],
  ])('tells %s apart', (_what, a, b) => {
    expect(constantTimeEqual(a, b)).toBe(false);
  });
});
