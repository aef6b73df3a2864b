import { describe, expect, test } from '@jest/globals';
import { dictionary } from '@zxcvbn-ts/language-common';
import fc from 'fast-check';
import { passwordFault, type PasswordPolicy } from './password-policy.ts';

const policy: PasswordPolicy = {
  minLength: 12,
  requireLowerCase: false,
  requireUpperCase: false,
  requireDigit: false,
  requireSymbol: false,
};
const alice = {
  username: 'alice.m',
  document: {
    full_name: 'Alice Margatroid',
    first_name: 'Alice',
    last_name: 'Margatroid',
    email: 'dollmaker@example.com',
    company: null,
  },
};
const faultOf = (password: string, rules: Partial<PasswordPolicy> = {}) =>
  passwordFault({ ...policy, ...rules }, password, alice)?.message;

describe('a password', () => {
  test.each([
    'InitPaSS-123',
    'R0tatePaSS-456',
    'example_password',
    'correct horse battery staple',
    'пароль-не-угадать',
    'Umbrella\u{1f302}Parasol\u{2602}',
    'aB3'.repeat(4).replace('B3', 'xyz'),
  ])('%s is good by default', password => {
    expect(faultOf(password)).toBeUndefined();
  });

  test('needs its length, counted in characters of the normal form', () => {
    expect(faultOf('kumquat-trü')).toMatch(/at least 12/);
    expect(faultOf('kumquat-trü!')).toBeUndefined();
    // Eleven characters once the accent has found its letter.
    expect(faultOf('kumquat-tru\u0308')).toMatch(/at least 12/);
    // A pair of UTF-16 units is one character.
    expect(faultOf('\u{1f302}\u{2602}kumquat-t')).toMatch(/at least 12/);
    expect(faultOf('\u{1f302}\u{2602}kumquat-tr')).toBeUndefined();
    expect(faultOf(`${'kumquat '.repeat(31)}tangerin`)).toBeUndefined();
    expect(faultOf(`${'kumquat '.repeat(31)}tangerine`)).toMatch(/at most 256/);
    // One character that stands for eighteen.
    expect(faultOf(`\ufdfa${'kumquat '.repeat(30)}`)).toMatch(/at most 256/);
  });

  test.each([
    'qwertyuiop12',
    'Password1234',
    'PASS-WORD-1234!',
    '12 Password!',
    'password password',
    'Passwordpassword1',
    'ｐａｓｓｗｏｒｄ１２３４',
    '123456789012',
  ])('%s is too common', password => {
    expect(faultOf(password)).toMatch(/most common/);
  });

  test.each([
    'alice.m-2026!',
    'AliceMargatroid',
    'alice margatroid 1',
    'Margatroid2026',
    'dollmaker@example.com',
    'dollmaker1999',
    'Strongroom-12',
    'strongroomstrongroom',
    'privxprivx2026',
  ])('%s is a name', password => {
    expect(faultOf(password)).toMatch(/name of the person or of the platform/);
  });

  test.each(['aaaaaaaaaaaa', 'ababababababab', 'abcabcabcabc', '            '])(
    '%j repeats itself',
    password => {
      expect(faultOf(password)).toMatch(/repeats/);
    },
  );

  test('needs classes only where they are demanded', () => {
    expect(faultOf('KUMQUAT-TREE-1', { requireLowerCase: true })).toMatch(/small letter/);
    expect(faultOf('kumquat-tree-1', { requireUpperCase: true })).toMatch(/capital/);
    expect(faultOf('Kumquat-tree-x', { requireDigit: true })).toMatch(/digit/);
    expect(faultOf('Kumquattree1x2', { requireSymbol: true })).toMatch(/neither/);
    const all = { requireLowerCase: true, requireUpperCase: true, requireDigit: true, requireSymbol: true };
    expect(faultOf('Kumquat-tree-1', all)).toBeUndefined();
    expect(faultOf('example_password', all)).toBeDefined();
  });

  test('none made from a common word passes in any case, and no message tells a password', () => {
    const common = fc.constantFrom(
      ...dictionary['passwords-common'].filter(
        word => word.length >= 8 && /^[a-z0-9]*[a-z][a-z0-9]*$/.test(word),
      ),
    );
    fc.assert(
      fc.property(common, fc.boolean(), fc.stringMatching(/^[0-9!. -]{4,8}$/), (word, upper, padding) => {
        const password = (upper ? word.toUpperCase() : word) + padding;
        const message = faultOf(password);
        expect(message).toBeDefined();
        expect(message?.toLowerCase()).not.toContain(password.toLowerCase());
      }),
    );
  });
});
