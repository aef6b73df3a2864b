import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { SourceRule } from './role.ts';
import { compileRules, hasTooManyRules, sourcesOf, type Person } from './source-rules.ts';
import { attributesOf } from './user-attributes.ts';

const SOURCE = '0b0e8f6a-0000-4000-8000-000000000001';
const person = (username: string, document: Record<string, unknown> = {}, tags: string[] = []): Person => ({
  sourceId: SOURCE,
  attributes: attributesOf({ username, document, tags }),
});
const rule = (search_string: string, source = SOURCE): SourceRule => ({
  type: 'RULE',
  source,
  search_string,
});
const alice = person('alice', { department: 'IT', email: 'alice@example.com' }, ['ops']);
const yes = rule('(cn=alice)');
const no = rule('(cn=bob)');

describe('rules', () => {
  test.each<[string, SourceRule, boolean]>([
    ['one that matches', yes, true],
    ['one that does not', no, false],
    ['its source in capitals', rule('(cn=alice)', SOURCE.toUpperCase()), true],
    ['another source', rule('(cn=alice)', SOURCE.replace('1', '2')), false],
    ['no source', rule('(cn=alice)', ''), false],
    ['no filter', rule(''), false],
    ['a malformed filter', rule('(cn=alice'), false],
    ['a malformed filter that would deny', rule('(!(cn=bob)'), false],
    ['ANY', { type: 'GROUP', match: 'ANY', rules: [no, yes] }, true],
    ['ALL', { type: 'GROUP', match: 'ALL', rules: [no, yes] }, false],
    ['ALL of those that match', { type: 'GROUP', match: 'ALL', rules: [yes, rule('(department=it)')] }, true],
    ['neither ANY nor ALL: the stricter', { type: 'GROUP', match: '', rules: [no, yes] }, false],
    ['an empty ANY', { type: 'GROUP', match: 'ANY', rules: [] }, false],
    ['an empty ALL', { type: 'GROUP', match: 'ALL', rules: [] }, false],
    [
      'an empty ALL within',
      { type: 'GROUP', match: 'ALL', rules: [yes, { type: 'GROUP', match: 'ALL' }] },
      false,
    ],
    ['null', { type: null, rules: null }, false],
    ['no type', { match: 'ANY', rules: [yes] }, false],
    [
      'depth',
      {
        type: 'GROUP',
        match: 'ALL',
        rules: [yes, { type: 'GROUP', match: 'ANY', rules: [no, rule('(tags=ops)')] }],
      },
      true,
    ],
  ])('%s', (_what, rules, expected) => {
    expect(compileRules(rules)(alice)).toBe(expected);
  });

  test('name their sources, each once', () => {
    const rules = {
      type: 'GROUP',
      rules: [rule('', 'A'), { type: 'GROUP', source: 'ignored', rules: [rule('', 'b')] }, rule('', 'a')],
    };
    expect(sourcesOf(rules)).toEqual(['a', 'b']);
    expect(sourcesOf({ type: 'GROUP', rules: [] })).toEqual([]);
  });

  test('match nobody outside of the sources that they name', () => {
    const { tree } = fc.letrec<{ tree: SourceRule }>(tie => ({
      tree: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.record({
          type: fc.constant('RULE'),
          source: fc.constantFrom('a', 'b'),
          search_string: fc.constantFrom('(cn=*)', '(!(cn=x))', '(cn=x)', ''),
        }),
        fc.record({
          type: fc.constant('GROUP'),
          match: fc.constantFrom('ANY', 'ALL', ''),
          rules: fc.array(tie('tree'), { maxLength: 3 }),
        }),
      ),
    }));
    fc.assert(
      fc.property(tree, fc.constantFrom('a', 'b', 'c'), (rules, sourceId) => {
        if (sourcesOf(rules).includes(sourceId)) return;
        expect(compileRules(rules)({ ...alice, sourceId })).toBe(false);
      }),
    );
  });

  test('are counted', () => {
    expect(hasTooManyRules({ rules: Array<SourceRule>(999).fill({}) })).toBe(false);
    expect(hasTooManyRules({ rules: [{ rules: Array<SourceRule>(999).fill({}) }] })).toBe(true);
  });
});

describe('attributes', () => {
  test.each([
    '(cn=jdoe)',
    '(uid=jdoe)',
    '(username=jdoe)',
    '(sAMAccountName=jdoe)',
    '(mail=j@example.com)',
    '(email=j@example.com)',
    '(givenName=Jane)',
    '(first_name=Jane)',
    '(sn=Doe)',
    '(last_name=Doe)',
    '(displayName=Jane D.)',
    '(department=IT)',
    '(title=Engineer)',
    '(job_title=Engineer)',
    '(tags=ops)',
    '(tags=prod)',
    '(costCenter=42)',
    '(costCenter=43)',
  ])('%s', filter => {
    const jane = person(
      'jdoe',
      {
        email: 'j@example.com',
        first_name: 'Jane',
        last_name: 'Doe',
        display_name: 'Jane D.',
        department: 'IT',
        job_title: 'Engineer',
        attributes: [
          { key: 'costcenter', value: '42' },
          { key: 'CostCenter', value: '43' },
        ],
      },
      ['ops', 'prod'],
    );
    expect(compileRules(rule(filter))(jane)).toBe(true);
    expect(compileRules(rule(filter))(person('bob'))).toBe(false);
  });

  test('of its own cannot pose as one of the platform', () => {
    for (const key of ['cn', 'CN', 'mail', 'title', 'tags']) {
      const mallory = person('mallory', { attributes: [{ key, value: 'alice' }] });
      expect(compileRules(rule(`(${key}=alice)`))(mallory)).toBe(false);
    }
  });

  test('that are none are passed over', () => {
    for (const attributes of [null, 'x', {}, [null], ['x'], [{ key: 5, value: 'x' }], [{ key: 'k' }]]) {
      expect(compileRules(rule('(k=*)'))(person('bob', { attributes, email: 5 }))).toBe(false);
    }
  });
});
