import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { canStartSlapd, ldifEntry, startSlapd, SUFFIX, type TestSlapd } from '@strongroom/testing/slapd';
import { attempt } from '../src/targets/attempt.ts';
import { openLdap, type LdapConnection, type LdapSecurity } from '../src/targets/ldap-connection.ts';
import { escapeFilterValue, parseFilter } from '../src/targets/ldap-filter.ts';
import type { LdapEntry } from '../src/targets/ldap-messages.ts';
import type { TargetError } from '../src/targets/target-error.ts';

const NETWORK = { allowLoopback: true };
const LIMITS = { deadlineMs: 60_000 };

/** What directories must carry without harm to anybody: all of it has a meaning in names or filters. */
const HOSTILE = [
  'Smith, J.',
  '*)(uid=*',
  'a"b+c;d<e>f#g',
  'back\\slash',
  ' both ends ',
  'Ödön 🔑',
  "o'brien=",
];
const people = Array.from({ length: 1_203 }, (_, index) => `user${index}`);

const personEntry = (uid: string, cn: string, extra: Record<string, string | Buffer> = {}) =>
  ldifEntry(`uid=${uid.replace(/[^\w]/g, found => `\\${Buffer.from(found).toString('hex')}`)},${SUFFIX}`, {
    objectClass: ['inetOrgPerson', 'adUser'],
    uid,
    cn,
    sn: cn,
    ...extra,
  });

((await canStartSlapd()) ? describe : describe.skip)('a connection to OpenLDAP', () => {
  let server: TestSlapd;
  const password = randomBytes(12).toString('hex');
  const guid = randomBytes(16);

  beforeAll(async () => {
    server = await startSlapd();
    await server.load(
      [
        ...people.map(name => personEntry(name, name)),
        ...HOSTILE.map((name, index) => personEntry(`hostile${index}`, name)),
        personEntry('known', 'Known', { userPassword: password, objectGUID: guid }),
      ].join(''),
    );
  });
  afterAll(() => server.stop());

  function within<T>(
    work: (ldap: LdapConnection) => Promise<T>,
    { port, ...security }: Partial<LdapSecurity> & { port?: number } = {},
  ): Promise<T> {
    const protocol = security.protocol ?? 'ldaps';
    const place = { host: '127.0.0.1', port: port ?? (protocol === 'ldaps' ? server.tlsPort : server.port) };
    return attempt(place, NETWORK, LIMITS, async ({ socket }) =>
      work(
        await openLdap(socket, {
          host: place.host,
          trust: { ca: server.ca },
          silenceMs: 30_000,
          ...security,
          protocol,
        }),
      ),
    );
  }

  const signIn = (ldap: LdapConnection) => ldap.bind(server.admin.name, server.admin.password);

  async function find(ldap: LdapConnection, filter: string, pageSize = 500): Promise<LdapEntry[]> {
    const parsed = parseFilter(filter);
    if (parsed === undefined) throw new Error('no filter');
    const attributes = ['uid', 'cn', 'entryUUID', 'objectGUID'];
    const query = { base: SUFFIX, scope: 'sub', filter: parsed, attributes } as const;
    const found: LdapEntry[] = [];
    for await (const page of ldap.search(query, pageSize)) found.push(...page);
    return found;
  }

  const textOf = (entry: LdapEntry | undefined, attribute: string) =>
    entry?.attributes.get(attribute)?.[0]?.toString();

  test.each(['ldaps', 'starttls', 'ldap'] as const)('signs in and searches over %s', async protocol => {
    const found = await within(
      async ldap => {
        await signIn(ldap);
        return find(ldap, '(uid=known)');
      },
      { protocol, ...(protocol === 'ldap' ? { trust: 'off' as const } : {}) },
    );
    expect(found.map(({ name }) => name)).toEqual([`uid=known,${SUFFIX}`]);
    expect(textOf(found[0], 'entryuuid')).toMatch(/^[0-9a-f-]{36}$/);
    expect(found[0]?.attributes.get('objectguid')).toEqual([guid]);
  });

  test('goes through more entries than the directory gives at once', async () => {
    const found = await within(async ldap => {
      await ldap.bind(`uid=known,${SUFFIX}`, password);
      return find(ldap, 'uid=user*', 100);
    });
    expect(found.map(entry => textOf(entry, 'uid')).sort()).toEqual([...people].sort());
  });

  test('tells what the directory says of a wrong password, and never asks with an empty one', async () => {
    const outcome = { reason: 'authentication-refused', details: { code: 'invalidCredentials' } };
    await expect(within(ldap => ldap.bind(`uid=known,${SUFFIX}`, 'wrong'))).rejects.toMatchObject(outcome);
    await expect(within(ldap => ldap.bind('uid=nobody,dc=none', 'wrong'))).rejects.toMatchObject(outcome);
    await expect(within(ldap => ldap.bind(`uid=known,${SUFFIX}`, ''))).rejects.toMatchObject({
      reason: 'no-password-sign-in',
    });
  });

  test.each(['ldaps', 'starttls'] as const)(
    'trusts no certificate but those of the authority: %s',
    async protocol => {
      for (const trust of [{}, 'off'] as const)
        await expect(within(signIn, { protocol, trust })).rejects.toMatchObject({
          reason: 'certificate-refused',
        });
      await expect(within(signIn, { protocol, host: 'other.example' })).rejects.toMatchObject({
        reason: 'certificate-refused',
      });
      await within(signIn, { protocol, trust: 'unchecked' });
    },
  );

  test('LDAPS with a port that speaks none', async () => {
    const error: unknown = await within(signIn, { port: server.port }).catch((thrown: unknown) => thrown);
    expect(['certificate-refused', 'connection-lost']).toContain((error as TargetError).reason);
  });

  test('finds what is called anything, and only that', async () => {
    await within(async ldap => {
      await signIn(ldap);
      for (const [index, name] of HOSTILE.entries()) {
        const found = await find(ldap, `(cn=${escapeFilterValue(name)})`);
        expect(found.map(entry => textOf(entry, 'uid'))).toEqual([`hostile${index}`]);
      }
      const composed =
        '(&(objectClass=inetOrgPerson)(|(uid=user1)(uid=user2))(!(uid:caseIgnoreMatch:=USER2)))';
      expect((await find(ldap, composed)).map(entry => textOf(entry, 'uid'))).toEqual(['user1']);
      const bytes = [...guid].map(byte => `\\${byte.toString(16).padStart(2, '0')}`).join('');
      expect((await find(ldap, `(objectGUID=${bytes})`)).map(entry => textOf(entry, 'uid'))).toEqual([
        'known',
      ]);
    });
  });

  test('an entry is changed, and what is refused is told by name', async () => {
    await within(async ldap => {
      await signIn(ldap);
      const change = { operation: 'replace', attribute: 'cn', values: [Buffer.from('Änders')] } as const;
      expect(await ldap.modify(`uid=user7,${SUFFIX}`, [change])).toEqual({ code: 0 });
      expect(textOf((await find(ldap, '(uid=user7)'))[0], 'cn')).toBe('Änders');
      expect(await ldap.modify(`uid=none,${SUFFIX}`, [change])).toEqual({ code: 32 });
      expect(await ldap.extended('1.2.3.4')).toEqual({ code: 2 });
    });
    await within(async ldap => {
      await expect(find(ldap, '(uid=user7)')).rejects.toMatchObject({
        reason: 'search-refused',
        details: { code: 'noSuchObject' },
      });
    });
  });

  test('a directory that is killed under a search', async () => {
    await within(async ldap => {
      await signIn(ldap);
      await server.kill();
      await expect(find(ldap, '(uid=user7)')).rejects.toMatchObject({ reason: 'connection-lost' });
      await expect(find(ldap, '(uid=user7)')).rejects.toMatchObject({ reason: 'connection-lost' });
    });
    await expect(within(signIn)).rejects.toMatchObject({ reason: 'unreachable' });
    await server.start();
    await within(signIn);
  });
});
