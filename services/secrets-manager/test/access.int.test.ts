import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PERMISSIONS, type Permission } from '@strongroom/contracts/permissions';
import { AUTHORIZER, HOST_SECRET, HOST_STORE, HOSTS, SECRETS, WHITELISTS } from './host-support.ts';
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
const CONNECTIONS = '/connection-manager/api/v1/connections';
const VIEW_CONNECTIONS: Permission[] = ['connections-view', 'connections-manage'];
const GENERATE: Permission[] = [...WRITE, 'vault-add', 'vault-manage'];
const VIEW_HOSTS: Permission[] = ['hosts-view', 'hosts-manage'];
const MANAGE_HOSTS: Permission[] = ['hosts-manage'];
const VIEW_DOMAINS: Permission[] = ['target-domains-view', 'target-domains-manage'];
const MANAGE_DOMAINS: Permission[] = ['target-domains-manage'];
const DOMAINS = `${PREFIX}/targetdomains`;
const ID = randomUUID();
const MANAGED = `${PREFIX}/targetdomains/${ID}/managedaccounts`;

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
  ['POST', `${POLICY}/${ID}/generate`, GENERATE],
  ['POST', `${POLICIES}/numbers/99999/generate`, GENERATE],
  ['GET', CONNECTIONS, VIEW_CONNECTIONS],
  ['POST', `${CONNECTIONS}/search`, VIEW_CONNECTIONS],
  ['GET', `${CONNECTIONS}/${ID}`, VIEW_CONNECTIONS],
  ['GET', HOSTS, VIEW_HOSTS],
  ['POST', `${HOSTS}/search`, VIEW_HOSTS],
  ['POST', `${HOSTS}/resolve`, VIEW_HOSTS],
  ['GET', `${HOSTS}/tags`, VIEW_HOSTS],
  ['GET', `${HOSTS}/${ID}`, VIEW_HOSTS],
  ['POST', HOSTS, MANAGE_HOSTS],
  ['PUT', `${HOSTS}/${ID}`, MANAGE_HOSTS],
  ['DELETE', `${HOSTS}/${ID}`, MANAGE_HOSTS],
  ['PUT', `${HOSTS}/${ID}/disabled`, MANAGE_HOSTS],
  ['PUT', `${HOSTS}/${ID}/deployable`, MANAGE_HOSTS],
  ['POST', `${HOSTS}/deploy`, ['hosts-manage', 'privx-host-provisioning']],
  ['GET', `${HOST_STORE}/settings/default_service_options`, VIEW_HOSTS],
  ['GET', WHITELISTS, VIEW_HOSTS],
  ['POST', `${WHITELISTS}/search`, VIEW_HOSTS],
  ['POST', `${WHITELISTS}/evaluate`, VIEW_HOSTS],
  ['GET', `${WHITELISTS}/${ID}`, VIEW_HOSTS],
  ['POST', WHITELISTS, MANAGE_HOSTS],
  ['PUT', `${WHITELISTS}/${ID}`, MANAGE_HOSTS],
  ['DELETE', `${WHITELISTS}/${ID}`, MANAGE_HOSTS],
  ['GET', DOMAINS, VIEW_DOMAINS],
  ['POST', `${DOMAINS}/search`, VIEW_DOMAINS],
  ['POST', `${DOMAINS}/resolve`, VIEW_DOMAINS],
  ['GET', `${DOMAINS}/${ID}`, VIEW_DOMAINS],
  ['POST', DOMAINS, MANAGE_DOMAINS],
  ['PUT', `${DOMAINS}/${ID}`, MANAGE_DOMAINS],
  ['DELETE', `${DOMAINS}/${ID}`, MANAGE_DOMAINS],
  ['POST', `${DOMAINS}/${ID}`, MANAGE_DOMAINS],
  ['POST', `${DOMAINS}/${ID}/refresh`, MANAGE_DOMAINS],
  ['GET', `${DOMAINS}/${ID}/accounts`, VIEW_DOMAINS],
  ['POST', `${DOMAINS}/${ID}/accounts/search`, VIEW_DOMAINS],
  ['GET', `${DOMAINS}/${ID}/accounts/{account}`, VIEW_DOMAINS],
  ['PUT', `${DOMAINS}/${ID}/accounts/{account}`, MANAGE_DOMAINS],
  ['POST', `${DOMAINS}/${ID}/accounts/batch/edit`, MANAGE_DOMAINS],
  ['PUT', `${DOMAINS}/${ID}/accounts/batch/edit`, MANAGE_DOMAINS],
  ['GET', `${HOST_SECRET}/${ID}`, VIEW_HOSTS],
  ['POST', `${HOST_SECRET}/${ID}`, MANAGE_HOSTS],
  ['DELETE', `${HOST_SECRET}/${ID}`, MANAGE_HOSTS],
  ['POST', `${PREFIX}/rotate/${ID}/{account}`, MANAGE_HOSTS],
  ['GET', `${PREFIX}/heartbeat/${ID}/{account}`, VIEW_HOSTS],
  ['POST', `${PREFIX}/heartbeat/${ID}/{account}`, MANAGE_HOSTS],
  ['POST', `${PREFIX}/set-password/${ID}/{account}`, MANAGE_HOSTS],
  ['GET', MANAGED, VIEW_DOMAINS],
  ['POST', `${MANAGED}/search`, VIEW_DOMAINS],
  ['GET', `${MANAGED}/{account}`, VIEW_DOMAINS],
  ['POST', MANAGED, MANAGE_DOMAINS],
  ['PUT', `${MANAGED}/{account}`, MANAGE_DOMAINS],
  ['DELETE', `${MANAGED}/{account}`, MANAGE_DOMAINS],
  ['POST', `${MANAGED}/{account}/rotate`, MANAGE_DOMAINS],
  ['POST', `${MANAGED}/{account}/password`, MANAGE_DOMAINS],
  ['POST', `${MANAGED}/batch/create`, MANAGE_DOMAINS],
  ['POST', `${MANAGED}/batch/edit`, MANAGE_DOMAINS],
  ['POST', `${MANAGED}/batch/delete`, MANAGE_DOMAINS],
  ['POST', `${MANAGED}/batch/rotate`, MANAGE_DOMAINS],
  ['GET', `${PREFIX}/keys`, ['settings-manage']],
  ['POST', `${PREFIX}/keys/rotate`, ['settings-manage']],
  ['POST', `${PREFIX}/keys/rotate-root`, ['settings-manage']],
];

/** Whoever is known may ask; what there is for him, the operations decide (checkouts.int.test.ts). */
const FOR_ALL: [method: string, path: string][] = [
  ['GET', SECRETS],
  ['POST', `${SECRETS}/search`],
  ['GET', `${SECRETS}/checkouts`],
  ['POST', `${SECRETS}/checkouts`],
  ['GET', `${SECRETS}/checkouts/${ID}`],
  ['POST', `${SECRETS}/checkouts/${ID}/release`],
];

/** Secret Server's dialect. */
const SECRET = `/SecretServer/api/v1/secrets/${ID}`;
const FOR_ALL_IN_DIALECT: [method: string, path: string][] = [
  ['GET', `${SECRET}/summary`],
  ['GET', `${SECRET}/state`],
  ['POST', `${SECRET}/check-out`],
  ['POST', `${SECRET}/check-in`],
  ['POST', `${SECRET}/extend-check-out`],
];
const FOR_MANAGERS_IN_DIALECT: [method: string, path: string][] = [
  ['POST', `${SECRET}/heartbeat`],
  ['POST', `${SECRET}/change-password`],
  ['POST', `${SECRET}/stop-password-change`],
  ['POST', `/SecretServer/internals/secret-detail/${ID}/change-password-now`],
];
const inDialect = [...FOR_ALL_IN_DIALECT, ...FOR_MANAGERS_IN_DIALECT];

const all = [...routes.map(([method, path]): [string, string] => [method, path]), ...FOR_ALL];

test('names every route', async () => {
  const { body } = await sm.call('GET', '/openapi.json', { as: null });
  const served = Object.entries(body['paths'] as Record<string, object>).flatMap(([path, methods]) =>
    Object.keys(methods).map(
      method => `${method.toUpperCase()} ${path.replace('{number}', '99999').replace(/\{\w+\}/, ID)}`,
    ),
  );
  const named = [...all, ...inDialect].map(([method, path]) => `${method} ${path}`);
  expect(served.filter(each => !each.endsWith('/status')).sort()).toEqual(named.sort());
});

test.each(all)('%s %s: 401 without a valid token', async (method, path) => {
  for (const as of [null, 'Bearer nonsense', `Bearer ${'a.'.repeat(2)}a`]) {
    const { status, body } = await sm.call(method, path, { as });
    expect([status, body['error_code']]).toEqual([401, 'UNAUTHENTICATED']);
  }
});

test.each(inDialect)('%s %s: in the dialect, 401 without a valid token', async (method, path) => {
  for (const as of [null, 'Bearer nonsense']) {
    const { status, body } = await sm.call(method, path, { as });
    expect([status, body]).toEqual([401, { message: expect.any(String) }]);
  }
});

test.each(FOR_MANAGERS_IN_DIALECT)('%s %s: denied to who looks after no accounts', async (method, path) => {
  const others = PERMISSIONS.filter(each => each !== 'hosts-manage' && each !== 'target-domains-manage');
  const as = await sm.withPermissions(...others);
  const { status, body } = await sm.call(method, path, { as, body: {} });
  expect([status, body['errorCode']]).toEqual([404, 'API_AccessDenied']);
});

test.each(inDialect)('%s %s: nothing is granted while vault cannot be asked', async (method, path) => {
  const sent = method === 'GET' ? {} : { body: { data: {} } };
  const { status, body } = await sm.call(method, path.replace(ID, '7'), sent);
  expect([status, body]).toEqual([503, expect.objectContaining({ message: expect.any(String) })]);
});

describe.each(routes)('%s %s', (method, path, allowed) => {
  test('403 with all permissions but those that open it', async () => {
    const as = await sm.withPermissions(...PERMISSIONS.filter(permission => !allowed.includes(permission)));
    const { status, body } = await sm.call(method, path, { as });
    expect([status, body['error_code']]).toEqual([403, 'PERMISSION_DENIED']);
  });

  test('each of its permissions is enough', async () => {
    for (const permission of allowed) {
      const body = method === 'POST' || method === 'PUT' ? { body: {} } : {};
      const { status } = await sm.call(method, path, { as: await sm.withPermissions(permission), ...body });
      expect([200, 201, 400, 404, 409]).toContain(status);
    }
  });
});

test.each([PREFIX, HOST_STORE, AUTHORIZER, '/connection-manager/api/v1'])(
  '%s/status is public',
  async prefix => {
    const { status, body } = await sm.call('GET', `${prefix}/status`, { as: null });
    expect([status, body['status']]).toEqual([200, 'RUNNING']);
  },
);

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

  test('Host', async () => {
    const added = await recorded('POST', HOSTS, {
      common_name: 'first',
      principals: [{ passphrase: 'plum-5510' }],
    });
    const id = String(added.answer.body['id']);
    const acts = [
      added,
      await recorded('PUT', `${HOSTS}/${id.toUpperCase()}`, {
        common_name: 'second',
        principals: [{ passphrase: 'plum-5510' }],
      }),
      await recorded('PUT', `${HOSTS}/${id}/disabled`, { disabled: true }),
      await recorded('PUT', `${HOSTS}/${id}/disabled`, { disabled: false }),
      await recorded('PUT', `${HOSTS}/${id}/deployable`, { deployable: true }),
      await recorded('PUT', `${HOSTS}/${id}/deployable`, { deployable: false }),
      await recorded('DELETE', `${HOSTS}/${id}`),
    ];
    const message = (host: string) => ({ ...who(), hostID: id, host });
    expect(acts.map(({ records }) => records)).toMatchObject([
      [{ name: 'Host-added', message: message('first') }],
      [{ name: 'Host-modified', message: message('second') }],
      [{ name: 'Host-disabled', message: message('second') }],
      [{ name: 'Host-enabled', message: message('second') }],
      [{ name: 'Host-made-deployable', message: message('second') }],
      [{ name: 'Host-made-undeployable', message: message('second') }],
      [{ name: 'Host-removed', message: message('second') }],
    ]);
    expect(JSON.stringify(acts.map(({ records }) => records))).not.toContain('plum-5510');
  });

  test('a deployment, as what it did', async () => {
    const body = { external_id: `ext-${randomUUID()}` };
    const [first, second] = [
      await recorded('POST', `${HOSTS}/deploy`, body),
      await recorded('POST', `${HOSTS}/deploy`, body),
    ];
    expect([first.records, second.records]).toMatchObject([
      [{ name: 'Host-added' }],
      [{ name: 'Host-modified' }],
    ]);
  });

  test('Host-secret and Whitelist', async () => {
    const policies = (await sm.call('GET', POLICIES)).body['items'] as { id: string }[];
    const templates = (await sm.call('GET', TEMPLATES)).body['items'] as { id: string; name: string }[];
    const linux = templates.find(({ name }) => name === 'Linux per account command template');
    const hostID = await sm.create(HOSTS, { common_name: 'kept' });
    const metadata = {
      address: 'x',
      port: 22,
      operating_system: 'linux',
      certificate_validation_options: 'DISABLED',
      use_main_account: false,
      policy_id: policies[0]?.id,
      script_template_id: linux?.id,
    };
    const accounts = [{ account: 'root', initial_password: 'plum-5510' }];
    const stored = await recorded('POST', `${HOST_SECRET}/${hostID}`, { metadata, accounts });
    const removed = await recorded('DELETE', `${HOST_SECRET}/${hostID}`);
    const message = { ...who(), hostID, host: 'kept' };
    expect(stored.records).toMatchObject([{ name: 'Host-secret-stored', message }]);
    expect(removed.records).toMatchObject([{ name: 'Host-secret-removed', message }]);
    expect(JSON.stringify(stored.records)).not.toContain('plum-5510');

    const whitelist = uniqueName('audited');
    const added = await recorded('POST', WHITELISTS, { name: whitelist });
    const whitelistID = String(added.answer.body['id']);
    const modified = await recorded('PUT', `${WHITELISTS}/${whitelistID}`, { name: whitelist });
    const gone = await recorded('DELETE', `${WHITELISTS}/${whitelistID}`);
    expect([added.records, modified.records, gone.records]).toMatchObject(
      ['added', 'modified', 'removed'].map(act => [
        { name: `Whitelist-${act}`, message: { ...who(), whitelistID, whitelist } },
      ]),
    );
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
