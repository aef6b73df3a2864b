import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '@strongroom/testing/eventually';
import { canStartSlapd, ldifEntry, startSlapd, SUFFIX, type TestSlapd } from '@strongroom/testing/slapd';
import type { Json } from './host-support.ts';
import { startTestSecretsManager, type TestSecretsManager } from './support.ts';
import { domainBody, DOMAINS, ldapEndpoint, readDomain } from './target-domain-support.ts';

((await canStartSlapd()) ? describe : describe.skip)('scanned accounts', () => {
  let slapd: TestSlapd;
  let sm: TestSecretsManager;
  let domain: string;
  let accounts: string;

  beforeAll(async () => {
    slapd = await startSlapd();
    await slapd.load(
      ['anna', 'bert', 'Carl_1', 'dora'].map(person).join('') +
        person('eva', { mail: 'eva@mail.test', description: 'the 100% one' }),
    );
    sm = await startTestSecretsManager();
    domain = await addDomain();
    accounts = `${DOMAINS}/${domain}/accounts`;
    expect((await sm.call('POST', `${DOMAINS}/${domain}/refresh`)).status).toBe(200);
    await scanned(domain);
  });
  afterAll(async () => {
    await sm.stop();
    await slapd.stop();
  });

  const person = (uid: string, extra: Record<string, string> | number = {}) =>
    ldifEntry(`uid=${uid},${SUFFIX}`, {
      objectClass: 'inetOrgPerson',
      uid,
      cn: uid,
      sn: uid,
      ...(typeof extra === 'number' ? {} : extra),
    });
  const addDomain = () =>
    sm.create(
      DOMAINS,
      domainBody({
        endpoints: [
          ldapEndpoint({
            ldap_address: '127.0.0.1',
            ldap_port: slapd.tlsPort,
            ldap_bind_dn: slapd.admin.name,
            ldap_bind_password: slapd.admin.password,
            ldap_root_certificates: slapd.ca,
            attribute_mapping: { note: 'description' },
          }),
        ],
      }),
    );
  const scanned = (id: string) =>
    eventually('the scan has ended', async () => {
      const { scan_status: status } = await readDomain(sm, id);
      return status === 'OK' || status === 'ERROR';
    });

  const itemsOf = (body: Json) => body['items'] as Json[];
  const namesOf = (body: Json) => itemsOf(body).map(item => item['username']);
  const search = async (body: Json, query = '') =>
    (await sm.call('POST', `${accounts}/search${query}`, { body })).body;
  async function idOf(username: string): Promise<string> {
    const found = itemsOf(await search({ keywords: username })).find(item => item['username'] === username);
    return String(found?.['id']);
  }

  test('are there after a scan that was asked for, whole', async () => {
    expect(await readDomain(sm, domain)).toMatchObject({ scan_status: 'OK', scan_message: '' });
    const { body } = await sm.call('GET', accounts);
    expect([body['count'], namesOf(body)]).toEqual([5, ['anna', 'bert', 'Carl_1', 'dora', 'eva']]);
    const [, , , , eva] = itemsOf(body);
    expect(eva).toEqual({
      id: expect.any(String),
      username: 'eva',
      email: 'eva@mail.test',
      full_name: 'eva',
      sam_account_name: '',
      source_id: expect.stringMatching(/^[0-9a-f]{8}-/),
      security_id: '',
      additional_data: { distinguished_name: `uid=eva,${SUFFIX}`, note: 'the 100% one' },
      target_domain: { id: domain, name: (await readDomain(sm, domain))['name'] },
      state: 'NEW',
      ignored: false,
      comment: '',
      created: expect.any(String),
      updated: expect.any(String),
      updated_by: sm.caller.sub,
    });
    expect((await sm.call('GET', `${accounts}/${String(eva?.['id'])}`)).body).toEqual(eva);
  });

  test('the Python SDK asks for a scan at the path of the domain', async () => {
    const id = await addDomain();
    expect((await sm.call('POST', `${DOMAINS}/${id}`)).status).toBe(200);
    await scanned(id);
    expect((await sm.call('GET', `${DOMAINS}/${id}/accounts`)).body['count']).toBe(5);
  });

  test('are searched by words, state and time, sorted and paged', async () => {
    expect(namesOf(await search({ keywords: 'CARL_ 100%' }))).toEqual(['Carl_1', 'eva']);
    expect(namesOf(await search({ keywords: 'e_a' }))).toEqual([]);
    expect(namesOf(await search({}, '?sortdir=desc&limit=2&offset=1'))).toEqual(['dora', 'Carl_1']);
    expect((await search({ state: 'REMOVED' }))['count']).toBe(0);
    expect((await search({ state: '', created_after: '', ignored: false }))['count']).toBe(5);
    const anHour = (sign: number) => new Date(Date.now() + sign * 3_600_000).toISOString();
    expect((await search({ created_after: anHour(-1), updated_before: anHour(1) }))['count']).toBe(5);
    expect((await search({ created_before: anHour(-1) }))['count']).toBe(0);
    expect((await search({ updated_after: anHour(1) }))['count']).toBe(0);
    expect((await sm.call('POST', `${accounts}/search`, { body: { state: 'LOST' } })).status).toBe(400);
  });

  test('are ignored and commented on, one or several, and scans leave that', async () => {
    const [anna, bert] = [await idOf('anna'), await idOf('bert')];
    const whole = (await sm.call('GET', `${accounts}/${anna}`)).body;
    const put = await sm.call('PUT', `${accounts}/${anna}`, {
      body: { ...whole, username: 'x', ignored: true },
    });
    expect(put.status).toBe(200);
    expect((await sm.call('GET', `${accounts}/${anna}`)).body).toMatchObject({
      username: 'anna',
      ignored: true,
      comment: '',
    });
    for (const [method, comment] of [
      ['POST', 'by Go'],
      ['PUT', 'by Python'],
    ] as const) {
      const body = { ids: [anna, bert.toUpperCase(), bert], changes: { comment } };
      expect((await sm.call(method, `${accounts}/batch/edit`, { body })).status).toBe(200);
      expect((await search({ keywords: '' }))['items']).toMatchObject([
        { username: 'anna', ignored: true, comment },
        { username: 'bert', ignored: false, comment },
        { comment: '' },
        { comment: '' },
        { comment: '' },
      ]);
    }
    expect(namesOf(await search({ ignored: true }))).toEqual(['anna']);
    await sm.call('POST', `${DOMAINS}/${domain}/refresh`);
    await scanned(domain);
    expect((await sm.call('GET', `${accounts}/${anna}`)).body).toMatchObject({
      ignored: true,
      comment: 'by Python',
    });
    const records = (await sm.trail()).filter(record => record.name === 'Scanned-account-modified');
    expect(records).toHaveLength(3);
    expect(records[0]?.message).toMatchObject({ targetDomainID: domain, accountIDs: anna, ignored: 'true' });
  });

  test('of another domain, or of none, are not there, and then nothing is changed', async () => {
    const other = await addDomain();
    const dora = await idOf('dora');
    for (const path of [`${DOMAINS}/${other}/accounts/${dora}`, `${accounts}/${randomUUID()}`]) {
      expect((await sm.call('GET', path)).status).toBe(404);
      expect((await sm.call('PUT', path, { body: { ignored: true } })).status).toBe(404);
    }
    const body = { ids: [dora, randomUUID()], changes: { ignored: true } };
    expect((await sm.call('POST', `${accounts}/batch/edit`, { body })).status).toBe(404);
    expect((await sm.call('GET', `${accounts}/${dora}`)).body).toMatchObject({ ignored: false });
    expect(
      (await sm.call('POST', `${accounts}/batch/edit`, { body: { ids: 'x', changes: {} } })).status,
    ).toBe(400);
  });
});
