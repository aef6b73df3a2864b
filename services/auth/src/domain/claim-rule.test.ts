import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { claimRule, matchesGlob, satisfies, type CustomAttribute } from './claim-rule.ts';

function holds(attribute: Omit<CustomAttribute, 'field_name'>, claim: unknown, from = '192.0.2.7'): boolean {
  const rule = claimRule({ field_name: 'x', ...attribute });
  if (rule === undefined) throw new Error('no rule');
  return satisfies(rule, claim, from);
}

describe('string_pattern', () => {
  test.each<[string, unknown, boolean]>([
    ['*@privx.io', 'alice@privx.io', true],
    ['*@privx.io', 'alice@privx.io.evil', false],
    ['*@privx.io', '@privx.io', true],
    ['admin', 'admin', true],
    ['admin', 'Admin', false],
    ['admin', 'admins', false],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['a?c', 'a😀c', true],
    ['a.c', 'abc', false],
    ['[ab]', 'a', false],
    ['**', '', true],
    ['admin', ['user', 'admin'], true],
    ['admin', [], false],
    ['admin', { 0: 'admin' }, false],
    ['1', 1, false],
    ['*', null, false],
    ['*', undefined, false],
  ])('%s, %j: %s', (expected_value, claim, expected) =>
    expect(holds({ type: 'string_pattern', expected_value }, claim)).toBe(expected),
  );

  test('a glob means what the regular expression of the same meaning does', () => {
    const unit = fc.constantFrom('a', 'b', '*', '?', '.');
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 8 }), fc.string({ unit, maxLength: 8 }), (pattern, text) => {
        const meaning = pattern.replaceAll('.', '\\.').replaceAll('*', '.*').replaceAll('?', '.');
        expect(matchesGlob(pattern, text)).toBe(new RegExp(`^${meaning}$`).test(text));
      }),
      { numRuns: 2_000 },
    );
  });

  test('a hostile pattern takes no hostile time', () => {
    const start = process.cpuUsage().user;
    expect(matchesGlob('*a'.repeat(1_000) + 'b', 'a'.repeat(10_000))).toBe(false);
    expect(process.cpuUsage().user - start).toBeLessThan(5_000_000);
  });
});

describe('numeric_range', () => {
  test.each<[unknown, boolean]>([
    [1001, true],
    [65535, true],
    [1000.9, false],
    [65536, false],
    ['1001', true],
    ['1001.5', true],
    ['0x3ff', false],
    [' 1001', false],
    ['', false],
    [null, false],
    [true, false],
    [Number.MAX_VALUE, false],
  ])('%j: %s', (claim, expected) =>
    expect(holds({ type: 'numeric_range', start: '1001', end: '65535' }, claim)).toBe(expected),
  );
});

describe('addresses', () => {
  test.each<[string, boolean]>([
    ['192.168.3.1', true],
    ['192.168.3.254', true],
    ['192.168.3.255', false],
    ['::ffff:192.168.3.7', true],
    ['2001:db8::1', false],
    ['192.168.3', false],
    ['', false],
  ])('ip_range, %s: %s', (claim, expected) =>
    expect(holds({ type: 'ip_range', start: '192.168.3.1', end: '192.168.3.254' }, claim)).toBe(expected),
  );

  test.each<[unknown, string, boolean]>([
    ['192.0.2.7', '192.0.2.7', true],
    ['192.0.2.7', '::ffff:192.0.2.7', true],
    ['2001:DB8:0::1', '2001:db8::1', true],
    [['10.0.0.1', '192.0.2.7'], '192.0.2.7', true],
    ['192.0.2.8', '192.0.2.7', false],
    ['', '', false],
    ['192.0.2.7', '', false],
    [undefined, '192.0.2.7', false],
  ])('ip_client, %j from %s: %s', (claim, from, expected) =>
    expect(holds({ type: 'ip_client' }, claim, from)).toBe(expected),
  );
});

test.each<Omit<CustomAttribute, 'field_name'>>([
  { type: 'string_pattern' },
  { type: 'string_pattern', expected_value: '' },
  { type: 'numeric_range', start: '1' },
  { type: 'numeric_range', start: '2', end: '1' },
  { type: 'numeric_range', start: 'one', end: 'two' },
  { type: 'ip_range', start: '10.0.0.9', end: '10.0.0.1' },
  { type: 'ip_range', start: '10.0.0.1', end: '2001:db8::1' },
  { type: 'ip_range', start: 'fe80::1%eth0', end: 'fe80::9%eth0' },
  { type: 'ip_range' },
])('makes no sense: %j', attribute => expect(claimRule({ field_name: 'x', ...attribute })).toBeUndefined());
