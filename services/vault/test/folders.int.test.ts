import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { brokenFolders } from './folder-invariants.ts';
import { FOLDERS, METADATA, pathOf, SECRETS, startTestVault, uniqueName, type TestVault } from './support.ts';

type Role = TestVault['role'];

let vault: TestVault;
let reader: Role;
let writer: Role;
let manager: string;
let asReader: string;
let asWriter: string;
let asAdder: string;
let stranger: string;

beforeAll(async () => {
  vault = await startTestVault();
  reader = vault.addRole('reader');
  writer = vault.addRole('writer');
  const bearer = (roles: string[], ...permissions: string[]) =>
    vault.issuer.bearer({ sub: randomUUID(), roles, permissions });
  manager = await bearer([], 'vault-manage');
  asReader = await bearer([reader.id]);
  asWriter = await bearer([writer.id]);
  asAdder = await bearer([vault.addRole('adder').id], 'vault-add');
  stranger = await bearer([vault.addRole('stranger').id]);
});
afterAll(() => vault.stop());
afterEach(async () => expect(await brokenFolders(vault.superuser)).toEqual([]));

const folder = async (path: string, more: object = {}) => {
  const { status, body } = await vault.call('POST', FOLDERS, { as: manager, body: { path, ...more } });
  expect(status).toBe(201);
  return String(body['id']);
};
const secret = async (name: string, more: object = {}) => {
  const { status } = await vault.call('POST', SECRETS, { body: { name, data: { v: 1 }, ...more } });
  expect(status).toBe(201);
};
const change = async (id: string, body: object, as = manager) =>
  (await vault.call('PUT', `${FOLDERS}/${id}`, { as, body })).status;
const get = async (id: string, as = manager) => vault.call('GET', `${FOLDERS}/${id}`, { as });
const list = async (parent: string | undefined, as: string) => {
  const query = parent === undefined ? '' : `?parent=${encodeURIComponent(parent)}`;
  const { status, body } = await vault.call('GET', FOLDERS + query, { as });
  return status === 200 ? (body['items'] as { path: string }[]).map(({ path }) => path) : status;
};

describe('a folder', () => {
  test('is made with those above it, and found by id and by number', async () => {
    const top = uniqueName('top');
    const made = await vault.call('POST', FOLDERS, {
      body: { path: `${top}/sub/deep`, read_roles: [reader, reader], write_roles: null },
    });
    const id = String(made.body['id']);
    expect(made.body).toEqual({ id, number: expect.any(Number), path: `${top}/sub/deep` });
    expect(made.headers['location']).toBe(`${FOLDERS}/${id}`);
    const { status, body, headers } = await get(id);
    expect([status, headers['etag']]).toEqual([200, '"1"']);
    expect(body).toEqual({
      id,
      number: made.body['number'],
      path: `${top}/sub/deep`,
      parent_id: expect.any(String),
      inherits: true,
      read_roles: [reader],
      write_roles: [],
      effective_read_roles: [reader],
      effective_write_roles: [],
      created: expect.any(String),
      updated: expect.any(String),
      author: expect.any(String),
      updated_by: expect.any(String),
    });
    expect((await get(String(made.body['number']))).body).toEqual(body);
    expect((await get(String(body['parent_id']))).body['path']).toBe(`${top}/sub`);
    expect(await list(top, manager)).toEqual([`${top}/sub`]);
    const known = await vault.call('GET', `${FOLDERS}/${id}`, { headers: { 'if-none-match': '"1"' } });
    expect([known.status, known.text]).toEqual([304, '']);
  });

  test('comes with a secret, is there once, and goes when it is empty', async () => {
    const top = uniqueName('top');
    await secret(`${top}/sub/secret`);
    const again = await vault.call('POST', FOLDERS, { body: { path: `${top}/sub` } });
    expect([again.status, again.body['error_code'], again.body['property']]).toEqual([
      409,
      'VALUE_DUPLICATE',
      'path',
    ]);
    const [sub] = await vault.superuser.query<{ id: string; parent_id: string }>(
      'SELECT id, parent_id FROM folders WHERE path = $1',
      [`${top}/sub`],
    );
    const remove = async (id: string) => {
      const { status, body } = await vault.call('DELETE', `${FOLDERS}/${id}`, { as: manager });
      return [status, body['error_code']];
    };
    expect(await remove(sub!.id)).toEqual([409, 'FOLDER_NOT_EMPTY']);
    expect(await remove(sub!.parent_id)).toEqual([409, 'FOLDER_NOT_EMPTY']);
    await vault.call('DELETE', pathOf(`${top}/sub/secret`));
    expect(await remove(sub!.parent_id)).toEqual([409, 'FOLDER_NOT_EMPTY']);
    expect(await remove(sub!.id)).toEqual([200, undefined]);
    expect(await remove(sub!.parent_id)).toEqual([200, undefined]);
    expect(await remove(sub!.id)).toEqual([404, 'OBJECT_NOT_FOUND']);
    await secret(`${top}/sub/secret`);
  });

  test('is changed only while it is what If-Match names', async () => {
    const id = await folder(uniqueName('top'));
    const withTag = (method: string, tag: string, body?: object) =>
      vault.call(method, `${FOLDERS}/${id}`, { headers: { 'if-match': tag }, body });
    const first = await withTag('PUT', '"1"', { read_roles: [reader] });
    expect([first.status, first.headers['etag'], first.text]).toEqual([200, '"2"', '']);
    const late = await withTag('PUT', '"1"', { read_roles: [] });
    expect([late.status, late.body['error_code']]).toEqual([412, 'PRECONDITION_FAILED']);
    expect((await withTag('DELETE', '"1"')).status).toBe(412);
    expect((await get(id)).body['read_roles']).toEqual([reader]);
    expect((await withTag('DELETE', '"2"')).status).toBe(200);
  });

  test('is made and changed once under an idempotency key, also by requests at once on two replicas', async () => {
    const replica = await vault.startReplica();
    const path = uniqueName('once');
    const send = (method: string, target: string, body: object) => {
      const headers = { 'idempotency-key': randomUUID() };
      return Promise.all(
        [vault.url, replica.url, vault.url, replica.url].map(at =>
          vault.call(method, target, { body, headers }, at),
        ),
      );
    };
    const made = await send('POST', FOLDERS, { path });
    const id = String(made[0]?.body['id']);
    expect(made.map(({ status, body }) => [status, body['id']])).toEqual(made.map(() => [201, id]));
    const moved = await send('PUT', `${FOLDERS}/${id}`, { path: `${path}-moved` });
    expect(moved.map(({ status, headers }) => [status, headers['etag']])).toEqual(
      moved.map(() => [200, '"2"']),
    );
    expect((await get(id)).body['path']).toBe(`${path}-moved`);
    await replica.stop();
  });
});

describe('what a folder says about reading and writing', () => {
  test('holds for the secrets below it, at once, on every replica, until it is taken away', async () => {
    const replica = await vault.startReplica();
    const top = uniqueName('top');
    const name = `${top}/sub/deep/secret`;
    await secret(name);
    const id = await folder(`${top}/other`).then(async () => {
      const [row] = await vault.superuser.query<{ id: string }>('SELECT id FROM folders WHERE path = $1', [
        top,
      ]);
      return row!.id;
    });
    const rights = async (as: string) => [
      (await vault.call('GET', pathOf(name), { as }, replica.url)).status,
      (await vault.call('PUT', pathOf(name), { as, body: { data: { v: 2 } } }, replica.url)).status,
    ];
    expect([await rights(asReader), await rights(asWriter)]).toEqual([
      [404, 404],
      [404, 404],
    ]);
    expect(await change(id, { read_roles: [reader], write_roles: [writer] })).toBe(200);
    expect([await rights(asReader), await rights(asWriter), await rights(stranger)]).toEqual([
      [200, 403],
      [403, 200],
      [404, 404],
    ]);
    // The secret's own lists are its own.
    expect((await vault.call('GET', pathOf(name, METADATA))).body).toMatchObject({
      read_roles: [],
      write_roles: [],
    });
    expect(await change(id, { read_roles: null })).toBe(200);
    expect([await rights(asReader), await rights(asWriter)]).toEqual([
      [404, 404],
      [403, 200],
    ]);
    await replica.stop();
  });

  test('adds up on the way down, except below a folder that does not inherit', async () => {
    const top = uniqueName('top');
    const [first, closed, deep] = [
      await folder(top, { read_roles: [reader] }),
      await folder(`${top}/closed`, { write_roles: [writer], inherits: false }),
      await folder(`${top}/closed/deep`, { read_roles: [vault.role] }),
    ];
    const effective = async (id: string) => {
      const { effective_read_roles: reads, effective_write_roles: writes } = (await get(id)).body;
      return [reads, writes];
    };
    expect(await effective(closed)).toEqual([[], [writer]]);
    expect(await effective(deep)).toEqual([[vault.role], [writer]]);
    expect(await change(closed, { inherits: true })).toBe(200);
    expect(await effective(closed)).toEqual([[reader], [writer]]);
    expect(await effective(deep)).toEqual([[reader, vault.role], [writer]]);
    const tag = (await get(deep)).headers['etag'];
    expect(await change(first, { read_roles: [writer], write_roles: [writer] })).toBe(200);
    expect(await effective(deep)).toEqual([[writer, vault.role], [writer]]);
    // What a client has of a folder is old, also when the change was made above it.
    expect((await get(deep)).headers['etag']).not.toBe(tag);
    expect(await change(closed, { inherits: false })).toBe(200);
    expect(await effective(deep)).toEqual([[vault.role], [writer]]);
  });

  test('decides who may add to it', async () => {
    const top = uniqueName('top');
    await folder(top, { write_roles: [writer] });
    const open = uniqueName('open');
    const add = async (name: string, as: string) =>
      (await vault.call('POST', SECRETS, { as, body: { name, data: {} } })).status;
    const addFolder = async (body: object, as: string) => {
      const answer = await vault.call('POST', FOLDERS, { as, body });
      return [answer.status, answer.body['error_code']];
    };
    expect(await add(`${top}/sub/x`, asAdder)).toBe(403);
    expect(await addFolder({ path: `${top}/sub` }, asAdder)).toEqual([403, 'PERMISSION_DENIED']);
    expect(await addFolder({ path: `${open}/sub` }, asAdder)).toEqual([201, undefined]);
    // Or it would read what others add there later.
    expect(await addFolder({ path: `${open}/mine`, read_roles: [reader] }, asAdder)).toEqual([
      403,
      'PERMISSION_DENIED',
    ]);
    expect(await addFolder({ path: `${open}/mine`, inherits: false }, asAdder)).toEqual([
      403,
      'PERMISSION_DENIED',
    ]);
    expect(await addFolder({ path: `${open}/x` }, asReader)).toEqual([403, 'PERMISSION_DENIED']);
    expect(await add(`${top}/sub/x`, manager)).toBe(201);
  });
});

describe('who may not manage', () => {
  test('sees folders in which he may read or write, and those above something that he sees', async () => {
    const top = uniqueName('top');
    await folder(`${top}/hidden/deep`);
    await folder(`${top}/readable/deep`, { read_roles: [reader] });
    await folder(`${top}/writable`, { write_roles: [writer] });
    await folder(`${top}/writable/below`);
    await secret(`${top}/single/deep/secret`, { read_roles: [reader] });
    expect(await list(undefined, asReader)).toContain(top);
    expect(await list(top, asReader)).toEqual([`${top}/readable`, `${top}/single`]);
    expect(await list(`${top}/single`, asReader)).toEqual([`${top}/single/deep`]);
    expect(await list(top, asWriter)).toEqual([`${top}/writable`]);
    expect(await list(`${top}/writable`, asWriter)).toEqual([`${top}/writable/below`]);
    expect(await list(top, manager)).toEqual(
      ['hidden', 'readable', 'single', 'writable'].map(name => `${top}/${name}`),
    );
    expect(await list(undefined, stranger)).not.toContain(top);
    // Not there, and not to be known of: the same.
    expect(await list(top, stranger)).toBe(404);
    expect(await list(`${top}/hidden`, asReader)).toBe(404);
    expect(await list(uniqueName('absent'), stranger)).toBe(404);
  });

  test('is told of nothing else, and changes nothing', async () => {
    const path = uniqueName('top');
    const id = await folder(path, { read_roles: [reader], write_roles: [writer] });
    const before = await get(id);
    const acts = (as: string, target: string) =>
      Promise.all([
        vault.call('GET', `${FOLDERS}/${target}`, { as }),
        vault.call('PUT', `${FOLDERS}/${target}`, { as, body: { path: `${path}x`, read_roles: null } }),
        vault.call('DELETE', `${FOLDERS}/${target}`, { as }),
      ]);
    for (const as of [asReader, asWriter]) {
      expect((await acts(as, id)).map(({ status }) => status)).toEqual([200, 403, 403]);
    }
    const bodies = async (target: string) =>
      (await acts(stranger, target)).map(({ status, body }) => ({ status, ...body, request_id: '' }));
    expect(await bodies(id)).toEqual(await bodies(randomUUID()));
    expect(await bodies(String(before.body['number']))).toEqual(await bodies('2147483647'));
    expect((await bodies(id)).map(({ status }) => status)).toEqual([404, 404, 404]);
    expect((await get(id)).body).toEqual(before.body);
  });
});

describe('a request that is none', () => {
  test.each<[string, object, string]>([
    ['no path', {}, 'path'],
    ['an empty segment', { path: 'a//b' }, 'path'],
    ['dots', { path: 'a/../b' }, 'path'],
    ['a path that leaves no room for a name', { path: 'x'.repeat(511) }, 'path'],
    ['a path too deep for a name in it', { path: Array(32).fill('x').join('/') }, 'path'],
    ['a role that is not there', { path: 'a', read_roles: [{ id: randomUUID() }] }, 'read_roles.0.id'],
    ['no role', { path: 'a', write_roles: [{ id: 'x' }] }, 'write_roles.0.id'],
    ['inherits as text', { path: 'a', inherits: 'yes' }, 'inherits'],
  ])('%s', async (what, body, property) => {
    const id = await folder(uniqueName('top'));
    const create = await vault.call('POST', FOLDERS, { body });
    const update = await vault.call('PUT', `${FOLDERS}/${id}`, { body });
    expect([create.status, create.body['property']]).toEqual([400, property]);
    if (what !== 'no path') expect([update.status, update.body['property']]).toEqual([400, property]);
  });

  test('an id that is none, a parent that is none, a number beyond all', async () => {
    for (const id of ['x', '-1', '1.5', '12345678901']) {
      const { status, body } = await get(id);
      expect([status, body['property']]).toEqual([400, 'id']);
    }
    expect((await get('9999999999')).status).toBe(404);
    expect(await list('a//b', manager)).toBe(400);
  });
});

test('every act is on the record', async () => {
  const path = uniqueName('recorded');
  const id = await folder(path);
  await get(id);
  await change(id, { read_roles: [reader] });
  await change(id, { path: `${path}-moved` });
  await list(`${path}-moved`, manager);
  await change(id, { read_roles: [] }, stranger);
  await vault.call('POST', FOLDERS, { body: { path: `${path}-moved` } });
  await vault.call('DELETE', `${FOLDERS}/${id}`);
  const records = (await vault.trail()).filter(({ message }) =>
    [message['folder'] ?? '', message['folderID'] ?? ''].some(text => text.startsWith(path) || text === id),
  );
  const told = records.map(({ name, message }) => {
    const parts = ['folder', 'newFolder', 'rolesChanged', 'reason'].flatMap(key =>
      message[key] === undefined ? [] : [[key, message[key]]],
    );
    return [name, Object.fromEntries(parts)] as unknown;
  });
  expect(told).toEqual([
    ['Folder-created', { folder: path }],
    ['Folder-read', { folder: path }],
    ['Folder-changed', { folder: path, rolesChanged: 'true' }],
    ['Folder-moved', { folder: path, newFolder: `${path}-moved` }],
    ['Folders-listed', { folder: `${path}-moved` }],
    ['Folder-access-denied', { reason: 'OBJECT_NOT_FOUND' }],
    ['Folder-access-denied', { folder: `${path}-moved`, reason: 'VALUE_DUPLICATE' }],
    ['Folder-deleted', { folder: `${path}-moved` }],
  ]);
});
