import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import { pathOf, SECRETS, startTestVault, uniqueName, type TestVault } from './support.ts';
import { API, caller, DATE, ITEM_MEMBERS, itemOf, SECRET_MEMBERS, secretOf } from './secret-server.ts';

let vault: TestVault;
let call: ReturnType<typeof caller>;
beforeAll(async () => {
  vault = await startTestVault();
  call = caller(vault);
});
afterAll(() => vault.stop());

/** Makes a secret by PrivX's API. */
async function create(name: string, more: Record<string, unknown> = {}): Promise<number> {
  const roles = { read_roles: [vault.role], write_roles: [vault.role] };
  const { status } = await vault.call('POST', SECRETS, { body: { name, ...roles, ...more } });
  expect(status).toBe(201);
  return Number((await vault.call('GET', pathOf(name))).body['number']);
}

describe('finding the server', () => {
  test('the health page is known by its Pascal case, without a token', async () => {
    const { status, body } = await call('GET', '/healthcheck?noBus=True', { as: null });
    expect([status, body]).toEqual([
      200,
      {
        Healthy: true,
        DatabaseHealthy: true,
        ServiceBusHealthy: true,
        StorageAccountHealthy: true,
        ScheduledForDeletion: false,
      },
    ]);
  });

  test('the version has three parts', async () => {
    const { body } = await call('GET', '/version');
    expect((body['model'] as { version: string }).version.split('.')).toHaveLength(3);
  });
});

describe('reading a secret', () => {
  test('shows what was made by another dialect, in exactly the members that clients know', async () => {
    const folder = uniqueName('team');
    const id = await create(`${folder}/deep/db`, {
      schema: 'credentials',
      data: { user: 'sa', pass: 'pw', port: 5432, more: { a: 1 } },
    });
    const { status, body } = await call('GET', `/secrets/${id}`);
    expect(status).toBe(200);
    const secret = secretOf({ body } as never);
    expect(Object.keys(secret).sort()).toEqual([...SECRET_MEMBERS].sort());
    for (const item of secret.items) expect(Object.keys(item).sort()).toEqual([...ITEM_MEMBERS].sort());
    expect(secret).toMatchObject({
      id,
      name: 'db',
      active: true,
      siteId: 1,
      secretTemplateName: 'Credentials',
    });
    expect(secret.folderId).toBeGreaterThan(0);
    expect(secret['lastHeartBeatCheck']).toMatch(DATE);
    expect(secret['lastPasswordChangeAttempt']).toMatch(DATE);
    expect(secret.items.map(({ slug, itemValue }) => [slug, itemValue])).toEqual([
      ['user', 'sa'],
      ['pass', 'pw'],
      ['comment', ''],
      ['port', '5432'],
      ['more', '{"a":1}'],
    ]);
    expect(secret.items.map(({ isPassword }) => isPassword)).toEqual([false, true, false, false, false]);
    expect(itemOf(secret, 'comment')).toMatchObject({
      isNotes: true,
      fileAttachmentId: null,
      filename: null,
    });
  });

  test('one without a folder and without a schema is in no folder and of no template', async () => {
    const id = await create(uniqueName('bare'), { data: { token: 't' } });
    const secret = secretOf(await call('GET', `/secrets/${id}`));
    expect([secret.folderId, secret.secretTemplateId]).toEqual([-1, 0]);
  });

  test.each([
    ['as Python writes it', (path: string) => `\\${path.replaceAll('/', '\\')}`, encodeURIComponent],
    [
      'as Go writes it',
      (path: string) => `/${path}`,
      (text: string) => encodeURIComponent(text).replaceAll('%20', '+'),
    ],
    ['bare', (path: string) => path, (text: string) => text.replaceAll(' ', '%20')],
    ['with doubled slashes', (path: string) => `//${path.replaceAll('/', '//')}/`, encodeURIComponent],
  ])('by its path, %s', async (_what, spell, encode) => {
    const name = `${uniqueName('by path')}/a/b c`;
    const id = await create(name, { data: { token: 't' } });
    const answer = await call('GET', `/secrets/0?SecretPath=${encode(spell(name))}`);
    expect(secretOf(answer).id).toBe(id);
    expect(secretOf(await vault.call('GET', `${API.replace('v1', 'v2')}/secrets/${id}`)).id).toBe(id);
  });
});

describe('absent and forbidden', () => {
  const DENIED = {
    message: 'Access Denied: the object was not found, or you have no right to it',
    errorCode: 'API_AccessDenied',
  };

  test('are one answer, whatever the reason', async () => {
    const name = uniqueName('canary');
    const id = await create(name, { data: { token: 'canary' } });
    const personal = uniqueName('own');
    await vault.call('POST', '/vault/api/v1/user/somebody/secrets', { body: { name: personal } });
    const own = await vault.call('GET', pathOf(personal, '/vault/api/v1/user/somebody/secrets'));
    const stranger = await vault.issuer.bearer();
    const writer = await vault.issuer.bearer({ permissions: ['vault-manage'] });
    const answers = [
      await call('GET', `/secrets/${id}`, { as: stranger }),
      await call('GET', `/secrets/${id}`, { as: writer }),
      await call('GET', `/secrets/0?secretPath=${name}`, { as: stranger }),
      await call('GET', '/secrets/1000000'),
      await call('GET', '/secrets/99999999999'),
      await call('GET', '/secrets/0'),
      await call('GET', '/secrets/0?secretPath=..'),
      await call('GET', `/secrets/${String(own.body['number'])}`),
    ];
    for (const { status, body, text } of answers) {
      expect([status, body]).toEqual([404, DENIED]);
      expect(text).not.toContain('canary');
    }
    const denied = (await vault.trail()).filter(({ code }) => code === AUDIT_EVENTS.secretAccessDenied.code);
    expect(denied.length).toBeGreaterThanOrEqual(answers.length);
  });

  test('a secret that took the name of another is not shown under its number', async () => {
    const name = uniqueName('renamed');
    const id = await create(name, { data: { token: 'first' } });
    await vault.call('POST', pathOf(name, '/vault/api/v1/move/secrets'), { body: { name: `${name}-old` } });
    await create(name, { data: { token: 'second' } });
    expect(itemOf(secretOf(await call('GET', `/secrets/${id}`)), 'token').itemValue).toBe('first');
  });

  test('what is no number, and what nobody serves, is told in the dialect', async () => {
    const bad = await call('GET', '/secrets/canary');
    expect([bad.status, bad.body['errorCode']]).toEqual([400, 'API_ValueIncorrectType']);
    const nothing = await call('GET', '/nothing/at/all');
    expect([nothing.status, nothing.body]).toEqual([404, { message: 'Resource not found' }]);
    expect(bad.text + nothing.text).not.toMatch(/canary|error_code/);
  });
});
