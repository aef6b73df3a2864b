import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '@strongroom/testing/eventually';
import { findNamed, MASK, withoutStamps, type Json } from './host-support.ts';
import {
  POLICIES,
  POLICY,
  PREFIX,
  startTestSecretsManager,
  uniqueName,
  type TestSecretsManager,
} from './support.ts';
import { domainBody, DOMAINS, ldapEndpoint, readDomain } from './target-domain-support.ts';

let sm: TestSecretsManager;
beforeAll(async () => {
  sm = await startTestSecretsManager();
});
afterAll(() => sm.stop());

const ENTRA = {
  type: 'ENTRA',
  scan_priority: 2,
  rotation_priority: 2,
  attribute_mapping: { username: 'userPrincipalName' },
  entra_base_url: 'https://graph.example',
  entra_tenant_id: 'tenant',
  entra_client_id: 'client',
  entra_client_secret: 'plum-9932',
  entra_batch_size: 20,
  entra_page_size: 100,
  entra_group_filter: ['admins'],
};

test('a target domain comes back whole, with its secrets masked', async () => {
  const policy = await findNamed(sm, POLICIES, 'PrivX default password policy');
  const body = domainBody({
    periodic_scan: true,
    periodic_scan_interval: 3_600,
    auto_onboarding: true,
    auto_onboarding_policy: { id: policy, name: 'ignored' },
    endpoints: [ldapEndpoint({ ldap_user_filter: '(uid=*)', attribute_mapping: { email: 'mail' } }), ENTRA],
    comment: 'ours',
    scan_status: 'OK',
    author: 'somebody',
  });
  const id = await sm.create(DOMAINS, body);
  const read = await readDomain(sm, id);
  expect(read).toMatchObject({
    ...body,
    id,
    auto_onboarding_policy: { id: policy, name: 'PrivX default password policy' },
    endpoints: [
      ldapEndpoint({
        ldap_user_filter: '(uid=*)',
        attribute_mapping: { email: 'mail' },
        ldap_bind_password: MASK,
      }),
      { ...ENTRA, entra_client_secret: MASK },
    ],
    scan_status: '',
    scan_message: '',
    author: sm.caller.sub,
    updated_by: sm.caller.sub,
  });
  expect(read).not.toHaveProperty('last_scanned');

  // As clients change one: they send back what they read.
  expect((await sm.call('PUT', `${DOMAINS}/${id}`, { body: read })).status).toBe(200);
  expect(withoutStamps(await readDomain(sm, id))).toEqual(withoutStamps(read));
  const everything = await sm.superuser.query<{ row: string }>(
    'SELECT d::text AS row FROM secrets_manager.target_domains AS d WHERE id = $1',
    [id],
  );
  expect(everything[0]?.row).not.toMatch(/plum-993/);
});

test('what Go sends for what is unset is as if it was not sent', async () => {
  const id = await sm.create(DOMAINS, {
    name: uniqueName('domain'),
    domain_name: '',
    periodic_scan_interval: 0,
    auto_onboarding_policy: null,
    endpoints: null,
    created: '0001-01-01T00:00:00Z',
  });
  expect(await readDomain(sm, id)).toMatchObject({
    enabled: true,
    periodic_scan: false,
    periodic_scan_interval: 86_400,
    auto_onboarding: false,
    endpoints: [],
    comment: '',
  });
});

describe('what is refused', () => {
  const endpoint = (members: Json) => ({ endpoints: [ldapEndpoint(members)] });

  test.each<[string, Json, string]>([
    ['an unknown kind', endpoint({ type: 'NIS' }), 'endpoints.0.type'],
    ['an unknown protocol', endpoint({ ldap_protocol: 'carrier pigeon' }), 'endpoints.0.ldap_protocol'],
    ['no address', endpoint({ ldap_address: '' }), 'endpoints.0.ldap_address'],
    ['no filter', endpoint({ ldap_user_filter: '(uid=*' }), 'endpoints.0.ldap_user_filter'],
    [
      'an attribute that is none',
      endpoint({ attribute_mapping: { username: 'a b' } }),
      'endpoints.0.attribute_mapping',
    ],
    ['a mask of nothing', endpoint({ ldap_bind_password: MASK }), 'endpoints.0.ldap_bind_password'],
    ['an unknown policy', { auto_onboarding_policy: { id: randomUUID() } }, 'auto_onboarding_policy.id'],
    ['accounts without a policy', { auto_onboarding: true }, 'auto_onboarding_policy.id'],
  ])('%s', async (_, members, property) => {
    const answer = await sm.call('POST', DOMAINS, { body: domainBody(members) });
    expect([answer.status, answer.body['property']]).toEqual([400, property]);
  });

  test('a name that another has, in any spelling', async () => {
    const name = uniqueName('Domain');
    await sm.create(DOMAINS, domainBody({ name }));
    const answer = await sm.call('POST', DOMAINS, { body: domainBody({ name: name.toUpperCase() }) });
    expect([answer.status, answer.body['property']]).toEqual([409, 'name']);
    const other = await sm.create(DOMAINS, domainBody());
    expect((await sm.call('PUT', `${DOMAINS}/${other}`, { body: domainBody({ name }) })).status).toBe(409);
  });

  test('a password that a mask would send elsewhere', async () => {
    const id = await sm.create(DOMAINS, domainBody());
    const read = await readDomain(sm, id);
    const moved = ldapEndpoint({ ldap_bind_password: MASK, ldap_address: 'evil.example' });
    const answer = await sm.call('PUT', `${DOMAINS}/${id}`, { body: { ...read, endpoints: [moved] } });
    expect([answer.status, answer.body['property']]).toEqual([400, 'endpoints.0.ldap_bind_password']);
    expect(await readDomain(sm, id)).toEqual(read);
  });

  test('a domain that is not there', async () => {
    const path = `${DOMAINS}/${randomUUID()}`;
    for (const [method, at] of [
      ['GET', path],
      ['PUT', path],
      ['DELETE', path],
      ['POST', path],
      ['POST', `${path}/refresh`],
      ['GET', `${path}/accounts`],
    ] as const) {
      const answer = await sm.call(method, at, method === 'PUT' ? { body: domainBody() } : {});
      expect([method, at, answer.status]).toEqual([method, at, 404]);
    }
  });

  test('to delete a policy that a domain names', async () => {
    const policy = await sm.create(POLICY, { name: uniqueName('policy') });
    const id = await sm.create(DOMAINS, domainBody({ auto_onboarding_policy: { id: policy } }));
    expect((await sm.call('DELETE', `${POLICY}/${policy}`)).status).toBe(409);
    expect((await sm.call('DELETE', `${DOMAINS}/${id}`)).status).toBe(200);
    expect((await sm.call('DELETE', `${POLICY}/${policy}`)).status).toBe(200);
  });
});

test('domains are listed, searched and found by name', async () => {
  const word = randomUUID();
  const [a, b] = [
    await sm.create(DOMAINS, domainBody({ name: `A ${word}`, enabled: false })),
    await sm.create(DOMAINS, domainBody({ name: `B ${word}`, periodic_scan: true, comment: 'the 100%_one' })),
  ];
  const ids = async (path: string, body: Json) => {
    const answer = await sm.call('POST', path, { body });
    expect(answer.status).toBe(200);
    return (answer.body['items'] as Json[]).map(item => item['id']);
  };
  const search = (body: Json, query = '') => ids(`${DOMAINS}/search${query}`, { keywords: word, ...body });
  expect(await search({})).toEqual([a, b]);
  expect(await search({}, '?sortdir=DESC&limit=1')).toEqual([b]);
  expect(await search({ enabled: false })).toEqual([a]);
  expect(await search({ periodic_scan: true, auto_onboarding: false })).toEqual([b]);
  expect(await ids(`${DOMAINS}/search`, { keywords: '100%_ONE' })).toEqual([b]);
  expect(await ids(`${DOMAINS}/search?sortkey=created`, { keywords: 'no-such-word' })).toEqual([]);
  const listed = await sm.call('GET', `${DOMAINS}?limit=1000&sortkey=updated`);
  expect((listed.body['items'] as Json[]).map(item => item['id'])).toEqual(expect.arrayContaining([a, b]));

  const resolved = await sm.call('POST', `${DOMAINS}/resolve`, { body: [`b ${word}`, 'none', `A ${word}`] });
  expect(resolved.body).toEqual({
    count: 2,
    items: [
      { id: a, target_domain_name: `A ${word}` },
      { id: b, target_domain_name: `B ${word}` },
    ],
  });
});

test('a scan that is asked for waits; of a disabled domain none is made', async () => {
  const id = await sm.create(DOMAINS, domainBody({ endpoints: [] }));
  const disabled = { ...(await readDomain(sm, id)), enabled: false };
  expect((await sm.call('PUT', `${DOMAINS}/${id}`, { body: disabled })).status).toBe(200);
  expect((await sm.call('POST', `${DOMAINS}/${id}/refresh`)).status).toBe(409);
  expect(await readDomain(sm, id)).toMatchObject({ scan_status: '' });
});

test('every change is on the record, without secrets', async () => {
  const body = domainBody({ name: uniqueName('recorded') });
  const id = await sm.create(DOMAINS, body);
  await sm.call('PUT', `${DOMAINS}/${id}`, { body });
  await sm.call('POST', `${DOMAINS}/${id}`);
  await sm.call('DELETE', `${DOMAINS}/${id}`);
  const records = (await sm.trail()).filter(record => record.message['targetDomainID'] === id);
  expect(records.map(record => record.name).slice(0, 3)).toEqual([
    'Target-domain-added',
    'Target-domain-modified',
    'Scan-requested',
  ]);
  expect(records.map(record => record.name)).toContain('Target-domain-removed');
  expect(records[0]?.message).toMatchObject({ targetDomain: body['name'] });
  expect(JSON.stringify(records)).not.toContain('plum-9931');
});

test('what endpoints have sealed is under the new key after a rotation, and opens', async () => {
  const id = await sm.create(DOMAINS, domainBody());
  const keyOf = async () =>
    (
      await sm.superuser.query<{ key: number }>(
        `SELECT secrets_manager.packed_key_id(sealed_endpoint_secrets) AS key
         FROM secrets_manager.target_domains WHERE id = $1`,
        [id],
      )
    )[0]?.key;
  expect(await keyOf()).toBe(1);
  expect((await sm.call('POST', `${PREFIX}/keys/rotate`)).status).toBe(200);
  await eventually('the rotation is finished', async () => {
    const { body } = await sm.call('GET', `${PREFIX}/keys`);
    return (body['rotation'] as { state: string }).state === 'finished';
  });
  expect(await keyOf()).toBe(2);
  // To keep a masked secret, it is opened.
  const read = await readDomain(sm, id);
  expect((await sm.call('PUT', `${DOMAINS}/${id}`, { body: read })).status).toBe(200);
});
