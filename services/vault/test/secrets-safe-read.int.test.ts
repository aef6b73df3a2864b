import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import { API, caller, createShared, secretOf } from './secrets-safe.ts';
import { pathOf, startTestVault, uniqueName, type TestVault } from './support.ts';

let vault: TestVault;
let call: ReturnType<typeof caller>;
beforeAll(async () => {
  vault = await startTestVault();
  call = caller(vault);
});
afterAll(() => vault.stop());

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

test('a session goes on by its use, on every route of the dialect', async () => {
  const old = await vault.issuer.token({ iat: Math.floor(Date.now() / 1_000) - 700 });
  const young = await vault.issuer.token();
  for (const path of ['/folders', '/safes', '/secrets?title=none']) {
    const use = (token: string) =>
      call('GET', path, { as: null, headers: { cookie: `StrongroomSession=${token}` } });
    const answer = await use(old);
    expect(answer.status).toBe(200);
    expect(answer.headers['set-cookie']).toEqual([
      expect.stringMatching(/^StrongroomSession=[\w.-]+; Path=\/; HttpOnly; SameSite=Strict$/),
    ]);
    expect((await use(young)).headers['set-cookie']).toBeUndefined();
  }
});

describe('reading a secret', () => {
  test('shows what was made by another dialect', async () => {
    const safe = uniqueName('safe');
    const data = {
      user: 'sa',
      pass: 'pw',
      comment: 'n',
      description: 'd',
      urls: ['https://a/', 'https://b/'],
    };
    const id = await createShared(vault, `${safe}/deep/db`, { schema: 'credentials', data });
    const answer = await call('GET', `/secrets/${id}`);
    expect(answer.status).toBe(200);
    const secret = secretOf(answer);
    expect(secret).toMatchObject({
      Id: id,
      Title: 'db',
      Description: 'd',
      SecretType: 'Credential',
      Folder: 'deep',
      FolderPath: `${safe}/deep`,
      Username: 'sa',
      Password: 'pw',
      Notes: 'n',
      OwnerType: 'Group',
      OwnerId: expect.any(Number),
      Owners: [{ OwnerId: expect.any(Number), Owner: 'everything', Email: '' }],
    });
    expect(secret.FolderId).toMatch(UUID);
    expect(secret.Urls.map(({ Url }) => Url)).toEqual(data.urls);
    for (const { Id, CredentialId } of secret.Urls) {
      expect(Id).toMatch(UUID);
      expect(CredentialId).toBe(id);
    }
    for (const date of ['CreatedOn', 'ModifiedOn']) expect(Date.parse(String(secret[date]))).not.toBeNaN();
  });

  test.each([
    ['3.0', ['OwnerId', 'OwnerType', 'Owner'], ['SecretValueModifiedOn']],
    ['3.1', [], ['OwnerId', 'OwnerType', 'Owner', 'SecretValueModifiedOn']],
    ['3.2', ['SecretValueModifiedOn'], ['OwnerId', 'OwnerType', 'Owner']],
    ['3.2&version=3.2', ['SecretValueModifiedOn'], ['OwnerId']],
    ['9.9', ['OwnerId'], ['SecretValueModifiedOn']],
  ])('in version %s has its members', async (version, there, away) => {
    const id = await createShared(vault, uniqueName('v'), { data: { user: 'u', pass: 'p' } });
    const { body } = await call('GET', `/secrets/${id}?Version=${version}`);
    expect(Object.keys(body)).toEqual(expect.arrayContaining(there));
    for (const name of away) expect(Object.keys(body)).not.toContain(name);
  });

  test.each([
    [
      'text',
      { text: 'long', comment: 'n' },
      { SecretType: 'Text', Password: 'long', Text: 'long', Notes: 'n' },
    ],
    [
      'database',
      { host: 'h', user: 'u', pass: 'p' },
      { SecretType: 'Credential', Username: 'u', Password: 'p' },
    ],
    ['password', { username: 'u', password: 'p', notes: 'n' }, { Username: 'u', Password: 'p', Notes: 'n' }],
    [undefined, { token: 't' }, { SecretType: 'Credential', Username: '', Password: '{"token":"t"}' }],
    [undefined, {}, { SecretType: 'Credential', Password: '' }],
  ])('that follows the schema %s shows as its kind', async (schema, data, shown) => {
    const more = schema === undefined ? { data } : { schema, data };
    const id = await createShared(vault, uniqueName('kind'), more);
    expect(secretOf(await call('GET', `/secrets/${id}`))).toMatchObject(shown);
  });

  test('has no value when none is asked for', async () => {
    const id = await createShared(vault, uniqueName('blank'), { schema: 'text', data: { text: 'canary' } });
    const { text, body } = await call('GET', `/secrets/${id}?Decrypt=False`);
    expect(body).toMatchObject({ Password: '', Text: '' });
    expect(text).not.toContain('canary');
  });

  test('the place of a kind shows this kind alone', async () => {
    const id = await createShared(vault, uniqueName('t'), { schema: 'text', data: { text: 'x' } });
    expect((await call('GET', `/secrets/${id}/text`)).body).toMatchObject({ Text: 'x' });
    const { status, body } = await call('GET', `/secrets/${id}/file`);
    expect([status, body]).toEqual([400, { error: expect.any(String) }]);
  });
});

describe('absent and forbidden', () => {
  test('what the caller may not know of is not there, on the record', async () => {
    const name = uniqueName('canary');
    const id = await createShared(vault, name, { data: { pass: 'canary' } });
    const own = uniqueName('own');
    await vault.call('POST', '/vault/api/v1/user/somebody/secrets', { body: { name: own } });
    const personal = await vault.call('GET', pathOf(own, '/vault/api/v1/user/somebody/secrets'));
    const stranger = await vault.issuer.bearer();
    const answers = [
      await call('GET', `/secrets/${id}`, { as: stranger }),
      await call('GET', '/secrets/0190f3a2-1111-7222-8333-444455556666'),
      await call('GET', `/secrets/${String(personal.body['id'])}`),
    ];
    for (const { status, body } of answers)
      expect([status, body]).toEqual([404, { error: 'Secret not found' }]);
    const manager = await vault.issuer.bearer({ permissions: ['vault-manage'] });
    const forbidden = await call('GET', `/secrets/${id}`, { as: manager });
    expect([forbidden.status, forbidden.body]).toEqual([403, { error: expect.any(String) }]);
    const denied = (await vault.trail()).filter(({ code }) => code === AUDIT_EVENTS.secretAccessDenied.code);
    expect(denied.length).toBeGreaterThanOrEqual(4);
  });

  test('what is no id, nobody, and what nobody serves are told in the dialect', async () => {
    const bad = await call('GET', '/secrets/canary');
    expect([bad.status, Object.keys(bad.body)]).toEqual([400, ['error']]);
    const nobody = await call('GET', '/secrets/canary', { as: null });
    expect([nobody.status, Object.keys(nobody.body)]).toEqual([401, ['error']]);
    const nothing = await vault.call('GET', `${API}/nothing`);
    expect([nothing.status, Object.keys(nothing.body)]).toEqual([404, ['error']]);
    expect(bad.text).not.toContain('canary');
  });
});
