import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { accountPath, domainAccount, hostAccount, parseAccountPath } from './account-path.ts';

const hostId = '0198c7a2-1111-7abc-8def-0123456789ab';

describe('the path of an account', () => {
  test('is told apart and found again, whatever the account is called', () => {
    const accounts = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(fc.constantFrom(hostAccount, domainAccount), fc.uuid(), accounts, (on, id, account) => {
        const key = on(id, account);
        const path = accountPath(key);
        expect(path).toMatch(/^(hosts|domains)\/[0-9a-f-]{36}\/[^/]+$/);
        expect(parseAccountPath(path)).toEqual(key);
      }),
    );
  });

  test('has one spelling', () => {
    const other = fc.oneof(
      fc.string(),
      fc.string().map(text => `hosts/${hostId}/${text}`),
      fc.string().map(text => `domains/${hostId}/${text}`),
      fc
        .constantFrom('%2f', '%', '%41', 'a b', 'a/b', '%C3', '%00 ', 'é')
        .map(text => `hosts/${hostId}/${text}`),
      fc.constant(accountPath(hostAccount(hostId.toUpperCase(), 'root'))),
    );
    fc.assert(
      fc.property(other, path => {
        const key = parseAccountPath(path);
        if (key !== undefined) expect(accountPath(key)).toBe(path);
      }),
    );
  });

  test.each(['', 'hosts', `hosts/${hostId}`, `hosts/${hostId}/`, 'hosts/1/root', `/hosts/${hostId}/root`])(
    '%j names none',
    path => expect(parseAccountPath(path)).toBeUndefined(),
  );
});
