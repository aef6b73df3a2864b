import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { filesOf, sha256 } from './files.ts';
import { API, caller, createFolder, createShared, secretOf } from './secrets-safe.ts';
import { FOLDERS, pathOf, startTestVault, uniqueName, type Answer, type TestVault } from './support.ts';

let vault: TestVault;
let call: ReturnType<typeof caller>;
beforeAll(async () => {
  vault = await startTestVault();
  call = caller(vault);
});
afterAll(() => vault.stop());

const NO_ID = '00000000-0000-0000-0000-000000000000';
const foldersOf = (answer: Answer) => answer.body as unknown as Record<string, unknown>[];
const idOf = (answer: Answer) => String(answer.body['Id']);

describe('folders and safes', () => {
  test('a safe is made as Go does, is among the folders, and has folders', async () => {
    const Name = uniqueName('safe');
    const safe = await call('POST', '/safes?version=3.1', {
      body: { Name, Description: 'd', ParentId: NO_ID, FolderType: 'SAFE' },
    });
    expect([safe.status, safe.body]).toMatchObject([201, { Name, ParentId: null, UserGroupId: 0 }]);
    const body = { Name: 'inner', ParentId: idOf(safe), UserGroupId: 1, FolderType: 'FOLDER' };
    const inner = await call('POST', '/folders', { body });
    expect([inner.status, inner.body]).toMatchObject([201, { Name: 'inner', ParentId: idOf(safe) }]);
    expect((await call('POST', '/folders', { body })).status).toBe(409);
    expect((await call('GET', `/folders/${idOf(inner)}`)).body).toEqual(inner.body);
    expect((await call('GET', `/safes/${idOf(safe)}`)).body).toEqual(safe.body);
    expect((await call('GET', `/safes/${idOf(inner)}`)).status).toBe(404);
    const find = async (path: string) => foldersOf(await call('GET', path)).map(({ Id }) => Id);
    expect(await find(`/folders?folderName=${Name}`)).toEqual([idOf(safe)]);
    expect(await find(`/folders?FolderPath=${Name}`)).toEqual([idOf(inner)]);
    expect(await find('/folders')).toEqual(expect.arrayContaining([idOf(safe), idOf(inner)]));
    for (const path of ['/safes', '/folders?rootOnly=True']) {
      const found = await find(path);
      expect(found).toContain(idOf(safe));
      expect(found).not.toContain(idOf(inner));
    }
  });

  test('a form makes one, too', async () => {
    const form = new URLSearchParams({
      Name: uniqueName('form'),
      Description: '',
      ParentId: '',
      UserGroupId: '0',
    });
    const made = await call('POST', '/folders', { body: form.toString() });
    expect([made.status, made.body]).toMatchObject([201, { Name: form.get('Name'), ParentId: null }]);
  });

  test('are renamed and deleted with the statuses that clients demand', async () => {
    const safe = await call('POST', '/safes', { body: { Name: uniqueName('safe') } });
    const inner = await call('POST', '/folders', { body: { Name: 'a', ParentId: idOf(safe) } });
    expect((await call('DELETE', `/safes/${idOf(safe)}`)).status).toBe(409);
    const renamed = await call('PUT', `/folders/${idOf(inner)}`, { body: { Name: 'b' } });
    expect([renamed.status, renamed.body]).toEqual([200, { ...inner.body, Name: 'b' }]);
    const Name = uniqueName('renamed');
    expect(await call('PUT', `/safes/${idOf(safe)}`, { body: { Name } })).toMatchObject({
      status: 204,
      text: '',
    });
    expect((await call('GET', `/safes/${idOf(safe)}`)).body['Name']).toBe(Name);
    const gone = await call('DELETE', `/folders/${idOf(inner)}`);
    expect([gone.status, gone.text, gone.headers['content-length']]).toEqual([204, '', undefined]);
    expect((await call('DELETE', `/safes/${idOf(safe)}`)).status).toBe(204);
    expect((await call('GET', `/folders/${idOf(safe)}`)).status).toBe(404);
  });

  test('at the top are for who makes them, by the roles that let him manage; those below inherit', async () => {
    const [managing, broad] = [randomUUID(), randomUUID()];
    const permissions = ['vault-add', 'vault-manage'];
    vault.issuer.roles.push({ id: managing, name: uniqueName('terraform'), permissions });
    vault.issuer.roles.push({ id: broad, name: uniqueName('everybody'), permissions: ['vault-add'] });
    const as = await vault.issuer.bearer({ roles: [broad, managing], permissions });
    const colleague = await vault.issuer.bearer({ roles: [broad], permissions: ['vault-add'] });

    const safe = await call('POST', '/safes', { body: { Name: uniqueName('safe') }, as });
    const { body } = await vault.call('GET', `${FOLDERS}/${idOf(safe)}`);
    const handles = [expect.objectContaining({ id: managing })];
    expect(body).toMatchObject({ read_roles: handles, write_roles: handles, inherits: true });
    const inner = await call('POST', '/folders', { body: { Name: 'a', ParentId: idOf(safe) }, as });
    expect((await vault.call('GET', `${FOLDERS}/${idOf(inner)}`)).body).toMatchObject({ read_roles: [] });
    for (const folder of [safe, inner]) {
      const secret = { Title: 'T', Username: 'u', Password: 'p' };
      const made = await call('POST', `/folders/${idOf(folder)}/secrets`, { body: secret, as });
      expect([made.status, made.body['Password']]).toEqual([201, 'p']);
      expect((await call('GET', `/secrets/${idOf(made)}`, { as })).body['Password']).toBe('p');
      expect((await call('GET', `/secrets/${idOf(made)}`, { as: colleague })).status).toBe(404);
      const added = { body: { ...secret, Title: 'U' }, as: colleague };
      expect((await call('POST', `/folders/${idOf(folder)}/secrets`, added)).status).toBe(404);
    }
    const folder = await call('POST', '/folders', { body: { Name: uniqueName('top') }, as: colleague });
    expect((await vault.call('GET', `${FOLDERS}/${idOf(folder)}`)).body).toMatchObject({
      read_roles: [],
      write_roles: [],
    });
  });

  test('what is wrong or forbidden is refused', async () => {
    const folder = await createFolder(vault, uniqueName('closed'));
    const adder = await vault.issuer.bearer({ permissions: ['vault-add'] });
    const stranger = await vault.issuer.bearer();
    const post = (body: unknown, as?: string) =>
      call('POST', '/folders', { body, ...(as === undefined ? {} : { as }) });
    const answers = [
      await post({ Name: '' }),
      await post({ Name: 'a/b' }),
      await post({ Name: 'x'.repeat(257) }),
      await post({ Name: 'a', ParentId: NO_ID.replace('0', '1') }),
      await post({ Name: 'a', ParentId: folder.id }, adder),
      await post({ Name: 'a' }, stranger),
      await call('GET', `/folders/${folder.id}`, { as: stranger }),
      await call('PUT', `/folders/${folder.id}`, {
        body: { Name: 'a' },
        as: await vault.issuer.bearer({ roles: [vault.role.id] }),
      }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 404, 404, 403, 404, 403]);
    for (const { body } of answers) expect(Object.keys(body)).toEqual(['error']);
  });
});

describe('moving a folder', () => {
  const move = (id: string, to: string, action: string, as?: string) =>
    call('PUT', `/folders/${id}/move`, {
      body: { DestinationFolderId: to, DuplicateNameAction: action },
      ...(as === undefined ? {} : { as }),
    });
  /** A folder `a` with a folder and a secret in it, and somewhere to move it. */
  async function make() {
    const [from, to] = [
      await createFolder(vault, uniqueName('from')),
      await createFolder(vault, uniqueName('to')),
    ];
    const a = await createFolder(vault, `${from.path}/a`);
    await createFolder(vault, `${a.path}/inner`);
    await createShared(vault, `${a.path}/inner/s`, { data: { v: 1 } });
    return { from, to, a };
  }

  test('takes along what is in it, and back to the top', async () => {
    const { from, to, a } = await make();
    const moved = await move(a.id, to.id, 'stop');
    expect([moved.status, moved.body]).toEqual([
      200,
      {
        FolderId: a.id,
        ParentId: to.id,
        OldParentId: from.id,
        FolderCount: 2,
        SecretCount: 1,
        ShareCount: 0,
        NewFolderName: 'a',
        OldFolderName: 'a',
      },
    ]);
    expect((await vault.call('GET', pathOf(`${to.path}/a/inner/s`))).body['data']).toEqual({ v: 1 });
    expect((await vault.call('GET', pathOf(`${a.path}/inner/s`))).status).toBe(404);
    const again = await move(a.id, to.id, 'Stop');
    expect([again.status, again.body]).toMatchObject([200, { FolderCount: 0, ParentId: to.id }]);
    await move(a.id, NO_ID, 'rename');
    expect((await call('GET', `/safes/${a.id}`)).status).toBe(200);
  });

  test('where the name is taken, stops, passes it over or gives it another', async () => {
    const { from, to, a } = await make();
    await createFolder(vault, `${to.path}/a`);
    await createFolder(vault, `${to.path}/a (1)`);
    expect((await move(a.id, to.id, 'Stop')).status).toBe(409);
    const skipped = await move(a.id, to.id, 'SKIP');
    expect([skipped.status, skipped.body]).toMatchObject([
      200,
      { ParentId: from.id, OldParentId: from.id, FolderCount: 0, SecretCount: 0 },
    ]);
    const renamed = await move(a.id, to.id, 'Rename');
    expect([renamed.status, renamed.body]).toMatchObject([
      200,
      { ParentId: to.id, OldParentId: from.id, FolderCount: 2, NewFolderName: 'a (2)', OldFolderName: 'a' },
    ]);
  });

  test('what is wrong or forbidden moves nothing', async () => {
    const { to, a } = await make();
    const adder = await vault.issuer.bearer({ permissions: ['vault-add'], roles: [vault.role.id] });
    const statuses = [
      await move(a.id, to.id, 'Perhaps'),
      await move(a.id, 'x', 'Stop'),
      await move(a.id, a.id, 'Stop'),
      await move(a.id, NO_ID.replace('0', '1'), 'Stop'),
      await move(NO_ID, to.id, 'Stop'),
      await move(a.id, to.id, 'Stop', adder),
      await move(a.id, to.id, 'Stop', await vault.issuer.bearer()),
    ].map(({ status }) => status);
    expect(statuses).toEqual([400, 400, 400, 404, 404, 403, 404]);
    expect((await vault.call('GET', pathOf(`${a.path}/inner/s`))).status).toBe(200);
  });
});

test('a secret is shared into no other folder', async () => {
  const id = await createShared(vault, uniqueName('shared'));
  const shares = await call('GET', `/secrets/${id}/shares`);
  expect([shares.status, shares.text]).toEqual([200, '[]']);
  const stranger = await vault.issuer.bearer();
  expect((await call('GET', `/secrets/${id}/shares`, { as: stranger })).status).toBe(404);
  expect((await call('POST', `/secrets/${id}/shares/${NO_ID}`)).status).toBe(404);
});

test('a file is told of, and comes byte for byte', async () => {
  const files = await filesOf(vault);
  const name = uniqueName('file');
  const id = await createShared(vault, name, { schema: 'file', data: {} });
  const content = randomBytes(100_000);
  expect((await files.put(name, content, '?filename=k%20%C3%A9.bin')).status).toBe(200);
  const told = secretOf(await call('GET', `/secrets/${id}/file`));
  expect(told).toMatchObject({
    SecretType: 'File',
    FileName: 'k é.bin',
    FileHash: sha256(content),
    Password: '',
  });
  const answer = await fetch(`${vault.url}${API}/secrets/${id}/file/download?version=3.1`, {
    headers: { authorization: files.as },
  });
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/octet-stream']);
  expect(answer.headers.get('content-disposition')).toMatch(/^attachment; filename="k _\.bin"/);
  expect(sha256(Buffer.from(await answer.arrayBuffer()))).toBe(sha256(content));
  expect((await vault.call('GET', pathOf(name))).status).toBe(200);
  const other = await createShared(vault, uniqueName('none'), { schema: 'text', data: { text: 'x' } });
  expect((await call('GET', `/secrets/${other}/file/download`)).status).toBe(404);
});
