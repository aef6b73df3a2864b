import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { groupNumber } from '../src/domain/group-number.ts';
import { caller, createFolder, createShared, secretOf } from './secrets-safe.ts';
import { FOLDERS, pathOf, startTestVault, uniqueName, type TestVault } from './support.ts';

let vault: TestVault;
let call: ReturnType<typeof caller>;
let folder: { id: string; path: string };
beforeAll(async () => {
  vault = await startTestVault();
  call = caller(vault);
  folder = await createFolder(vault, uniqueName('safe'));
});
afterAll(() => vault.stop());

const NO_ID = '00000000-0000-0000-0000-000000000000';
const post = (path: string, body: unknown, as?: string) =>
  call('POST', `/folders/${folder.id}${path}`, { body, ...(as === undefined ? {} : { as }) });
const credential = (more: Record<string, unknown> = {}) => ({
  Title: uniqueName('t'),
  Username: 'u',
  Password: 'p',
  ...more,
});
const data = async (path: string) => (await vault.call('GET', pathOf(path))).body;

describe('making secrets', () => {
  test('as the Go library does in version 3.1, and as every dialect then reads it', async () => {
    const body = credential({
      Description: 'd',
      Notes: 'n',
      Urls: [{ Id: NO_ID, CredentialId: NO_ID, Url: 'https://host/' }],
      Owners: [{ GroupId: 1, UserId: 7, Name: 'someone', Email: '' }],
      PasswordRuleID: 0,
    });
    const made = await post('/secrets?version=3.1', body);
    expect(made.status).toBe(201);
    expect(secretOf(made)).toMatchObject({
      Title: body.Title,
      Description: 'd',
      FolderId: folder.id,
      FolderPath: folder.path,
      Username: 'u',
      Password: 'p',
      SecretType: 'Credential',
      Urls: [{ Url: 'https://host/', CredentialId: secretOf(made).Id }],
    });
    const { body: own } = await vault.call('GET', pathOf(`${folder.path}/${body.Title}`));
    expect(own).toMatchObject({
      schema: 'credentials',
      data: { user: 'u', pass: 'p', comment: 'n', description: 'd', urls: ['https://host/'] },
    });
    const { SecretValueModifiedOn, ...read } = secretOf(
      await call('GET', `/secrets/${secretOf(made).Id}?version=3.1`),
    );
    expect(SecretValueModifiedOn).toBeUndefined();
    expect(made.body).toEqual(read);
  });

  test('a text, whatever folder its body names', async () => {
    const body = {
      Title: uniqueName('t'),
      Text: 'a\nb',
      FolderId: NO_ID,
      Urls: null,
      Owners: [{ UserId: 7 }],
    };
    const made = await post('/secrets/text?version=3.2', body);
    expect(made.status).toBe(201);
    expect(secretOf(made)).toMatchObject({
      Text: 'a\nb',
      Password: 'a\nb',
      SecretType: 'Text',
      FolderId: folder.id,
    });
    expect((await call('GET', `/secrets/${secretOf(made).Id}/text`)).body).toMatchObject({ Text: 'a\nb' });
  });

  test('a group that is named as owner may read and write, whatever the folder says', async () => {
    const role = vault.addRole(uniqueName('group'));
    const [closed, owner] = [uniqueName('closed'), await vault.issuer.bearer({ roles: [role.id] })];
    const { body } = await vault.call('POST', FOLDERS, { body: { path: closed } });
    const at = `/folders/${String(body['id'])}/secrets`;
    // The name of the role has to have come to vault.
    await createShared(vault, uniqueName('x'), { read_roles: [role] });
    for (const owners of [
      { Owners: [{ GroupId: groupNumber(role.id) }] },
      { OwnerType: 'Group', OwnerId: groupNumber(role.id) },
    ]) {
      const made = await call('POST', at, { body: credential(owners) });
      expect(made.status).toBe(201);
      // Who made it may not read it.
      expect(secretOf(made).Password).toBe('');
      expect(secretOf(await call('GET', `/secrets/${secretOf(made).Id}`, { as: owner })).Password).toBe('p');
    }
    const nobody = await call('POST', at, { body: credential() });
    expect([nobody.status, nobody.body]).toEqual([400, { error: expect.stringContaining('Nobody') }]);
  });

  test('members are read in any case', async () => {
    const made = await post('/secrets', { title: uniqueName('t'), username: 'u', PASSWORD: 'p' });
    expect(made.status).toBe(201);
  });

  test.each([
    ['no title', '', { Title: undefined }],
    ['an empty title', '', { Title: '' }],
    ['a title of 257', '', { Title: 'x'.repeat(257) }],
    ['a title with a slash', '', { Title: 'a/b' }],
    ['a description of 257', '', { Description: 'x'.repeat(257) }],
    ['no user', '', { Username: undefined }],
    ['a user of 1001', '', { Username: 'x'.repeat(1_001) }],
    ['no password and no rule', '', { Password: undefined }],
    ['a password of 257', '', { Password: 'x'.repeat(257) }],
    ['notes of 4001', '', { Notes: 'x'.repeat(4_001) }],
    ['a URL of 2049', '', { Urls: [{ Url: 'x'.repeat(2_049) }] }],
    ['an owner type that there is not', '', { OwnerType: 'Robot' }],
    ['owners of type User without any', '', { OwnerType: 'User' }],
    ['an owner of type Group without one', '', { OwnerType: 'Group' }],
    ['a group that there is not', '', { OwnerType: 'Group', OwnerId: 5 }],
    ['a group that there is not, alone', '', { Owners: [{ GroupId: 5 }] }],
    ['no text', '/text', {}],
    ['an empty text', '/text', { Text: '' }],
    ['a text of 4097', '/text', { Text: 'x'.repeat(4_097) }],
  ])('%s is 400', async (_what, kind, more) => {
    const { status, body } = await post(`/secrets${kind}`, credential(more));
    expect([status, body]).toEqual([400, { error: expect.any(String) }]);
    expect(JSON.stringify(body)).not.toContain('xxx');
  });

  test('the largest that there may be is taken', async () => {
    const of = (length: number) => 'x'.repeat(length);
    const most = {
      Title: uniqueName('t').padEnd(256, 'x'),
      Description: of(256),
      Username: of(1_000),
      Password: of(256),
      Notes: of(4_000),
      Urls: [{ Url: of(2_048) }],
    };
    expect((await post('/secrets', most)).status).toBe(201);
    expect((await post('/secrets/text', { Title: uniqueName('t'), Text: of(4_096) })).status).toBe(201);
  });

  test('a title that the folder has is 409, also to the second of two at once', async () => {
    const body = credential();
    const answers = await Promise.all([post('/secrets', body), post('/secrets', body)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
    expect((await post('/secrets/text', { ...body, Text: 'x' })).status).toBe(409);
  });

  test('a folder that is not there, or not for the caller, is 404', async () => {
    const stranger = await vault.issuer.bearer({ permissions: ['vault-add'] });
    const answers = [
      await call('POST', `/folders/${NO_ID}/secrets`, { body: credential() }),
      await post('/secrets', credential(), stranger),
    ];
    for (const { status, body } of answers)
      expect([status, body]).toEqual([404, { error: 'Folder not found' }]);
  });
});

describe('changing secrets', () => {
  const put = (id: string, kind: string, body: unknown, as?: string) =>
    call('PUT', `/secrets/${id}${kind}`, { body, ...(as === undefined ? {} : { as }) });

  test('replaces what the dialect knows and keeps what it does not', async () => {
    const name = `${folder.path}/${uniqueName('t')}`;
    const id = await createShared(vault, name, {
      schema: 'credentials',
      data: { user: 'u', pass: 'p', comment: 'n', description: 'd', port: 5432 },
    });
    const Title = uniqueName('renamed');
    const answer = await put(id, '', { Title, Username: 'v', Password: 'q', FolderId: folder.id });
    expect(answer.status).toBe(200);
    expect(secretOf(answer)).toMatchObject({
      Id: id,
      Title,
      Username: 'v',
      Password: 'q',
      Notes: '',
      Description: '',
    });
    expect((await data(`${folder.path}/${Title}`))['data']).toEqual({ user: 'v', pass: 'q', port: 5432 });
  });

  test('sending back what was read makes no new version', async () => {
    const { body } = await post('/secrets', credential({ Notes: 'n', Urls: [{ Url: 'https://a/' }] }));
    const id = String(body['Id']);
    expect((await put(id, '', body)).status).toBe(200);
    expect(await data(`${folder.path}/${String(body['Title'])}`)).toMatchObject({ version: 1 });
  });

  test('keeps the names of fields that another template has', async () => {
    const title = uniqueName('t');
    const id = await createShared(vault, `${folder.path}/${title}`, {
      schema: 'password',
      data: { username: 'u', password: 'p' },
    });
    await put(id, '', { Title: title, Username: 'u', Password: 'q', Notes: 'n' });
    const { data: after } = await data(`${folder.path}/${title}`);
    expect(after).toEqual({ username: 'u', password: 'q', notes: 'n' });
  });

  test('another folder moves it', async () => {
    const other = await createFolder(vault, uniqueName('other'));
    const made = secretOf(await post('/secrets/text', { Title: uniqueName('t'), Text: 'x' }));
    const answer = await put(made.Id, '/text', { Title: made.Title, Text: 'y', FolderId: other.id });
    expect(secretOf(answer)).toMatchObject({
      Id: made.Id,
      FolderId: other.id,
      FolderPath: other.path,
      Text: 'y',
    });
    expect(answer.body).toEqual((await call('GET', `/secrets/${made.Id}`)).body);
  });

  test('what is wrong, of another kind or forbidden changes nothing', async () => {
    const made = secretOf(await post('/secrets', credential()));
    const taken = secretOf(await post('/secrets', credential()));
    const reader = vault.addRole(uniqueName('reader'));
    await vault.call('PUT', `${FOLDERS}/${folder.id}`, { body: { read_roles: [vault.role, reader] } });
    const as = await vault.issuer.bearer({ roles: [reader.id] });
    const whole = { Title: made.Title, Username: 'v', Password: 'q' };
    const statuses = [
      await put(made.Id, '', { ...whole, Password: undefined }),
      await put(made.Id, '/text', { Title: made.Title, Text: 'x' }),
      await put(made.Id, '', { ...whole, Title: taken.Title }),
      await put(made.Id, '', whole, as),
      await put(made.Id, '', whole, await vault.issuer.bearer()),
      await put(made.Id, '', { ...whole, FolderId: NO_ID.replace('0', '1') }),
    ].map(({ status }) => status);
    expect(statuses).toEqual([400, 400, 409, 403, 404, 404]);
    expect(secretOf(await call('GET', `/secrets/${made.Id}`))).toEqual({
      ...made,
      Owners: expect.any(Array),
    });
  });
});

describe('deleting secrets', () => {
  test('is for good, and 200 without a body', async () => {
    const { Id } = secretOf(await post('/secrets', credential()));
    const writer = await vault.issuer.bearer({ roles: [vault.role.id] });
    expect((await call('DELETE', `/secrets/${Id}`, { as: writer })).status).toBe(403);
    expect(await call('DELETE', `/secrets/${Id}`)).toMatchObject({ status: 200, text: '' });
    expect((await call('GET', `/secrets/${Id}`)).status).toBe(404);
    expect((await call('DELETE', `/secrets/${Id}`)).status).toBe(404);
  });
});
