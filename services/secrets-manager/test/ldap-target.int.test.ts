import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { canStartSlapd, ldifEntry, startSlapd, SUFFIX, type TestSlapd } from '@strongroom/testing/slapd';
import { escapeFilterValue } from '../src/targets/ldap-filter.ts';
import { openTarget } from '../src/targets/open-target.ts';
import type { Authority, DirectoryDescription, Target } from '../src/targets/target.ts';

const NETWORK = { allowLoopback: true };
const LIMITS = { deadlineMs: 60_000 };
const OLD = 'old-Passw0rd';
/** Whatever the generator of passwords may make. */
const NEW = ' n"e\\w\'<>&(*)= ~';

/** All of it has a meaning in names or in filters. */
const HOSTILE = [
  'Smith, J.',
  '*)(uid=*',
  'a"b+c;d<e>f#g',
  'back\\slash',
  ' both ends ',
  'Ödön 🔑',
  "o'brien=",
];

const placeOf = (uid: string) =>
  `uid=${uid.replace(/[^\w]/gu, found => [...Buffer.from(found)].map(byte => `\\${byte.toString(16).padStart(2, '0')}`).join(''))},ou=people,${SUFFIX}`;

const personEntry = (uid: string, extra: Record<string, string> = { userPassword: OLD }) =>
  ldifEntry(placeOf(uid), { objectClass: ['inetOrgPerson'], uid, cn: uid, sn: uid, ...extra });

((await canStartSlapd()) ? describe : describe.skip)('passwords in OpenLDAP', () => {
  let server: TestSlapd;
  const weak = { name: `uid=weak,ou=people,${SUFFIX}`, password: randomBytes(12).toString('hex') };

  beforeAll(async () => {
    server = await startSlapd();
  });
  afterAll(() => server.stop());
  beforeEach(() =>
    server.load(
      [
        ldifEntry(`ou=people,${SUFFIX}`, { objectClass: ['organizationalUnit'], ou: 'people' }),
        ldifEntry(`ou=public,${SUFFIX}`, { objectClass: ['organizationalUnit'], ou: 'public' }),
        ...HOSTILE.map(name => personEntry(name)),
        personEntry('plain'),
        personEntry('empty', {}),
        personEntry('weak', { userPassword: weak.password }),
        personEntry('twin', { userPassword: OLD, description: 'one of two' }),
        personEntry('other twin', { userPassword: OLD, description: 'one of two' }),
      ].join(''),
    ),
  );

  const describeAs = (filter: string, change: Partial<DirectoryDescription> = {}): DirectoryDescription => ({
    kind: 'directory',
    host: '127.0.0.1',
    port: change.protocol === 'starttls' ? server.port : server.tlsPort,
    protocol: 'ldaps',
    trust: { ca: server.ca },
    baseDn: SUFFIX,
    signIn: server.admin,
    filter,
    ...change,
  });
  const called = (uid: string) => `(uid=${escapeFilterValue(uid)})`;
  const at = (uid: string, change: Partial<DirectoryDescription> = {}): Target =>
    openTarget(describeAs(called(uid), change), NETWORK);
  const byMain = (): Authority => ({
    kind: 'main',
    account: server.admin.name,
    credential: { kind: 'password', password: server.admin.password },
  });
  const change = (by: Authority, newPassword = NEW) => ({ account: 'named by the filter', by, newPassword });
  const opens = async (uid: string) => [
    await at(uid).proves(uid, OLD, LIMITS),
    await at(uid).proves(uid, NEW, LIMITS),
  ];

  test.each(['ldaps', 'starttls'] as const)('are set by who may, over %s', async protocol => {
    expect(await opens('plain')).toEqual(['opens', 'refused']);
    await at('plain', { protocol }).setPassword(change(byMain()), LIMITS);
    expect(await opens('plain')).toEqual(['refused', 'opens']);
  });

  test.each(HOSTILE)('are set of the one that is called %j, and of no other', async name => {
    await at(name).setPassword(change(byMain()), LIMITS);
    for (const each of HOSTILE) {
      expect([each, ...(await opens(each))]).toEqual(
        each === name ? [each, 'refused', 'opens'] : [each, 'opens', 'refused'],
      );
    }
  });

  test('are set by the account itself, where accounts can be looked up', async () => {
    const signIn = weak;
    await at('plain', { signIn }).setPassword(change({ kind: 'self', currentPassword: OLD }), LIMITS);
    expect(await opens('plain')).toEqual(['refused', 'opens']);
    await expect(
      at('plain', { signIn }).setPassword(change({ kind: 'self', currentPassword: OLD }), LIMITS),
    ).rejects.toMatchObject({
      reason: 'authentication-refused',
      outcome: 'unchanged',
      details: { code: 'invalidCredentials' },
    });
  });

  test('are not set by who may not', async () => {
    const by: Authority = {
      kind: 'main',
      account: weak.name,
      credential: { kind: 'password', password: weak.password },
    };
    await expect(at('plain', { signIn: weak }).setPassword(change(by), LIMITS)).rejects.toMatchObject({
      reason: 'change-refused',
      outcome: 'unchanged',
      details: { code: 'insufficientAccessRights' },
    });
    await expect(at('weak', { signIn: weak }).setPassword(change(by), LIMITS)).rejects.toMatchObject({
      reason: 'own-account',
      outcome: 'unchanged',
    });
    const spaced = { ...weak, name: `UID=Weak, ou=people , ${SUFFIX}` };
    await expect(
      at('weak', { signIn: spaced }).setPassword(change({ ...by, account: spaced.name }), LIMITS),
    ).rejects.toMatchObject({ reason: 'own-account' });
    expect(await opens('plain')).toEqual(['opens', 'refused']);
  });

  test('of nobody, and of one of two', async () => {
    for (const filter of ['(uid=none)', '(description=one of two)']) {
      const target = openTarget(describeAs(filter), NETWORK);
      await expect(target.setPassword(change(byMain()), LIMITS)).rejects.toMatchObject({
        reason: 'account-unknown',
        outcome: 'unchanged',
      });
      await expect(target.proves('x', OLD, LIMITS)).rejects.toMatchObject({ reason: 'account-unknown' });
    }
    expect(await opens('twin')).toEqual(['opens', 'refused']);
  });

  test('of an account that has none: nothing opens it, and it gets one', async () => {
    expect(await at('empty').proves('empty', OLD, LIMITS)).toBe('refused');
    await at('empty').setPassword(change(byMain()), LIMITS);
    expect(await at('empty').proves('empty', NEW, LIMITS)).toBe('opens');
  });

  test('no password is no password', async () => {
    await expect(at('plain').proves('plain', '', LIMITS)).rejects.toMatchObject({
      reason: 'no-password-sign-in',
    });
  });

  test('are told to no directory that has another certificate', async () => {
    const target = at('plain', { trust: {} });
    await expect(target.setPassword(change(byMain()), LIMITS)).rejects.toMatchObject({
      reason: 'certificate-refused',
      outcome: 'unchanged',
    });
  });
});
