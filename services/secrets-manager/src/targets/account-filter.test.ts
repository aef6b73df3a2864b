import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { accountFilter, USUAL_FILTER } from './account-filter.ts';
import { parseFilter } from './ldap-filter.ts';

const ALL = '(objectClass=*)';
const sought = (members: Partial<Parameters<typeof accountFilter>[0]>) =>
  accountFilter({ username: 'app', sourceId: '', mapping: {}, userFilter: ALL, ...members });
const among = (identity: string) => `(&${ALL}${identity})`;

describe('the filter of an account', () => {
  test('asks for its id where one is known', () => {
    expect(sought({ sourceId: '00112233-4455-6677-8899-aabbccddeeff' })).toBe(
      among(
        '(|(entryUUID=00112233-4455-6677-8899-aabbccddeeff)' +
          '(objectGUID=\\33\\22\\11\\00\\55\\44\\77\\66\\88\\99\\aa\\bb\\cc\\dd\\ee\\ff))',
      ),
    );
    expect(sought({ sourceId: 'u-1' })).toBe(among('(entryUUID=u-1)'));
    expect(sought({ sourceId: 'e-7', mapping: { source_id: 'employeeNumber' } })).toBe(
      among('(employeeNumber=e-7)'),
    );
  });

  test('asks for its name where none is known, or one that cannot be asked for', () => {
    for (const sourceId of ['', `dn-${'0'.repeat(64)}`]) {
      expect(sought({ sourceId })).toBe(
        among('(|(sAMAccountName=app)(uid=app)(userPrincipalName=app)(cn=app))'),
      );
    }
    expect(sought({ mapping: { username: 'mail' } })).toBe(among('(mail=app)'));
  });

  test('stays within what the endpoint takes for accounts, or what scans do', () => {
    const mapping = { username: 'uid' };
    expect(sought({ userFilter: '', mapping })).toBe(`(&${USUAL_FILTER}(uid=app))`);
    for (const userFilter of ['(objectClass=person)', 'objectClass=person', ' (objectClass=person) ']) {
      expect(sought({ userFilter, mapping })).toBe('(&(objectClass=person)(uid=app))');
    }
  });

  test('is one, and of one value, whatever the account is called', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (username, sourceId) => {
        const plain = parseFilter(sought({ username: 'x', sourceId: '', mapping: { username: 'uid' } }));
        const filter = parseFilter(sought({ username, mapping: { username: 'uid' } }));
        expect(filter).toBeDefined();
        expect(filter?.[0]).toBe(plain?.[0]);
        expect(filter?.includes(Buffer.from(username))).toBe(true);
        expect(parseFilter(sought({ sourceId }))).toBeDefined();
      }),
    );
  });
});
