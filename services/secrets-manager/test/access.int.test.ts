import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PERMISSIONS, type Permission } from '@strongroom/contracts/permissions';
import {
  POLICIES,
  POLICY,
  PREFIX,
  startTestSecretsManager,
  TEMPLATE,
  TEMPLATES,
  uniqueName,
  type TestSecretsManager,
} from './support.ts';

let sm: TestSecretsManager;
beforeAll(async () => {
  sm = await startTestSecretsManager();
});
afterAll(() => sm.stop());

const READ: Permission[] = ['hosts-view', 'hosts-manage', 'settings-view', 'settings-manage'];
const WRITE: Permission[] = ['settings-manage', 'hosts-manage'];
const ID = randomUUID();

const routes: [method: string, path: string, allowed: Permission[]][] = [
  ['GET', POLICIES, READ],
  ['GET', TEMPLATES, READ],
  ['GET', `${POLICY}/${ID}`, READ],
  ['GET', `${TEMPLATE}/${ID}`, READ],
  ['POST', `${TEMPLATE}/compile`, READ],
  ['POST', POLICY, WRITE],
  ['POST', TEMPLATE, WRITE],
  ['PUT', `${POLICY}/${ID}`, WRITE],
  ['PUT', `${TEMPLATE}/${ID}`, WRITE],
  ['DELETE', `${POLICY}/${ID}`, WRITE],
  ['DELETE', `${TEMPLATE}/${ID}`, WRITE],
  ['POST', `${POLICY}/${ID}/generate`, [...WRITE, 'vault-add']],
];

describe.each(routes)('%s %s', (method, path, allowed) => {
  test('401 without a valid token', async () => {
    for (const as of [null, 'Bearer nonsense', `Bearer ${'a.'.repeat(2)}a`]) {
      const { status, body } = await sm.call(method, path, { as });
      expect([status, body['error_code']]).toEqual([401, 'UNAUTHENTICATED']);
    }
  });

  test('403 with all permissions but those that open it', async () => {
    const as = await sm.withPermissions(...PERMISSIONS.filter(permission => !allowed.includes(permission)));
    const { status, body } = await sm.call(method, path, { as });
    expect([status, body['error_code']]).toEqual([403, 'PERMISSION_DENIED']);
  });

  test('each of its permissions is enough', async () => {
    for (const permission of allowed) {
      const { status } = await sm.call(method, path, { as: await sm.withPermissions(permission) });
      expect([200, 400, 404]).toContain(status);
    }
  });
});

test('status is public', async () => {
  const { status, body } = await sm.call('GET', `${PREFIX}/status`, { as: null });
  expect([status, body['status']]).toEqual([200, 'RUNNING']);
});

describe('every write leaves one audit record', () => {
  async function recorded(method: string, path: string, body?: unknown) {
    const id = randomUUID();
    const answer = await sm.call(method, path, {
      headers: { 'x-request-id': id },
      ...(body === undefined ? {} : { body }),
    });
    const records = (await sm.trail()).filter(record => record.message['requestID'] === id);
    return { answer, records };
  }
  const who = () => ({
    'SSH-PrivX-service': 'secrets-manager',
    userID: sm.caller.sub,
    username: sm.caller.name,
    sessionID: sm.caller.sid,
  });

  test.each([
    ['Password-policy', POLICY, 'passwordPolicy', {}],
    ['Script-template', TEMPLATE, 'scriptTemplate', { operating_system: 'LINUX', script: '# plum-5510' }],
  ])('%s', async (event, path, key, rest) => {
    const name = uniqueName('audited');
    const added = await recorded('POST', path, { name, ...rest });
    const id = String(added.answer.body['id']);
    const message = { ...who(), [key]: name, [`${key}ID`]: id };
    expect(added.records).toMatchObject([{ name: `${event}-added`, message }]);

    const next = uniqueName('renamed');
    // Ids are taken in any case and recorded in one.
    const modified = await recorded('PUT', `${path}/${id.toUpperCase()}`, { name: next, ...rest });
    expect(modified.records).toMatchObject([
      { name: `${event}-modified`, message: { ...message, [key]: next } },
    ]);
    const removed = await recorded('DELETE', `${path}/${id}`);
    expect(removed.records).toMatchObject([
      { name: `${event}-removed`, message: { ...message, [key]: next } },
    ]);
    expect(JSON.stringify([added.records, modified.records, removed.records])).not.toContain('plum-5510');
  });

  test("a template deleted at the policies' path is recorded as a template", async () => {
    const name = uniqueName('go');
    const id = await sm.create(TEMPLATE, { name, operating_system: 'LINUX', script: 'id' });
    const { records } = await recorded('DELETE', `${POLICY}/${id}`);
    expect(records).toMatchObject([
      { name: 'Script-template-removed', message: { scriptTemplate: name, scriptTemplateID: id } },
    ]);
    expect(records).toHaveLength(1);
  });

  test('what was refused left nothing', async () => {
    const name = uniqueName('twice');
    await sm.create(POLICY, { name });
    expect((await recorded('POST', POLICY, { name })).records).toEqual([]);
    expect((await recorded('DELETE', `${POLICY}/${randomUUID()}`)).records).toEqual([]);
  });

  test('a generated password is recorded without the password', async () => {
    const name = uniqueName('generated');
    const id = await sm.create(POLICY, { name });
    const { answer, records } = await recorded('POST', `${POLICY}/${id}/generate`);
    expect(records).toMatchObject([{ message: { ...who(), passwordPolicy: name, passwordPolicyID: id } }]);
    expect(records).toHaveLength(1);
    expect(JSON.stringify(await sm.trail())).not.toContain(String(answer.body['password']));
  });
});
