import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { normalizeRules, type SourceRule } from './role.ts';

const nested = (depth: number): SourceRule => (depth === 0 ? {} : { rules: [nested(depth - 1)] });

describe('normalizeRules', () => {
  test('makes rules a list at every level and touches nothing else', () => {
    expect(normalizeRules({})).toEqual({ rules: [] });
    expect(normalizeRules({ type: 'GROUP', match: null, rules: null })).toEqual({
      type: 'GROUP',
      match: null,
      rules: [],
    });
    const given: SourceRule = {
      match: 'ALL',
      rules: [{ source: 'a' }, { rules: [{ source: 'b', rules: null }] }],
    };
    const copy = structuredClone(given);
    expect(normalizeRules(given)).toEqual({
      match: 'ALL',
      rules: [{ source: 'a', rules: [] }, { rules: [{ source: 'b', rules: [] }] }],
    });
    expect(given).toEqual(copy);
  });

  test('refuses what is nested deeper than sixteen levels, wherever that is', () => {
    expect(normalizeRules(nested(16))).toBeDefined();
    expect(normalizeRules(nested(17))).toBeUndefined();
    expect(normalizeRules({ rules: [{}, nested(16)] })).toBeUndefined();
  });

  test('is idempotent', () => {
    const { rule } = fc.letrec<{ rule: SourceRule }>(tie => ({
      rule: fc.record(
        {
          type: fc.constantFrom('GROUP', 'RULE', null),
          source: fc.string(),
          rules: fc.option(fc.array(tie('rule'), { maxLength: 3, depthIdentifier: 'rule' })),
        },
        { requiredKeys: [] },
      ),
    }));
    fc.assert(
      fc.property(rule, given => {
        const once = normalizeRules(given);
        expect(once === undefined ? undefined : normalizeRules(once)).toEqual(once);
      }),
    );
  });
});
