import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { onboardAccounts } from '../src/operations/take-up-accounts.ts';
import { addRole, type Json } from './host-support.ts';
import { openReplica } from './reach-support.ts';
import { POLICY, startTestSecretsManager, uniqueName, type TestSecretsManager } from './support.ts';
import { domainBody, DOMAINS } from './target-domain-support.ts';

let sm: TestSecretsManager;
let policy: string;
let policyName: string;
let domain: string;
let domainName: string;

beforeAll(async () => {
  sm = await startTestSecretsManager();
  policyName = uniqueName('policy');
  policy = await sm.create(POLICY, { name: policyName, max_concurrent_checkouts: 1 });
});
afterAll(() => sm.stop());
beforeEach(async () => {
  domainName = uniqueName('domain');
  domain = await sm.create(DOMAINS, domainBody({ name: domainName }));
});

const ACCOUNTS = () => `${DOMAINS}/${domain}/managedaccounts`;
const account = (username: string, members: Json = {}): Json => ({
  username,
  password_policy: { id: policy },
  ...members,
});
const add = (username: string, members: Json = {}) => sm.create(ACCOUNTS(), account(username, members));
const read = async (id: string): Promise<Json> => (await sm.call('GET', `${ACCOUNTS()}/${id}`)).body;
const search = async (body: Json, query = ''): Promise<{ count: number; names: unknown[] }> => {
  const answer = await sm.call('POST', `${ACCOUNTS()}/search${query}`, { body });
  const items = answer.body['items'] as Json[];
  return { count: Number(answer.body['count']), names: items.map(item => item['username']) };
};
const unfinished = (username: string) =>
  sm.superuser.query<{ trigger: string }>(
    `SELECT trigger FROM rotations WHERE system_kind = 'domain' AND system_id = $1 AND account = $2
       AND finished_at IS NULL`,
    [domain, username],
  );

/** As a scan leaves it. */
async function scanned(username: string, members: Json = {}): Promise<string> {
  const id = randomUUID();
  await sm.superuser.query(
    `INSERT INTO scanned_accounts (id, domain_id, source_id, security_id, distinguished_name, username,
       sam_account_name, email, full_name, additional_data, search_text, found_by_scan, created_at, updated_at,
       updated_by)
     VALUES ($1, $2, $3, 'S-1-5-21', $4, $5, $5, 'app@mail.test', 'The App', '{"department": "ops"}', '', 1, now(),
       now(), 'scan')`,
    [id, domain, members['source_id'] ?? randomUUID(), `uid=${username},dc=test`, username],
  );
  return id;
}

describe('a managed account', () => {
  test('comes back whole, and as it was when what was read is sent back', async () => {
    const role = addRole(sm);
    const body = account('svc app, "one"', {
      email: 'app@mail.test',
      full_name: 'The App',
      sam_account_name: 'svc',
      source_id: randomUUID(),
      security_id: 'S-1-5-21-1',
      additional_data: { department: 'ops' },
      enabled: true,
      rotation_enabled: true,
      explicit_checkout: false,
      disable_rdp_cert_auth: true,
      roles: [{ id: role.id }],
      comment: 'ours',
      locked: true,
      state: 'NEW',
      rotation_state: 'UNSETTLED',
      secret_name: 'another',
    });
    const answer = await sm.call('POST', ACCOUNTS(), { body });
    const id = String(answer.body['id']);
    expect([answer.status, answer.headers.get('location')]).toEqual([201, `${ACCOUNTS()}/${id}`]);
    const whole = await read(id);
    expect(whole).toEqual({
      ...body,
      id,
      target_domain: { id: domain, name: domainName },
      password_policy: { id: policy, name: policyName },
      roles: [role],
      locked: false,
      state: 'MANAGED',
      rotation_state: 'OK',
      secret_name: `domains/${domain}/svc%20app%2C%20%22one%22`,
      rotation_history: [],
      checkouts: [],
      last_error_details: '',
      heartbeat: { status: 'unknown', details: '' },
      author: sm.caller.sub,
      updated_by: sm.caller.sub,
      created: expect.any(String),
      updated: expect.any(String),
    });
    expect((await sm.call('PUT', `${ACCOUNTS()}/${id}`, { body: whole })).status).toBe(200);
    expect({ ...(await read(id)), updated: '' }).toEqual({ ...whole, updated: '' });
  });

  test('keeps what a change does not say, and does what it does', async () => {
    const id = await add('kept', { comment: 'before', rotation_enabled: true, email: 'a@b.test' });
    const change = { comment: 'after', rotation_enabled: false };
    expect((await sm.call('PUT', `${ACCOUNTS()}/${id}`, { body: change })).status).toBe(200);
    expect(await read(id)).toMatchObject({ ...change, email: 'a@b.test', username: 'kept', enabled: true });
  });

  test('changes nothing and is open to nobody unless that is said', async () => {
    const id = await add('quiet');
    expect(await read(id)).toMatchObject({
      enabled: true,
      rotation_enabled: false,
      explicit_checkout: true,
      roles: [],
    });
    expect(await unfinished('quiet')).toEqual([]);
  });

  test('has its policy, else that of its target domain, else it is refused', async () => {
    const withPolicy = await sm.create(DOMAINS, domainBody({ auto_onboarding_policy: { id: policy } }));
    const path = (id: string) => `${DOMAINS}/${id}/managedaccounts`;
    const unsaid = { username: 'unsaid', password_policy: {} };
    const id = await sm.create(path(withPolicy), unsaid);
    expect((await sm.call('GET', `${path(withPolicy)}/${id}`)).body).toMatchObject({
      password_policy: { id: policy },
    });
    expect(await sm.call('POST', path(domain), { body: unsaid })).toMatchObject({
      status: 400,
      body: { error_code: 'REQUIRED_VALUE_MISSING', property: 'password_policy.id' },
    });
    expect((await sm.call('DELETE', `${POLICY}/${policy}`)).status).toBe(409);
  });

  test.each<[string, Json, string]>([
    ['an unknown policy', { password_policy: { id: randomUUID() } }, 'password_policy.id'],
    ['an unknown role', { roles: [{ id: randomUUID() }] }, 'roles.0.id'],
    ['no name', { username: '' }, 'username'],
    ['a name of two lines', { username: 'a\nb' }, 'username'],
  ])('with %s is refused', async (_, members, property) => {
    const answer = await sm.call('POST', ACCOUNTS(), { body: account('bad', members) });
    expect([answer.status, answer.body['property']]).toEqual([400, property]);
  });

  test('is there once, whatever the case of its name, and once by what the directory knows it by', async () => {
    const source_id = randomUUID();
    await add('Once', { source_id });
    const twice = [account('oNCE'), account('other', { source_id })];
    for (const [index, property] of ['username', 'source_id'].entries()) {
      const answer = await sm.call('POST', ACCOUNTS(), { body: twice[index] });
      expect([answer.status, answer.body['error_code'], answer.body['property']]).toEqual([
        409,
        'VALUE_DUPLICATE',
        property,
      ]);
    }
    const other = await sm.create(DOMAINS, domainBody());
    await sm.create(`${DOMAINS}/${other}/managedaccounts`, account('once', { source_id }));
  });

  test('keeps its name, by which its passwords are found', async () => {
    const id = await add('named');
    const answer = await sm.call('PUT', `${ACCOUNTS()}/${id}`, { body: { username: 'renamed' } });
    expect([answer.status, answer.body['property']]).toEqual([400, 'username']);
  });

  test('takes from what a scan found under its name what nobody has said', async () => {
    const source = randomUUID();
    await scanned('Found', { source_id: source });
    const id = await add('found', { email: 'other@mail.test' });
    const { body } = await sm.call('POST', `${DOMAINS}/${domain}/accounts/search`, {
      body: { state: 'MANAGED' },
    });
    expect(body).toMatchObject({ count: 1, items: [{ username: 'Found', state: 'MANAGED' }] });
    await sm.superuser.query('UPDATE scanned_accounts SET is_removed = true WHERE source_id = $1', [source]);
    expect(await read(id)).toMatchObject({ state: 'REMOVED' });
    expect(await search({ state: 'REMOVED' })).toMatchObject({ count: 1, names: ['found'] });
    await sm.superuser.query('UPDATE scanned_accounts SET is_removed = false WHERE source_id = $1', [source]);
    expect(await read(id)).toMatchObject({
      username: 'found',
      source_id: source,
      full_name: 'The App',
      email: 'other@mail.test',
      additional_data: { department: 'ops' },
    });
  });

  test('is not found in another target domain, nor when it is gone', async () => {
    const id = await add('here');
    const other = await sm.create(DOMAINS, domainBody());
    const calls: [string, string, unknown?][] = [
      ['GET', ''],
      ['PUT', '', {}],
      ['POST', '/rotate'],
      ['DELETE', ''],
    ];
    for (const [method, path, body] of calls) {
      const options = body === undefined ? {} : { body };
      const answer = await sm.call(method, `${DOMAINS}/${other}/managedaccounts/${id}${path}`, options);
      expect([method, path, answer.status]).toEqual([method, path, 404]);
    }
    expect((await sm.call('DELETE', `${ACCOUNTS()}/${id}`)).status).toBe(200);
    expect((await sm.call('GET', `${ACCOUNTS()}/${id}`)).status).toBe(404);
    expect(await sm.superuser.query('SELECT FROM accounts WHERE system_id = $1', [domain])).toEqual([]);
    await add('here');
  });

  test('is neither touched nor seen by the routes of hosts', async () => {
    await add('apart', { rotation_enabled: true });
    for (const [method, path] of [
      ['POST', 'rotate'],
      ['GET', 'heartbeat'],
      ['POST', 'heartbeat'],
    ] as const) {
      const answer = await sm.call(method, `/secrets-manager/api/v1/${path}/${domain}/apart`);
      expect([path, answer.status]).toEqual([path, 404]);
    }
    expect(await unfinished('apart')).toEqual([]);
  });
});

describe('a change of its password', () => {
  test('is asked for, once', async () => {
    const id = await add('turned', { rotation_enabled: true });
    for (let time = 0; time < 2; time += 1) {
      expect((await sm.call('POST', `${ACCOUNTS()}/${id}/rotate`)).status).toBe(200);
    }
    expect(await unfinished('turned')).toMatchObject([{ trigger: 'request' }]);
  });

  test('is refused where rotation is off, or the account or its domain disabled', async () => {
    const off = await add('off');
    const disabled = await add('disabled', { rotation_enabled: true, enabled: false });
    for (const id of [off, disabled]) {
      expect((await sm.call('POST', `${ACCOUNTS()}/${id}/rotate`)).status).toBe(409);
    }
    const id = await add('fine', { rotation_enabled: true });
    await sm.call('PUT', `${DOMAINS}/${domain}`, { body: domainBody({ name: domainName, enabled: false }) });
    expect((await sm.call('POST', `${ACCOUNTS()}/${id}/rotate`)).status).toBe(409);
  });

  test('that is not settled keeps the account, and its domain, from being deleted', async () => {
    const id = await add('unsettled', { rotation_enabled: true });
    await sm.superuser.query(
      `INSERT INTO rotations (id, system_kind, system_id, account, trigger, requested_by, step, claimable_at,
         created_at)
       VALUES ($1, 'domain', $2, 'unsettled', 'request', 'test', 'settling', 'infinity', now())`,
      [randomUUID(), domain],
    );
    await sm.superuser.query(`UPDATE accounts SET last_error = now() WHERE account = 'unsettled'`);
    expect((await sm.call('DELETE', `${ACCOUNTS()}/${id}`)).status).toBe(409);
    expect((await sm.call('DELETE', `${DOMAINS}/${domain}`)).status).toBe(409);
    expect(await read(id)).toMatchObject({ rotation_state: 'UNSETTLED' });
    expect(await search({ rotation_state: 'UNSETTLED' })).toEqual({ count: 1, names: ['unsettled'] });
  });
});

describe('several at once', () => {
  test('are taken up from what a scan found, changed, rotated and deleted', async () => {
    const found = [await scanned('one'), await scanned('two')];
    const data = { rotation_enabled: true, rotate: true, password_policy: { id: policy }, comment: 'batch' };
    const answer = await sm.call('POST', `${ACCOUNTS()}/batch/create`, { body: { ids: found, data } });
    const ids = answer.body['ids'] as string[];
    expect([answer.status, ids.length]).toEqual([201, 2]);
    expect(await read(ids[0] ?? '')).toMatchObject({
      username: 'one',
      comment: 'batch',
      full_name: 'The App',
    });
    for (const username of ['one', 'two']) expect(await unfinished(username)).toHaveLength(1);
    const post = (what: string, body: Json) => sm.call('POST', `${ACCOUNTS()}/batch/${what}`, { body });
    const changes = { comment: 'edited', password_policy: {}, enabled: null };
    expect((await post('edit', { ids, changes })).status).toBe(200);
    expect(await read(ids[1] ?? '')).toMatchObject({ comment: 'edited', enabled: true });
    expect((await post('rotate', { ids })).status).toBe(200);
    const again = await sm.call('POST', `${ACCOUNTS()}/batch/create`, { body: { ids: found, data } });
    expect([again.status, again.body['error_code']]).toEqual([409, 'VALUE_DUPLICATE']);
    expect((await post('delete', { ids })).status).toBe(200);
    expect(await search({})).toEqual({ count: 0, names: [] });
  });

  test('are all changed, or none', async () => {
    const id = await add('alone', { comment: 'before', rotation_enabled: true });
    const ids = [id, randomUUID()];
    for (const [what, body] of [
      ['edit', { ids, changes: { comment: 'after' } }],
      ['delete', { ids }],
      ['rotate', { ids }],
    ] as const) {
      const answer = await sm.call('POST', `${ACCOUNTS()}/batch/${what}`, { body });
      expect([what, answer.status]).toEqual([what, 404]);
    }
    expect(await read(id)).toMatchObject({ comment: 'before' });
    expect(await unfinished('alone')).toEqual([]);
    const half = [await scanned('half'), randomUUID()];
    const data = { password_policy: { id: policy } };
    expect((await sm.call('POST', `${ACCOUNTS()}/batch/create`, { body: { ids: half, data } })).status).toBe(
      404,
    );
    expect(await search({})).toEqual({ count: 1, names: ['alone'] });
  });
});

test('what a scan takes up is what is not managed yet, once, whatever the case of its name', async () => {
  const source_id = randomUUID();
  await add('Managed');
  await add('renamed since', { source_id });
  const replica = await openReplica(sm);
  const identity = (username: string, sourceId: string = randomUUID()) => ({
    ...{ username, sourceId, securityId: '', samAccountName: '', email: '', fullName: '' },
    additionalData: {},
  });
  const found = [
    identity('managed'),
    identity('renamed', source_id),
    identity('ÄRGER'),
    identity('ärger'),
    identity('İstanbul'),
    identity('i̇stanbul'),
    identity('other'),
  ];
  const handle = { id: domain, autoOnboardingPolicyId: policy };
  const takeUp = () =>
    replica.ctx.db.transaction(tx => onboardAccounts(replica.ctx, tx, handle, found, 'the scanner'));
  try {
    const count = await takeUp();
    expect(await takeUp()).toBe(0);
    const { names } = await search({ rotation_enabled: true });
    expect(names).toHaveLength(count);
    expect(names).toEqual(expect.arrayContaining(['ÄRGER', 'İstanbul', 'other']));
    for (const name of ['managed', 'renamed', 'ärger']) expect(names).not.toContain(name);
  } finally {
    await replica.close();
  }
});

test('they are listed, sorted, searched and paged', async () => {
  for (const [username, members] of [
    ['bravo', { rotation_enabled: true }],
    ['Alpha', { email: 'alpha@mail.test' }],
    ['charlie_1', { enabled: false, explicit_checkout: false }],
  ] as const)
    await add(username, members);
  expect(await search({})).toEqual({ count: 3, names: ['Alpha', 'bravo', 'charlie_1'] });
  expect(await search({ keywords: 'ALPHA@ nothing' })).toEqual({ count: 1, names: ['Alpha'] });
  expect(await search({ keywords: '_' })).toEqual({ count: 1, names: ['charlie_1'] });
  expect(await search({ enabled: false })).toEqual({ count: 1, names: ['charlie_1'] });
  expect(await search({ rotation_enabled: true })).toEqual({ count: 1, names: ['bravo'] });
  expect(await search({ explicit_checkout: false })).toEqual({ count: 1, names: ['charlie_1'] });
  expect(
    await search({ state: 'MANAGED', rotation_state: 'OK', created_after: '2020-01-01T00:00:00Z' }),
  ).toMatchObject({ count: 3 });
  expect(await search({ created_before: '2020-01-01T00:00:00Z' })).toEqual({ count: 0, names: [] });
  expect(await search({}, '?sortdir=desc&limit=1&offset=1')).toEqual({ count: 3, names: ['bravo'] });
  expect((await sm.call('GET', `${ACCOUNTS()}?limit=2`)).body).toMatchObject({ count: 3 });
  expect((await sm.call('GET', `${DOMAINS}/${randomUUID()}/managedaccounts`)).status).toBe(404);
});

test('every change is on the record, and none says more than it must', async () => {
  const id = await add('told', { rotation_enabled: true });
  await sm.call('PUT', `${ACCOUNTS()}/${id}`, { body: { comment: 'x' } });
  await sm.call('POST', `${ACCOUNTS()}/${id}/rotate`);
  await sm.superuser.query('DELETE FROM rotations WHERE system_id = $1', [domain]);
  await sm.call('DELETE', `${ACCOUNTS()}/${id}`);
  const records = (await sm.trail()).filter(({ message }) => message['targetDomainID'] === domain);
  const of = { targetDomainID: domain, account: 'told' };
  expect(records.map(({ name, message }) => [name, message])).toMatchObject([
    ['Target-domain-added', {}],
    ['Managed-account-added', { ...of, managedAccountID: id }],
    ['Managed-account-modified', { ...of, managedAccountID: id }],
    ['Rotation-requested', of],
    ['Managed-account-removed', { ...of, managedAccountID: id }],
  ]);
});
