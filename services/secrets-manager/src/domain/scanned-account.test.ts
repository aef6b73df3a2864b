import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isLine } from '@strongroom/schema/text';
import { attributesToRead, readAccount, type DirectoryEntry } from './scanned-account.ts';

const entry = (attributes: Record<string, string | Buffer>, name = 'cn=app,dc=example'): DirectoryEntry => ({
  name,
  attributes: new Map(
    Object.entries(attributes).map(([attribute, value]) => [attribute.toLowerCase(), [Buffer.from(value)]]),
  ),
});

describe('an entry of Active Directory', () => {
  const account = readAccount(
    entry({
      sAMAccountName: 'app',
      userPrincipalName: 'app@example.test',
      displayName: 'The Application',
      cn: 'app',
      mail: 'app@mail.test',
      objectGUID: Buffer.from('33221100554477668899aabbccddeeff', 'hex'),
      objectSid: Buffer.from('010500000000000515000000a065cf7e784b9b5fe77c8770091c0100', 'hex'),
    }),
    {},
  );

  test('has the ids that its own tools show', () => {
    expect(account?.sourceId).toBe('00112233-4455-6677-8899-aabbccddeeff');
    expect(account?.securityId).toBe('S-1-5-21-2127521184-1604012920-1887927527-72713');
  });

  test('has names', () => {
    expect(account).toMatchObject({
      username: 'app',
      samAccountName: 'app',
      email: 'app@mail.test',
      fullName: 'The Application',
      additionalData: { user_principal_name: 'app@example.test' },
    });
  });
});

test('an entry of OpenLDAP has its UUID, and names from what there is', () => {
  expect(readAccount(entry({ uid: 'app', cn: 'An App', entryUUID: 'u-1' }), {})).toEqual({
    sourceId: 'u-1',
    securityId: '',
    distinguishedName: 'cn=app,dc=example',
    username: 'app',
    samAccountName: '',
    email: '',
    fullName: 'An App',
    additionalData: {},
  });
});

test('a mapping names other attributes and adds members', () => {
  const mapping = { username: 'employeeNumber', department: 'departmentNumber', email: '' };
  expect(attributesToRead(mapping)).toEqual(
    expect.arrayContaining(['employeeNumber', 'departmentNumber', 'mail', 'objectGUID', 'entryUUID']),
  );
  expect(attributesToRead(mapping)).not.toContain('uid');
  const given = entry({ employeeNumber: '7', uid: 'app', departmentNumber: 'IT', mail: 'm@x' });
  expect(readAccount(given, mapping)).toMatchObject({
    username: '7',
    email: 'm@x',
    additionalData: { department: 'IT' },
  });
});

test('an entry without a name is none, and one without an id is known by where it is', () => {
  expect(readAccount(entry({ mail: 'a@b' }), {})).toBeUndefined();
  const [here, there] = ['CN=a,DC=x', 'cn=a,dc=y'].map(name => readAccount(entry({ uid: 'a' }, name), {}));
  expect(here?.sourceId).toMatch(/^dn-[0-9a-f]{64}$/);
  expect(readAccount(entry({ uid: 'a' }, 'cn=A,dc=X'), {})?.sourceId).toBe(here?.sourceId);
  expect(there?.sourceId).not.toBe(here?.sourceId);
});

test('whatever a directory holds, nothing comes out that cannot be kept or shown', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 40 }).map(array => Buffer.from(array)),
    fc.string({ unit: 'binary' }).map(text => Buffer.from(text)),
  );
  const attributes = fc.dictionary(
    fc.constantFrom('uid', 'cn', 'mail', 'objectguid', 'objectsid', 'entryuuid', 'displayname', 'x'),
    bytes,
  );
  fc.assert(
    fc.property(attributes, fc.string({ minLength: 1 }), (given, name) => {
      const account = readAccount(entry(given, name), { extra: 'x', __proto__: 'y', constructor: 'x' });
      if (account === undefined) return;
      const { additionalData, ...texts } = account;
      for (const text of [...Object.values(texts), ...Object.values(additionalData)])
        expect(isLine(text)).toBe(true);
      expect(account.username).not.toBe('');
      expect(account.sourceId).not.toBe('');
    }),
  );
});
