import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pathOf, SECRETS, startTestVault, type TestVault } from './support.ts';
import { caller, fixtureOf, type Fixture } from './secret-server.ts';

let vault: TestVault;
let call: ReturnType<typeof caller>;
let fixture: Fixture;
/** Names of secrets by their numbers, in the folder of the fixture and below it. */
const ids: Record<string, number> = {};

async function create(name: string, more: Record<string, unknown> = {}): Promise<number> {
  expect((await vault.call('POST', SECRETS, { body: { name, ...more } })).status).toBe(201);
  return Number((await vault.call('GET', pathOf(name, '/vault/api/v1/metadata/secrets'))).body['number']);
}

beforeAll(async () => {
  vault = await startTestVault();
  call = caller(vault);
  fixture = await fixtureOf(vault);
  const { path } = fixture.folder;
  ids['db'] = await create(`${path}/db`, { schema: 'credentials', data: { user: 'canary' } });
  ids['DB'] = await create(`${path}/DB`, { data: {} });
  ids['db main'] = await create(`${path}/db main`, { schema: 'text', data: { text: 't' } });
  ids['deep db'] = await create(`${path}/deep/deep db`, { schema: 'credentials', data: {} });
  ids['gone db'] = await create(`${path}/gone db`, { data: {} });
  await call('DELETE', `/secrets/${ids['gone db']}`);
  // What the caller may write and not read, what is somebody's own, and what is in no folder.
  await create('nobody db', { write_roles: [vault.role] });
  await vault.call('POST', '/vault/api/v1/user/somebody/secrets', { body: { name: 'own db' } });
  ids['top db'] = await create('top db', { read_roles: [vault.role] });
});
afterAll(() => vault.stop());

interface Page {
  records: { id: number; name: string; [member: string]: unknown }[];
  total: number;
  [member: string]: unknown;
}

async function search(query: string, as?: string): Promise<Page> {
  const { status, body } = await call('GET', `/secrets?${query}`, as === undefined ? {} : { as });
  expect([query, status]).toEqual([query, 200]);
  return body as unknown as Page;
}
const names = ({ records }: Page): string[] => records.map(({ name }) => name).sort();
const inFolder = (): string => `filter.folderId=${fixture.folder.number}`;

describe('a search', () => {
  test.each([
    [
      'by a part of the name, in any case',
      'filter.searchText=DB',
      ['DB', 'db', 'db main', 'deep db', 'top db'],
    ],
    ['that has a blank', 'filter.searchText=b+m', ['db main']],
    ['not by the folders that the name begins with', 'filter.searchText=deep/deep', []],
    [
      'by the whole name, as External Secrets Operator looks secrets up',
      'paging.filter.searchText=db&paging.filter.searchField=Name&paging.filter.doNotCalculateTotal=true&paging.take=30&&paging.skip=0&paging.filter.isExactMatch=true',
      ['db'],
    ],
    ['by a text that matches nothing', 'filter.searchText=nothing%25_', []],
    [
      "as Go's SDK searches without a field",
      'paging.filter.searchText=main&paging.filter.searchField=&paging.filter.doNotCalculateTotal=true&paging.take=30&&paging.skip=0&paging.filter.extendedFields=Machine&paging.filter.extendedFields=Notes',
      ['db main'],
    ],
    ['with what is deleted', 'filter.includeInactive=True&filter.searchText=gone', ['gone db']],
    ['at another site', 'filter.siteId=2', []],
    ['of no template', 'filter.secretTemplateId=1000', []],
    ['for what the caller may change, too', 'filter.permissionRequired=2&filter.searchText=top', []],
  ])('finds %s', async (_what, query, found) => {
    expect(names(await search(query))).toEqual(found);
  });

  test('finds what is in a folder, with what is below it or without', async () => {
    expect(names(await search(inFolder()))).toEqual(['DB', 'db', 'db main']);
    expect(names(await search(`${inFolder()}&filter.includeSubFolders=true`))).toEqual([
      'DB',
      'db',
      'db main',
      'deep db',
    ]);
    const template = fixture.template('credentials').id;
    expect(names(await search(`${inFolder()}&Filter.SecretTemplateId=${template}`))).toEqual(['db']);
    expect((await call('GET', '/secrets?filter.folderId=100000')).status).toBe(404);
  });

  test('finds nothing that the caller may not read', async () => {
    const stranger = await vault.issuer.bearer({ permissions: ['vault-manage'] });
    expect(await search('filter.searchText=db', stranger)).toMatchObject({ records: [], total: 0 });
    for (const { id } of (await search('filter.searchText=db&take=2147483647')).records) {
      expect((await call('GET', `/secrets/${id}`)).status).toBe(200);
    }
  });

  test('answers the envelope and the records that clients have classes for', async () => {
    const page = await search(
      `${inFolder()}&take=2&sortBy[0].name=Name&sortBy[0].direction=desc&sortBy[0].priority=0`,
    );
    expect(page.records.map(({ name }) => name)).toEqual(['db main', 'db']);
    const { records, ...envelope } = page;
    expect(envelope).toEqual({
      batchCount: 2,
      currentPage: 1,
      filter: { folderId: fixture.folder.number },
      hasNext: true,
      hasPrev: false,
      nextSkip: 2,
      pageCount: 2,
      prevSkip: 0,
      severity: 'None',
      skip: 0,
      sortBy: [{ direction: 'Desc', name: 'Name', priority: 0 }],
      success: true,
      take: 2,
      total: 3,
    });
    const members = `active autoChangeEnabled checkedOut checkOutEnabled checkOutUserId checkOutUserName createDate
      daysUntilExpiration doubleLockEnabled extendedFields folderId folderPath hasLauncher hidePassword id
      inheritsPermissions isOutOfSync isRestricted lastAccessed lastHeartBeatStatus lastPasswordChangeAttempt name
      outOfSyncReason requiresApproval requiresComment responseCodes secretTemplateId secretTemplateName siteId`;
    expect(Object.keys(records[0] ?? {}).sort()).toEqual(members.split(/\s+/).sort());
    expect(records[1]).toMatchObject({ id: ids['db'], folderPath: `\\${fixture.folder.path}`, active: true });
    const rest = await search(`${inFolder()}&take=2&skip=2`);
    expect([rest.records.length, rest['hasNext'], rest['hasPrev']]).toEqual([1, false, true]);
    expect((await search(`${inFolder()}&take=0`)).records).toEqual([]);
  });

  test("counts, and lists as many, as Python's SDK asks for the secrets of a folder", async () => {
    const total = await call('GET', `/secrets/search-total?${inFolder()}`);
    expect([total.status, total.text]).toEqual([200, '3']);
    const page = await search(`${inFolder()}&take=${total.text}`);
    expect(page.records.map(({ id }) => id).sort()).toEqual([ids['db'], ids['DB'], ids['db main']].sort());
  });

  test('for numbers and names alone', async () => {
    const { body } = await call('GET', '/secrets/lookup?filter.searchText=main');
    expect((body as unknown as Page).records).toEqual([{ id: ids['db main'], value: 'db main' }]);
    expect((await call('GET', `/secrets/lookup/${ids['db']}`)).body).toEqual({ id: ids['db'], value: 'db' });
    const stranger = await vault.issuer.bearer();
    expect((await call('GET', `/secrets/lookup/${ids['db']}`, { as: stranger })).status).toBe(404);
  });

  test.each([
    'filter.searchField=Username&filter.searchText=canary',
    'filter.scope=Recent',
    'filter.scope=2',
    'filter.onlyCheckedOutSecrets=true',
    'filter.secretIds=1',
    'filter.heartbeatStatus=1',
    'paging.filter.unheardOf=x',
    'filter.folderId=-1',
    'filter.includeActive=false',
    'sortBy[0].name=lastAccessed',
    'take=canary',
  ])('is refused rather than widened by %s', async query => {
    const { status, text } = await call('GET', `/secrets?${query}`);
    expect(status).toBe(400);
    expect(text).not.toContain('canary');
  });
});
