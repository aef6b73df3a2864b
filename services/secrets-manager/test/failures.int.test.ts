import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { HOSTS, WHITELISTS } from './host-support.ts';
import {
  POLICIES,
  POLICY,
  startTestSecretsManager,
  TEMPLATE,
  TEMPLATES,
  uniqueName,
  type TestSecretsManager,
} from './support.ts';

let sm: TestSecretsManager;
let policy: string;
let template: string;
let host: string;
let whitelist: string;

beforeAll(async () => {
  sm = await startTestSecretsManager();
  policy = await sm.create(POLICY, { name: uniqueName('policy') });
  template = await sm.create(TEMPLATE, { name: uniqueName('t'), operating_system: 'LINUX', script: 'id' });
  host = await sm.create(HOSTS, { common_name: 'host' });
  whitelist = await sm.create(WHITELISTS, { name: uniqueName('w') });
});
afterAll(() => sm.stop());

const everything = async () =>
  (await Promise.all([POLICIES, TEMPLATES, HOSTS, WHITELISTS].map(path => sm.call('GET', path)))).map(
    a => a.text,
  );

describe('while no audit record can be written', () => {
  beforeAll(() => sm.superuser.query('REVOKE INSERT ON outbox FROM strongroom_secrets_manager'));
  afterAll(() => sm.superuser.query('GRANT INSERT ON outbox TO strongroom_secrets_manager'));

  test('no password is shown', async () => {
    const { status, body } = await sm.call('POST', `${POLICY}/${policy}/generate`);
    expect([status, body['error_code'], body['password']]).toEqual([503, 'AUDIT_UNAVAILABLE', undefined]);
  });

  test('nothing is written', async () => {
    const before = await everything();
    const script = { operating_system: 'LINUX', script: 'true' };
    for (const [method, path, body] of [
      ['POST', POLICY, { name: uniqueName('x') }],
      ['PUT', `${POLICY}/${policy}`, { name: uniqueName('x') }],
      ['DELETE', `${POLICY}/${policy}`, undefined],
      ['DELETE', `${POLICY}/${template}`, undefined],
      ['POST', TEMPLATE, { name: uniqueName('x'), ...script }],
      ['PUT', `${TEMPLATE}/${template}`, { name: uniqueName('x'), ...script }],
      ['DELETE', `${TEMPLATE}/${template}`, undefined],
      ['POST', HOSTS, { common_name: 'x' }],
      ['POST', `${HOSTS}/deploy`, { common_name: 'x' }],
      ['PUT', `${HOSTS}/${host}`, { common_name: 'x' }],
      ['PUT', `${HOSTS}/${host}/disabled`, { disabled: true }],
      ['DELETE', `${HOSTS}/${host}`, undefined],
      ['POST', WHITELISTS, { name: uniqueName('x') }],
      ['PUT', `${WHITELISTS}/${whitelist}`, { name: uniqueName('x') }],
      ['DELETE', `${WHITELISTS}/${whitelist}`, undefined],
    ] as const) {
      expect((await sm.call(method, path, body === undefined ? {} : { body })).status).toBeGreaterThanOrEqual(
        500,
      );
    }
    expect(await everything()).toEqual(before);
  });
});

test('after the database has dropped all connections, the next calls are answered', async () => {
  await sm.superuser.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND usename = 'strongroom_secrets_manager'`,
  );
  const statuses: number[] = [];
  while (statuses.at(-1) !== 200) statuses.push((await sm.call('GET', `${POLICY}/${policy}`)).status);
  expect(statuses.filter(status => status !== 200 && status !== 503)).toEqual([]);
});

describe('while auth cannot be asked for its roles', () => {
  beforeAll(() => void sm.issuer.away.add('/role-store/api/v1/roles'));
  afterAll(() => void sm.issuer.away.delete('/role-store/api/v1/roles'));

  test('a host that names a role is not written, and one that names none is', async () => {
    const principals = [{ principal: 'root', roles: [{ id: policy }] }];
    const { status, body } = await sm.call('POST', HOSTS, { body: { principals } });
    expect([status, body['error_code']]).toEqual([503, 'INTRA_SERVICE_COMMUNICATION_ERROR']);
    expect((await sm.call('PUT', `${HOSTS}/${host}`, { body: { common_name: 'again' } })).status).toBe(200);
    expect((await sm.call('GET', `${HOSTS}/${host}`)).status).toBe(200);
  });
});
