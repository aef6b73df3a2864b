import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { brokenFolders } from './folder-invariants.ts';
import { caller } from './secret-server.ts';
import { pathOf, SECRETS, startTestVault, uniqueName, type TestVault } from './support.ts';

interface ServedFolder {
  id: number;
  folderName: string;
  folderPath: string;
  parentFolderId: number;
  childFolders: ServedFolder[];
  [member: string]: unknown;
}

interface ServedPage {
  records: { id: number; value?: string; folderPath?: string }[];
  total: number;
  hasNext: boolean;
}

/** The members that classes of PowerShell's module know (contract 1.5). */
const SUMMARY_MEMBERS =
  `folderName folderPath folderTypeId id inheritPermissions inheritSecretPolicy parentFolderId
  secretPolicyId`.split(/\s+/);
const FOLDER_MEMBERS = [...SUMMARY_MEMBERS, 'childFolders', 'secretTemplates'].sort();
const PAGE_MEMBERS =
  `batchCount currentPage filter hasNext hasPrev nextSkip pageCount prevSkip records severity skip sortBy
  success take total`.split(/\s+/);

const DENIED = { message: expect.stringMatching(/Access Denied.*not found/), errorCode: 'API_AccessDenied' };

let vault: TestVault;
let call: ReturnType<typeof caller>;
let reader: TestVault['role'];
let asReader: string;
let asAdder: string;
let stranger: string;

beforeAll(async () => {
  vault = await startTestVault();
  call = caller(vault);
  reader = vault.addRole('reader');
  const bearer = (roles: string[], ...permissions: string[]) =>
    vault.issuer.bearer({ sub: randomUUID(), roles, permissions });
  asReader = await bearer([reader.id]);
  asAdder = await bearer([], 'vault-add');
  stranger = await bearer([]);
});
afterAll(() => vault.stop());
afterEach(async () => expect(await brokenFolders(vault.superuser)).toEqual([]));

async function make(folderName: string, parentFolderId = -1, more: object = {}): Promise<ServedFolder> {
  const { status, body } = await call('POST', '/folders', {
    body: { folderName, folderTypeId: 1, parentFolderId, ...more },
  });
  expect([status, Object.keys(body).sort()]).toEqual([200, FOLDER_MEMBERS]);
  return body as unknown as ServedFolder;
}
const get = async (id: number, query = '', as?: string) => {
  const { status, body } = await call('GET', `/folders/${id}${query}`, as === undefined ? {} : { as });
  return { status, body: body as unknown as ServedFolder };
};
const search = async (query: string, as?: string, what = '') => {
  const { status, body } = await call('GET', `/folders${what}?${query}`, as === undefined ? {} : { as });
  expect([status, Object.keys(body).sort()]).toEqual([200, PAGE_MEMBERS]);
  return body as unknown as ServedPage;
};
const idsOf = ({ records }: ServedPage) => records.map(({ id }) => id);

describe('a folder', () => {
  test('is made in another, found by number and by path, and is where its secrets are', async () => {
    const top = await make(uniqueName('Top'));
    const sub = await make('Sub one', top.id);
    expect(sub).toEqual({
      id: expect.any(Number),
      folderName: 'Sub one',
      folderPath: `\\${top.folderName}\\Sub one`,
      parentFolderId: top.id,
      folderTypeId: 1,
      secretPolicyId: -1,
      inheritSecretPolicy: false,
      inheritPermissions: true,
      childFolders: [],
      secretTemplates: [],
    });
    expect((await get(sub.id)).body).toEqual(sub);
    const written = [
      `\\${top.folderName}\\Sub one`,
      `/${top.folderName}/Sub one/`,
      `${top.folderName}\\\\Sub one`,
    ];
    for (const path of written) {
      const found = await get(0, `?FolderPath=${encodeURIComponent(path).replaceAll('%20', '+')}`);
      expect([path, found.body.id]).toEqual([path, sub.id]);
    }
    const name = `${top.folderName}/Sub one/db`;
    await vault.call('POST', SECRETS, { body: { name, data: {}, read_roles: [vault.role] } });
    const secret = await vault.call('GET', pathOf(name));
    expect((await call('GET', `/secrets/${String(secret.body['number'])}`)).body['folderId']).toBe(sub.id);
  });

  test('shows those right below it when they are asked for', async () => {
    const top = await make(uniqueName('family'));
    const [b, a] = [await make('b', top.id), await make('a', top.id)];
    await make('grandchild', a.id);
    const { body } = await get(top.id, '?getAllChildren=True');
    expect(body.childFolders.map(child => [child.id, child.childFolders])).toEqual([
      [a.id, []],
      [b.id, []],
    ]);
    expect(Object.keys(body.childFolders[0] ?? {}).sort()).toEqual(FOLDER_MEMBERS);
    expect((await get(top.id)).body.childFolders).toEqual([]);
  });

  test('is one answer for whoever may not know of it, and where there is none', async () => {
    const hidden = await make(uniqueName('hidden'));
    const answers = [
      await get(hidden.id, '', stranger),
      await get(2_000_000_000),
      await get(0),
      await get(0, '?folderPath=%5Cno-such'),
      await call('GET', `/folder-details/${hidden.id}`, { as: stranger }),
      await call('DELETE', '/folders/2000000000'),
      await call('PUT', `/folders/${hidden.id}`, {
        as: stranger,
        body: { id: hidden.id, folderName: 'x', folderTypeId: 1 },
      }),
    ];
    for (const { status, body } of answers) expect([status, body]).toEqual([404, DENIED]);
  });

  test('is renamed, moved and cut off by the whole object that a client puts back', async () => {
    const [one, other] = [await make(uniqueName('one')), await make(uniqueName('other'))];
    const folder = await make('moving', one.id);
    await make('below', folder.id);
    const put = (body: object) => call('PUT', `/folders/${folder.id}`, { body });
    const moved = await put({ ...folder, folderName: 'Moved', parentFolderId: other.id });
    expect(moved.body).toEqual({
      ...folder,
      folderName: 'Moved',
      folderPath: `\\${other.folderName}\\Moved`,
      parentFolderId: other.id,
    });
    expect((await search(`filter.parentFolderId=${folder.id}`)).records[0]?.folderPath).toBe(
      `\\${other.folderName}\\Moved\\below`,
    );
    const top = await put({ ...(moved.body as object), parentFolderId: -1, inheritPermissions: false });
    expect(top.body).toMatchObject({ parentFolderId: -1, folderPath: '\\Moved', inheritPermissions: false });
    // Without a place it stays where it is.
    const renamed = await put({ id: folder.id, folderTypeId: 1, folderName: uniqueName('again') });
    expect(renamed.body).toMatchObject({ parentFolderId: -1, inheritPermissions: false });
  });

  test('that is put back as it was read is not changed', async () => {
    const folder = await make('same', (await make(uniqueName('stays'))).id);
    const read = (await get(folder.id)).body;
    expect((await call('PUT', `/folders/${folder.id}`, { body: read })).body).toEqual(read);
    const [row] = await vault.superuser.query<{ revision: string }>(
      'SELECT revision FROM vault.folders WHERE number = $1',
      [folder.id],
    );
    expect(row?.revision).toBe('1');
  });

  test('changes in what is stated to be dirty alone', async () => {
    const folder = await make(uniqueName('patched'));
    const name = uniqueName('new');
    const { status, body } = await call('PATCH', `/folder/${folder.id}`, {
      body: {
        Data: {
          FolderName: { Dirty: 'true', Value: name },
          EnableInheritPermissions: { dirty: false, value: false },
        },
      },
    });
    expect([status, body]).toEqual([
      200,
      {
        id: folder.id,
        name,
        actions: ['CreateSubfolder', 'AddSecret', 'EditFolder', 'DeleteFolder', 'MoveFolder'],
        allowedTemplates: [],
        folderWarning: null,
      },
    ]);
    expect((await get(folder.id)).body.inheritPermissions).toBe(true);
  });

  test('is deleted when it is empty', async () => {
    const top = await make(uniqueName('full'));
    const sub = await make('sub', top.id);
    const remove = (id: number) => call('DELETE', `/folders/${id}`);
    expect((await remove(top.id)).body).toEqual({
      message: expect.any(String),
      errorCode: 'API_FolderNotEmpty',
    });
    for (const { id } of [sub, top]) {
      expect((await remove(id)).body).toEqual({ id, objectType: 'Folder', responseCodes: [] });
      expect((await get(id)).status).toBe(404);
    }
  });

  test.each<[string, object]>([
    ['a slash in its name', { folderName: 'a/b' }],
    ['a backslash in its name', { folderName: 'a\\b' }],
    ['no name', { folderName: '' }],
    ['a secret policy', { secretPolicyId: 7 }],
    ['another type than there is', { folderTypeId: 9 }],
  ])('is not made with %s', async (_what, more) => {
    const body = { folderName: uniqueName('bad'), folderTypeId: 1, parentFolderId: -1, ...more };
    const { status, body: answer } = await call('POST', '/folders', { body });
    expect([status, typeof answer['message']]).toEqual([400, 'string']);
  });

  test('of a template list or a policy is refused, since none is kept', async () => {
    const folder = await make(uniqueName('unkept'));
    for (const data of [{ allowedTemplates: [2] }, { secretPolicy: { dirty: true, value: 3 } }]) {
      expect((await call('PATCH', `/folder/${folder.id}`, { body: { data } })).status).toBe(400);
    }
  });

  test('is made by whoever may add secrets, and changed by managers alone', async () => {
    const made = await call('POST', '/folders', {
      as: asAdder,
      body: { folderName: uniqueName('added'), folderTypeId: 1, parentFolderId: -1 },
    });
    expect(made.status).toBe(200);
    const cut = {
      folderName: uniqueName('cut'),
      folderTypeId: 1,
      parentFolderId: -1,
      inheritPermissions: false,
    };
    expect((await call('POST', '/folders', { as: asAdder, body: cut })).status).toBe(404);
    expect((await call('POST', '/folders', { as: stranger, body: cut })).status).toBe(404);
  });

  test('two renames at once both hold, one after the other', async () => {
    const folder = await make(uniqueName('race'));
    const names = [uniqueName('left'), uniqueName('right')];
    const answers = await Promise.all(
      names.map(folderName =>
        call('PUT', `/folders/${folder.id}`, { body: { id: folder.id, folderTypeId: 1, folderName } }),
      ),
    );
    expect(answers.map(({ status, body }) => [status, body['folderName']])).toEqual(
      names.map(name => [200, name]),
    );
    expect(names).toContain((await get(folder.id)).body.folderName);
  });
});

describe('searching folders', () => {
  test('finds by a part of the name, below a folder, right below it, and at the top', async () => {
    const top = await make(uniqueName('find'));
    const [red, blue] = [await make('Red box', top.id), await make('blue BOX', top.id)];
    const deep = await make('deep box', red.id);
    const below = `filter.parentFolderId=${top.id}`;
    expect(idsOf(await search(`${below}&filter.searchText=BOX`))).toEqual([red.id, deep.id, blue.id]);
    expect(idsOf(await search(`${below}&filter.searchText=find`))).toEqual([]);
    expect(idsOf(await search(`${below}&filter.limitToDirectDescendents=True`))).toEqual([red.id, blue.id]);
    const atTop = await search('filter.onlyIncludeRootFolders=true&take=2147483647');
    expect(idsOf(atTop)).toContain(top.id);
    expect(idsOf(atTop)).not.toContain(red.id);
    expect(idsOf(await search(`${below}&filter.onlyIncludeRootFolders=true`))).toEqual([]);
    expect(idsOf(await search(`${below}&filter.folderTypeId=2`))).toEqual([]);
  });

  test('pages as the Python SDK does: first the total, then so many', async () => {
    const top = await make(uniqueName('paged'));
    const children: number[] = [];
    for (const name of ['a', 'b', 'c']) children.push((await make(name, top.id)).id);
    const asked = `filter.parentFolderId=${top.id}&filter.limitToDirectDescendents=True`;
    const first = await search(`${asked}&take=1`, undefined, '/lookup');
    expect(first).toMatchObject({ total: 3, hasNext: true, records: [{ id: children[0], value: 'a' }] });
    const all = await search(`${asked}&take=${first.total}`, undefined, '/lookup');
    expect([idsOf(all), all.hasNext]).toEqual([children, false]);
    const last = await search(`paging.filter.parentFolderId=${top.id}&&paging.skip=2&paging.take=2`);
    expect([idsOf(last), last.total]).toEqual([[children[2]], 3]);
    expect(await search(`${asked}&take=0`)).toMatchObject({ total: 3, records: [] });
  });

  test('shows what the caller may know of, and no count of the rest', async () => {
    const top = await make(uniqueName('rights'));
    const [open, closed] = [await make('open', top.id), await make('closed', top.id)];
    const name = `${top.folderName}/open/secret`;
    await vault.call('POST', SECRETS, { body: { name, data: {}, read_roles: [reader] } });
    const below = `filter.parentFolderId=${top.id}`;
    expect(await search(below, asReader)).toMatchObject({ total: 1, records: [{ id: open.id }] });
    expect(idsOf(await search(`${below}&filter.permissionRequired=AddSecret`, asReader))).toEqual([]);
    expect(idsOf(await search(`${below}&filter.permissionRequired=Owner`, asReader))).toEqual([]);
    expect(idsOf(await search(`${below}&filter.permissionRequired=Owner`))).toEqual([closed.id, open.id]);
    expect((await call('GET', `/folders?${below}`, { as: stranger })).body).toEqual(DENIED);
    expect(await search('', stranger)).toMatchObject({ total: 0, records: [] });
  });

  test('refuses a filter that it does not know', async () => {
    expect((await call('GET', '/folders?filter.colour=red')).status).toBe(400);
  });
});
