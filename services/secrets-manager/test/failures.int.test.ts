import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
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

beforeAll(async () => {
  sm = await startTestSecretsManager();
  policy = await sm.create(POLICY, { name: uniqueName('policy') });
  template = await sm.create(TEMPLATE, { name: uniqueName('t'), operating_system: 'LINUX', script: 'id' });
});
afterAll(() => sm.stop());

const everything = async () =>
  [await sm.call('GET', POLICIES), await sm.call('GET', TEMPLATES)].map(a => a.text);

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
