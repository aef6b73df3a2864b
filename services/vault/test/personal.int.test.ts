import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SEARCH, SECRETS, startTestVault, uniqueName, type TestVault } from './support.ts';

const OWNER = randomUUID();
const OTHER = randomUUID();

let vault: TestVault;
let asOwner: string;
let asOther: string;
let asManager: string;

beforeAll(async () => {
  vault = await startTestVault();
  asOwner = await vault.issuer.bearer({ sub: OWNER, kind: 'user', roles: [vault.role.id] });
  asOther = await vault.issuer.bearer({ sub: OTHER, kind: 'user', roles: [vault.role.id] });
  asManager = await vault.issuer.bearer({ permissions: ['vault-manage'] });
});
afterAll(() => vault.stop());

const listOf = (owner: string) => `/vault/api/v1/user/${owner}/secrets`;
const at = (owner: string, name: string) => `${listOf(owner)}/${encodeURIComponent(name)}`;
const metadataAt = (owner: string, name: string) =>
  `/vault/api/v1/user/${owner}/metadata/secrets/${encodeURIComponent(name)}`;

async function create(name = uniqueName('mine')): Promise<string> {
  const { status } = await vault.call('POST', listOf(OWNER), {
    as: asOwner,
    body: { name, data: { v: 1 }, read_roles: null, write_roles: [] },
  });
  expect(status).toBe(201);
  return name;
}

describe('a personal secret (contract 2.3)', () => {
  test('is created, read, described, changed, listed and deleted by its owner, without any permission', async () => {
    const name = uniqueName('notes/of mine');
    const made = await vault.call('POST', listOf(OWNER), { as: asOwner, body: { name, data: { v: 1 } } });
    expect([made.status, made.body, made.headers['location']]).toEqual([201, { name }, at(OWNER, name)]);

    const read = await vault.call('GET', at(OWNER, name), { as: asOwner });
    expect([read.status, read.body['data'], read.body['owner_id']]).toEqual([200, { v: 1 }, OWNER]);
    const { data, ...metadata } = read.body;
    expect(data).toEqual({ v: 1 });
    expect((await vault.call('GET', metadataAt(OWNER, name), { as: asOwner })).body).toEqual(metadata);

    const changed = await vault.call('PUT', at(OWNER, name), { as: asOwner, body: { data: { v: 2 } } });
    expect([changed.status, changed.text]).toEqual([200, '']);
    const again = await vault.call('GET', at(OWNER, name), { as: asOwner });
    expect([again.body['data'], again.body['version']]).toEqual([{ v: 2 }, 2]);

    const list = await vault.call('GET', `${listOf(OWNER)}?limit=100`, { as: asOwner });
    expect(list.body['items']).toContainEqual(expect.objectContaining({ name, owner_id: OWNER }));
    expect(list.text).not.toContain('"data"');

    expect((await vault.call('DELETE', at(OWNER, name), { as: asOwner })).status).toBe(200);
    expect((await vault.call('GET', at(OWNER, name), { as: asOwner })).status).toBe(404);
  });

  test('is not there for anybody else, and cannot be made for somebody else', async () => {
    const name = await create();
    const absent = await vault.call('GET', at(OWNER, uniqueName('absent')), { as: asOther });
    for (const [method, path, body] of [
      ['GET', at(OWNER, name), undefined],
      ['GET', metadataAt(OWNER, name), undefined],
      ['PUT', at(OWNER, name), { data: { v: 'theirs' } }],
      ['DELETE', at(OWNER, name), undefined],
      // Nor among one's own, or among the shared ones.
      ['GET', at(OTHER, name), undefined],
      ['GET', `${SECRETS}/${name}`, undefined],
    ] as const) {
      const answer = await vault.call(method, path, { as: asOther, ...(body && { body }) });
      expect([method, answer.status, answer.body['error_code'], answer.body['error_message']]).toEqual([
        method,
        404,
        absent.body['error_code'],
        absent.body['error_message'],
      ]);
    }
    for (const [method, body] of [
      ['GET', undefined],
      ['POST', { name: uniqueName('planted'), data: {} }],
    ] as const) {
      const answer = await vault.call(method, listOf(OWNER), { as: asOther, ...(body && { body }) });
      expect([method, answer.status, answer.body['error_code']]).toEqual([method, 403, 'PERMISSION_DENIED']);
    }
    expect((await vault.call('GET', at(OWNER, name), { as: asOwner })).body['data']).toEqual({ v: 1 });
  });

  test('is open to vault-manage, on the record', async () => {
    const name = await create();
    const read = await vault.call('GET', at(OWNER, name), { as: asManager });
    expect([read.status, read.body['data']]).toEqual([200, { v: 1 }]);
    const trail = await vault.trail();
    expect(trail.filter(record => record.message['secret'] === name).at(-1)).toMatchObject({
      name: 'Secret-read',
      message: { ownerID: OWNER, secretVersion: '1' },
    });
  });

  test('shares its name with nobody: each owner, and what is shared, has a space of its own', async () => {
    const name = await create();
    const body = { name, data: { v: 'other' } };
    expect((await vault.call('POST', listOf(OTHER), { as: asOther, body })).status).toBe(201);
    const shared = { ...body, read_roles: [vault.role] };
    expect((await vault.call('POST', SECRETS, { body: shared })).status).toBe(201);
    const twice = await vault.call('POST', listOf(OWNER), { as: asOwner, body });
    expect([twice.status, twice.body['error_code']]).toEqual([409, 'VALUE_DUPLICATE']);
    expect((await vault.call('GET', at(OWNER, name), { as: asOwner })).body['data']).toEqual({ v: 1 });
    // The owner's id in another case is the same owner.
    const shouted = await vault.call('GET', at(OWNER.toUpperCase(), name), { as: asOwner });
    expect([shouted.status, shouted.body['owner_id']]).toEqual([200, OWNER]);
  });

  test('makes no folders', async () => {
    await create(uniqueName('only/mine/here'));
    expect(await vault.superuser.query("SELECT path FROM folders WHERE path LIKE 'only%'")).toEqual([]);
  });

  test('keeps the roles that are stated with it, and they give nobody a right', async () => {
    const name = uniqueName('roles');
    const body = { name, data: { v: 1 }, read_roles: [vault.role], write_roles: [vault.role] };
    expect((await vault.call('POST', listOf(OWNER), { as: asOwner, body })).status).toBe(201);
    const read = await vault.call('GET', at(OWNER, name), { as: asOwner });
    expect([read.body['read_roles'], read.body['write_roles']]).toEqual([[vault.role], [vault.role]]);
    expect((await vault.call('GET', at(OWNER, name), { as: asOther })).status).toBe(404);
    const found = await vault.call('POST', SEARCH, { as: asOther, body: { keywords: name } });
    expect(found.body).toEqual({ count: 0, items: [] });
  });
});

describe('a search', () => {
  const names = async (as: string, body: object) => {
    const answer = await vault.call('POST', SEARCH, { as, body });
    expect(answer.status).toBe(200);
    return (answer.body['items'] as { name: string }[]).map(item => item.name);
  };

  test('finds personal secrets for those alone who may use them', async () => {
    const name = await create(uniqueName('findable'));
    const body = { keywords: name };
    expect(await names(asOwner, body)).toEqual([name]);
    expect(await names(asOwner, { ...body, filter: 'personal' })).toEqual([name]);
    expect(await names(asOwner, { ...body, owner_id: [OWNER] })).toEqual([name]);
    expect(await names(asOwner, { ...body, filter: 'shared' })).toEqual([]);
    expect(await names(asOther, body)).toEqual([]);
    expect(await names(asOther, { ...body, owner_id: [OWNER] })).toEqual([]);
    expect(await names(asOther, { ...body, owner_id: [OWNER, OTHER], filter: 'personal' })).toEqual([]);
    expect(await names(asManager, { ...body, owner_id: [OWNER] })).toEqual([name]);
    // Who may manage sees the secrets of all only if he asks for somebody's.
    expect(await names(asManager, body)).toEqual([]);
  });

  test('the list of shared secrets has none', async () => {
    const name = await create();
    const list = await vault.call('GET', `${SECRETS}?limit=100`, { as: asManager });
    expect(list.text).not.toContain(name);
  });
});
