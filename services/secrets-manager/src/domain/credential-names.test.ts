import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { hostAccount } from './account-path.ts';
import { candidateName, credentialName } from './credential-names.ts';

const HOST = '0198c0de-0000-7000-8000-000000000001';

describe('names of credentials', () => {
  test.each([
    ['root', 'root'],
    ['a/b', 'a%2Fb'],
    ['..', '%2E%2E'],
    ['.', '%2E'],
    ['.a', '.a'],
    [' o\'neil"', "%20o'neil%22"],
    ['sha256:', 'sha256%3A'],
  ])('of %j', (account, segment) => {
    expect(credentialName(hostAccount(HOST, account))).toBe(`hosts/${HOST}/${segment}`);
    expect(candidateName(hostAccount(HOST, account))).toBe(`rotations/${HOST}/${segment}`);
  });

  test('are ones that vault takes, and of two accounts never the same', () => {
    const account = fc.oneof(
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }),
      fc.string({ unit: fc.constantFrom('.', '/', '%', 'ä', '\u0001', ':'), minLength: 1, maxLength: 600 }),
    );
    fc.assert(
      fc.property(account, account, (one, other) => {
        const name = candidateName(hostAccount(HOST, one));
        expect(name).toMatch(/^[!-~]{1,512}$/);
        expect(name.split('/')).toHaveLength(3);
        expect(name.split('/')[2]).not.toMatch(/^\.{0,2}$/);
        expect(name === candidateName(hostAccount(HOST, other))).toBe(one === other);
      }),
    );
  });
});
