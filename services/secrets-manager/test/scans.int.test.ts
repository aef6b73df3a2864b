import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createLink } from '@strongroom/testing/link';
import { canStartSlapd, ldifEntry, startSlapd, SUFFIX, type TestSlapd } from '@strongroom/testing/slapd';
import type { SecretsManagerContext } from '../src/context.ts';
import type { ScannedAccount } from '../src/domain/scanned-account.ts';
import type { Endpoint, TargetDomain, TargetDomainSettings } from '../src/domain/target-domain.ts';
import { planScans } from '../src/operations/plan-scans.ts';
import { scanDomain } from '../src/operations/scan-domain.ts';
import { SCAN_LEASE_MS, ScanLost } from '../src/operations/scan-lease.ts';
import { changeScannedAccounts } from '../src/operations/scanned-accounts.ts';
import {
  createTargetDomain,
  deleteTargetDomain,
  requestScan,
  updateTargetDomain,
} from '../src/operations/target-domains.ts';
import { searchScannedAccounts } from '../src/store/scanned-accounts.ts';
import { claimScan, countFailedScans, type ScanClaim } from '../src/store/scans.ts';
import { findTargetDomain } from '../src/store/target-domains.ts';
import { addPolicy, startCheckoutPlatform, type CheckoutPlatform } from './checkout-support.ts';
import { uniqueName } from './support.ts';

const HOUR = 3_600_000;
const NEVER = new AbortController().signal;
const ACTOR = 'strongroom-secrets-manager';

const person = (uid: string, cn = uid, extra: Record<string, string | Buffer> = {}) =>
  ldifEntry(`uid=${uid},${SUFFIX}`, { objectClass: ['inetOrgPerson', 'adUser'], uid, cn, sn: cn, ...extra });
const people = (...names: readonly string[]) =>
  names.map(name => person(name, name, { entryUUID: uuidOf(name) })).join('');
const uuids = new Map<string, string>();
const uuidOf = (name: string): string => {
  const known = uuids.get(name) ?? randomUUID();
  uuids.set(name, known);
  return known;
};

((await canStartSlapd()) ? describe : describe.skip)('scans', () => {
  let slapd: TestSlapd;
  let platform: CheckoutPlatform;
  let ctx: SecretsManagerContext;

  beforeAll(async () => {
    slapd = await startSlapd();
    platform = await startCheckoutPlatform();
    ctx = await replica();
  });
  afterAll(async () => {
    await platform.stop();
    await slapd.stop();
  });
  beforeEach(() => platform.superuser.query('DELETE FROM secrets_manager.target_domains'));

  async function replica(): Promise<SecretsManagerContext> {
    const { ctx: made } = await platform.replica();
    return { ...made, rotation: { ...made.rotation, allowLoopback: true } };
  }

  const by = {
    caller: { id: 'tester', name: 'the tester', sessionId: 's', roles: [], permissions: new Set() },
    request: { id: 'r', clientAddress: '127.0.0.1' },
  } as unknown as Parameters<typeof requestScan>[1];

  const endpoint = (members: Partial<Endpoint> = {}): Endpoint => ({
    type: 'LDAP',
    ldap_address: '127.0.0.1',
    ldap_port: slapd.tlsPort,
    ldap_base_dn: SUFFIX,
    ldap_bind_dn: slapd.admin.name,
    ldap_bind_password: slapd.admin.password,
    ldap_root_certificates: slapd.ca,
    ...members,
  });
  const settings = (members: Partial<TargetDomainSettings> = {}): TargetDomainSettings => ({
    name: uniqueName('domain'),
    domainName: 'example.test',
    enabled: true,
    periodicScan: false,
    periodicScanInterval: 3_600,
    autoOnboarding: false,
    autoOnboardingPolicyId: null,
    endpoints: [endpoint()],
    comment: '',
    ...members,
  });
  const addDomain = (members: Partial<TargetDomainSettings> = {}) =>
    createTargetDomain(ctx, by, settings(members));

  async function claimed(id: string, on = ctx): Promise<ScanClaim> {
    await requestScan(on, by, id);
    return take(on);
  }
  async function take(on = ctx): Promise<ScanClaim> {
    const claim = await claimScan(on.db, SCAN_LEASE_MS);
    if (claim === undefined) throw new Error('no scan waits');
    return claim;
  }
  async function scan(id: string): Promise<TargetDomain> {
    await scanDomain(ctx, await claimed(id), ACTOR, NEVER);
    platform.clock.now = new Date(platform.clock.now.getTime() + 1_000);
    return read(id);
  }
  async function read(id: string): Promise<TargetDomain> {
    const domain = await findTargetDomain(ctx.db, id);
    if (domain === undefined) throw new Error('the domain is gone');
    return domain;
  }
  async function accounts(domainId: string): Promise<ScannedAccount[]> {
    const anything = { words: [], state: null, ignored: null };
    const anytime = { createdAfter: null, createdBefore: null, updatedAfter: null, updatedBefore: null };
    const page = { sortKey: 'username', descending: false, offset: 0, limit: 10_000 } as const;
    return (await searchScannedAccounts(ctx.db, { domainId, ...anything, ...anytime, ...page })).accounts;
  }
  const states = async (id: string) =>
    Object.fromEntries((await accounts(id)).map(({ username, state }) => [username, state]));

  describe('what a scan finds', () => {
    test('is kept with all that the directory tells of it', async () => {
      const guid = randomBytes(16);
      await slapd.load(
        person('anna', 'Anna Ödman', { mail: 'anna@example.test', entryUUID: uuidOf('anna') }) +
          person('svc', 'A service', {
            sAMAccountName: 'svc-app',
            objectGUID: guid,
            objectSid: Buffer.from('01020000000000052000000020020000', 'hex'),
            employeeType: 'robot',
          }) +
          ldifEntry(`ou=no account,${SUFFIX}`, { objectClass: 'organizationalUnit', ou: 'no account' }),
      );
      const id = await addDomain({ endpoints: [endpoint({ attribute_mapping: { kind: 'employeeType' } })] });
      const domain = await scan(id);
      expect(domain).toMatchObject({ scanStatus: 'OK', scanMessage: '' });
      expect(domain.lastScanned).not.toBeNull();
      expect(await accounts(id)).toMatchObject([
        {
          username: 'anna',
          fullName: 'Anna Ödman',
          email: 'anna@example.test',
          sourceId: uuidOf('anna'),
          distinguishedName: `uid=anna,${SUFFIX}`,
          securityId: '',
          state: 'NEW',
          ignored: false,
          updatedBy: 'tester',
        },
        { username: 'svc-app', securityId: 'S-1-5-32-544', additionalData: { kind: 'robot' } },
      ]);
    });

    test('replaces what was found: new ones, changed ones and ones that are gone, and what people say stays', async () => {
      await slapd.load(people('anna', 'bert', 'carl'));
      const id = await addDomain();
      await scan(id);
      const [anna, bert] = await accounts(id);
      await changeScannedAccounts(ctx, by, id, [anna?.id ?? '', bert?.id ?? ''], {
        ignored: true,
        comment: 'not ours',
      });
      await slapd.load(people('anna', 'dora') + person('robert', 'Robert', { entryUUID: uuidOf('bert') }));
      await scan(id);
      expect(await states(id)).toEqual({
        anna: 'UNMANAGED',
        robert: 'UNMANAGED',
        carl: 'REMOVED',
        dora: 'NEW',
      });
      const after = new Map((await accounts(id)).map(account => [account.username, account]));
      expect(after.get('robert')).toMatchObject({ id: bert?.id, ignored: true, comment: 'not ours' });
      expect(after.get('anna')?.updatedBy).toBe('tester');
      await slapd.load(people('carl'));
      await scan(id);
      expect(await states(id)).toMatchObject({ carl: 'UNMANAGED', dora: 'REMOVED' });
    });

    test('goes by the filter, and what has no name is left out and counted', async () => {
      await slapd.load(people('anna', 'bert') + person('carl', 'Carl', { employeeType: 'app' }));
      const id = await addDomain({ endpoints: [endpoint({ ldap_user_filter: '(uid=b*)' })] });
      await scan(id);
      expect(await states(id)).toEqual({ bert: 'NEW' });
      const nameless = endpoint({ attribute_mapping: { username: 'employeeType' } });
      const other = await addDomain({ endpoints: [nameless] });
      expect((await scan(other)).scanMessage).toBe('2 entries without a usable name were left out');
      expect(await states(other)).toEqual({ app: 'NEW' });
    });

    test('of more accounts than one page holds', async () => {
      await slapd.load(people(...Array.from({ length: 2_500 }, (_, index) => `u${index}`)));
      const id = await addDomain();
      await scan(id);
      expect(await accounts(id)).toHaveLength(2_500);
      expect((await scan(id)).scanStatus).toBe('OK');
      expect(new Set(Object.values(await states(id)))).toEqual(new Set(['UNMANAGED']));
      await slapd.load(people('u7'));
      await scan(id);
      expect((await accounts(id)).filter(({ state }) => state === 'REMOVED')).toHaveLength(2_499);
      await deleteTargetDomain(ctx, by, id);
      expect(await accounts(id)).toEqual([]);
    });
  });

  describe('a scan that fails', () => {
    beforeAll(() => slapd.load(people('anna', 'bert', 'carl')));

    test('goes on with the next endpoint, in the order of their priorities', async () => {
      const closed = await createLink(1);
      await closed.close();
      const id = await addDomain({
        endpoints: [
          endpoint({ scan_priority: 3, ldap_user_filter: '(uid=carl)' }),
          endpoint({ scan_priority: 2, ldap_protocol: 'StartTLS', ldap_port: slapd.port }),
          endpoint({ scan_priority: 1, ldap_port: closed.port }),
        ],
      });
      expect((await scan(id)).scanStatus).toBe('OK');
      expect(await states(id)).toEqual({ anna: 'NEW', bert: 'NEW', carl: 'NEW' });
    });

    test('says of each endpoint why, and leaves what was known', async () => {
      const id = await addDomain();
      await scan(id);
      const before = await read(id);
      const failing: Partial<Endpoint>[] = [
        { ldap_bind_password: 'wrong' },
        { ldap_protocol: 'ldap' },
        { ldap_root_certificates: '' },
        { ldap_root_certificates: 'no certificate' },
        { ldap_base_dn: 'dc=other' },
        { ldap_address: '169.254.169.254' },
        { type: 'ENTRA' },
      ];
      await updateTargetDomain(ctx, by, id, settings({ endpoints: failing.map(endpoint) }));
      const after = await scan(id);
      expect(after.scanStatus).toBe('ERROR');
      expect(after.scanMessage.split('; ')).toEqual([
        'endpoints.0: the host refused the sign-in (invalidCredentials)',
        'endpoints.1: directories are spoken to by LDAPS or STARTTLS only',
        'endpoints.2: the server has no TLS, or a certificate that is not trusted',
        'endpoints.3: the server has no TLS, or a certificate that is not trusted',
        'endpoints.4: the directory refused the search (noSuchObject)',
        'endpoints.5: the host has an address that is never connected to',
        'endpoints.6: accounts of directories of this kind cannot be looked for yet',
      ]);
      expect(after.lastScanned).toEqual(before.lastScanned);
      expect(await states(id)).toEqual({ anna: 'NEW', bert: 'NEW', carl: 'NEW' });
      expect(await countFailedScans(ctx.db)).toBe(1);
    });

    test('stops at more accounts than a domain may have, and at a directory that says nothing', async () => {
      const limits = { maxAccounts: 2, deadlineMs: 60_000, silenceMs: 60_000 };
      const id = await addDomain();
      await scanDomain(ctx, await claimed(id), ACTOR, NEVER, limits);
      expect(await read(id)).toMatchObject({ scanStatus: 'ERROR', lastScanned: null });
      expect((await read(id)).scanMessage).toMatch(/^more than 2 accounts match/);
      expect(await accounts(id)).toEqual([]);

      const link = await createLink(slapd.tlsPort);
      link.freeze();
      await updateTargetDomain(ctx, by, id, settings({ endpoints: [endpoint({ ldap_port: link.port })] }));
      await scanDomain(ctx, await claimed(id), ACTOR, NEVER, { ...limits, silenceMs: 100 });
      expect((await read(id)).scanMessage).toBe('endpoints.0: the host did not answer in time');
      await link.close();
    });

    test('has no endpoint', async () => {
      const id = await addDomain({ endpoints: [] });
      expect(await scan(id)).toMatchObject({
        scanStatus: 'ERROR',
        scanMessage: 'the target domain has no endpoint',
      });
    });
  });

  describe('who carries a scan out', () => {
    const expire = (id: string) =>
      platform.superuser.query(
        'UPDATE secrets_manager.target_domains SET scan_claimable_at = now() WHERE id = $1',
        [id],
      );

    test('of several replicas one', async () => {
      const id = await addDomain();
      await requestScan(ctx, by, id);
      const others = await Promise.all([replica(), replica()]);
      const claims = await Promise.all([ctx, ...others].map(each => claimScan(each.db, SCAN_LEASE_MS)));
      expect(claims.filter(claim => claim !== undefined)).toHaveLength(1);
      expect((await read(id)).scanStatus).toBe('RUNNING');
    });

    test('when that one dies, another, and the first can say nothing any more', async () => {
      await slapd.load(people('anna'));
      const id = await addDomain();
      const dead = await claimed(id);
      expect(await claimScan(ctx.db, SCAN_LEASE_MS)).toBeUndefined();
      await expire(id);
      const next = await take();
      await expect(scanDomain(ctx, dead, ACTOR, NEVER)).rejects.toThrow(ScanLost);
      expect(await accounts(id)).toEqual([]);
      await scanDomain(ctx, next, ACTOR, NEVER);
      expect(await states(id)).toEqual({ anna: 'NEW' });
      await expect(scanDomain(ctx, dead, ACTOR, NEVER)).rejects.toThrow(ScanLost);
      expect((await read(id)).scanStatus).toBe('OK');
    });

    test('and the first cannot say that it failed either', async () => {
      const id = await addDomain({ endpoints: [] });
      const dead = await claimed(id);
      await expire(id);
      await take();
      await expect(scanDomain(ctx, dead, ACTOR, NEVER)).rejects.toThrow(ScanLost);
      expect(await read(id)).toMatchObject({ scanStatus: 'RUNNING', scanMessage: '' });
    });

    test('one that is stopped leaves it to the next', async () => {
      const id = await addDomain();
      const stopped = scanDomain(ctx, await claimed(id), ACTOR, AbortSignal.abort());
      await expect(stopped).rejects.toMatchObject({ reason: 'aborted' });
      expect((await read(id)).scanStatus).toBe('PENDING');
      await scanDomain(ctx, await take(), ACTOR, NEVER);
      expect((await read(id)).scanStatus).toBe('OK');
    });

    test('an account that only a scan found that broke off is new when a later one is through', async () => {
      await slapd.load(people('anna'));
      const id = await addDomain();
      await scan(id);
      await slapd.load(people('anna', 'bert'));
      const link = await createLink(slapd.tlsPort);
      await updateTargetDomain(ctx, by, id, settings({ endpoints: [endpoint({ ldap_port: link.port })] }));
      // The accounts come, and the replica dies before it can say that it is through.
      const claim = await claimed(id);
      const dying = { ...ctx, audit: { ...ctx.audit, append: () => Promise.reject(new Error('kill -9')) } };
      await expect(scanDomain(dying, claim, ACTOR, NEVER)).rejects.toThrow('kill -9');
      expect(await states(id)).toMatchObject({ bert: 'NEW' });
      await expire(id);
      await scanDomain(ctx, await take(), ACTOR, NEVER);
      expect(await states(id)).toEqual({ anna: 'UNMANAGED', bert: 'NEW' });
      await link.close();
    });

    test('asked for while one is under way, one more follows', async () => {
      const id = await addDomain();
      const claim = await claimed(id);
      await requestScan(ctx, by, id);
      await requestScan(ctx, by, id);
      expect((await read(id)).scanStatus).toBe('RUNNING');
      await scanDomain(ctx, claim, ACTOR, NEVER);
      expect((await read(id)).scanStatus).toBe('PENDING');
      await scanDomain(ctx, await take(), ACTOR, NEVER);
      expect((await read(id)).scanStatus).toBe('OK');
      expect(await claimScan(ctx.db, SCAN_LEASE_MS)).toBeUndefined();
    });

    test('of a domain that is switched off or deleted meanwhile, nobody', async () => {
      const id = await addDomain();
      const claim = await claimed(id);
      await updateTargetDomain(ctx, by, id, settings({ enabled: false }));
      await expect(scanDomain(ctx, claim, ACTOR, NEVER)).rejects.toThrow(ScanLost);
      expect(await read(id)).toMatchObject({
        scanStatus: 'ERROR',
        scanMessage: 'the target domain was disabled',
      });
      expect(await countFailedScans(ctx.db)).toBe(0);
      const other = await claimed(await addDomain());
      await deleteTargetDomain(ctx, by, other.domain.id);
      await expect(scanDomain(ctx, other, ACTOR, NEVER)).rejects.toThrow(ScanLost);
    });
  });

  describe('where accounts are managed by themselves', () => {
    const managed = async (domainId: string) => {
      const rows = await platform.superuser.query<{ account: string }>(
        `SELECT account FROM secrets_manager.managed_accounts
         WHERE domain_id = $1 ORDER BY account`,
        [domainId],
      );
      return rows.map(({ account }) => account);
    };
    const policyOf = () => addPolicy(ctx, {});
    const onboarding = async (members: Partial<TargetDomainSettings> = {}) =>
      settings({ autoOnboarding: true, autoOnboardingPolicyId: await policyOf(), ...members });

    test('what a scan finds is managed from then on, but for what is ignored', async () => {
      await slapd.load(people('anna', 'bert', 'carl'));
      const body = await onboarding();
      const id = await createTargetDomain(ctx, by, { ...body, autoOnboarding: false });
      await scan(id);
      expect(await managed(id)).toEqual([]);
      const bert = (await accounts(id)).find(({ username }) => username === 'bert');
      await changeScannedAccounts(ctx, by, id, [bert?.id ?? ''], { ignored: true });
      await updateTargetDomain(ctx, by, id, { ...body, endpoints: [endpoint()] });
      await scan(id);
      expect(await managed(id)).toEqual(['anna', 'carl']);
      expect(await states(id)).toEqual({ anna: 'MANAGED', bert: 'UNMANAGED', carl: 'MANAGED' });
      await slapd.load(people('anna', 'bert', 'carl', 'dora'));
      await scan(id);
      expect(await managed(id)).toEqual(['anna', 'carl', 'dora']);
      const completed = (await platform.records()).filter(
        ({ name, message }) => name === 'Scan-completed' && message['targetDomainID'] === id,
      );
      expect(completed.map(({ message }) => message['onboarded'])).toEqual(['0', '2', '1']);
    });

    test('of more than are managed at once, all are, and the one that signs in is not', async () => {
      const names = Array.from({ length: 530 }, (_, index) => `u${index}`);
      await slapd.load(people(...names) + person('scanner', 'Scanner', { userPassword: 'scanner-pass' }));
      const own = `UID=scanner,${SUFFIX}`;
      const body = await onboarding({
        endpoints: [endpoint({ ldap_bind_dn: own, ldap_bind_password: 'scanner-pass' })],
      });
      const id = await createTargetDomain(ctx, by, body);
      expect((await scan(id)).scanStatus).toBe('OK');
      expect(await managed(id)).toEqual([...names].sort());
      expect((await states(id))['scanner']).toBe('NEW');
    });

    test('accounts that a domain itself lives by are not', async () => {
      const sid = (number: number) => {
        const end = Buffer.alloc(16);
        [21, 798_409_181, 707_900_306].forEach((part, index) => end.writeUInt32LE(part, 4 * index));
        end.writeUInt32LE(3_499_700_676, 12);
        const last = Buffer.alloc(4);
        last.writeUInt32LE(number);
        return Buffer.concat([Buffer.from('0105000000000005', 'hex'), end, last]);
      };
      await slapd.load(
        person('administrator', 'a', { objectSid: sid(500) }) +
          person('krbtgt_4711', 'k', { objectSid: sid(1_105) }) +
          person('app', 'an app', { objectSid: sid(1_000) }),
      );
      const id = await createTargetDomain(ctx, by, await onboarding());
      await scan(id);
      const sids = (await accounts(id)).map(({ securityId }) => securityId);
      expect(sids).toContain('S-1-5-21-798409181-707900306-3499700676-500');
      expect(await managed(id)).toEqual(['app']);
    });

    test('a scan that breaks off between is made again, and the rest are managed', async () => {
      await slapd.load(people(...Array.from({ length: 600 }, (_, index) => `u${index}`)));
      const id = await createTargetDomain(ctx, by, await onboarding());
      let left = 550;
      const append: SecretsManagerContext['audit']['append'] = (tx, ...acts) =>
        (left -= 1) < 0 ? Promise.reject(new Error('kill -9')) : ctx.audit.append(tx, ...acts);
      const dying = { ...ctx, audit: { ...ctx.audit, append } };
      await expect(scanDomain(dying, await claimed(id), ACTOR, NEVER)).rejects.toThrow('kill -9');
      expect(await managed(id)).toHaveLength(500);
      await platform.superuser.query('UPDATE secrets_manager.target_domains SET scan_claimable_at = now()');
      await scanDomain(ctx, await take(), ACTOR, NEVER);
      expect(await managed(id)).toHaveLength(600);
    });
  });

  test('periodic scans come in the last tenth of their interval, by themselves and once', async () => {
    await slapd.load(people('anna'));
    const at = (ms: number) => planScans({ ...ctx, now: () => new Date(start + ms) });
    const start = platform.clock.now.getTime();
    const id = await addDomain({ periodicScan: true });
    await addDomain({ periodicScan: false });
    await addDomain({ periodicScan: true, enabled: false });
    // The first one soon: within a tenth of the interval.
    expect(await at(0)).toBe(0);
    expect(await at(HOUR / 10)).toBe(1);
    expect(await at(HOUR / 10)).toBe(0);
    const claim = await take();
    expect(claim).toMatchObject({ domain: { id }, requestedBy: null });
    await scanDomain(ctx, claim, ACTOR, NEVER);
    expect((await accounts(id))[0]?.updatedBy).toBe(ACTOR);
    expect(await at(HOUR / 10 + HOUR * 0.89)).toBe(0);
    expect(await at(HOUR / 10 + HOUR)).toBe(1);
    // A change of the interval makes the time anew, from the scan that was made.
    await updateTargetDomain(ctx, by, id, settings({ periodicScan: true, periodicScanInterval: 7_200 }));
    expect(await at(HOUR * 1.7)).toBe(0);
    expect(await at(HOUR * 2.2)).toBe(1);
  });

  test('scans are on the record, with what they found and without secrets', async () => {
    await slapd.load(people('anna', 'bert'));
    const id = await addDomain();
    await scan(id);
    await updateTargetDomain(ctx, by, id, settings({ endpoints: [] }));
    await scan(id);
    const records = (await platform.records()).filter(record => record.message['targetDomainID'] === id);
    expect(records.map(({ name }) => name)).toEqual([
      'Target-domain-added',
      'Scan-requested',
      'Scan-completed',
      'Target-domain-modified',
      'Scan-requested',
      'Scan-failed',
    ]);
    expect(records[2]?.message).toMatchObject({ found: '2', new: '2', removed: '0', requestedBy: 'tester' });
    expect(await platform.published()).not.toContain(slapd.admin.password);
  });
});
