import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestVault, versioned, type TestVault } from './support.ts';

/** Folders as `keys` lists them (contract 2.7): with what the caller may know of, and nothing else. */

const KEYS = '/vault/api/v1/secret/keys';

let vault: TestVault;
let alice: { id: string; name: string };
let bob: { id: string; name: string };
const bearers: Record<string, string> = {};

/** What each secret names: a read role, a write role, or none. */
const SECRETS = ['top', 'a', 'a/one', 'a/two', 'a/deep/er/three', 'a/shut/four', 'b/five', 'c/d/six'];

beforeAll(async () => {
  vault = await startTestVault();
  alice = vault.addRole('alice');
  bob = vault.addRole('bob');
  bearers['alice'] = await vault.issuer.bearer({ roles: [alice.id] });
  bearers['bob'] = await vault.issuer.bearer({ roles: [bob.id] });
  bearers['stranger'] = await vault.issuer.bearer({ roles: [randomUUID()] });
  bearers['manager'] = await vault.issuer.bearer({ permissions: ['vault-manage'] });
  const rights: Record<string, object> = {
    a: { read_roles: [alice] },
    'a/two': { write_roles: [alice] },
    'a/deep/er/three': { read_roles: [alice] },
    'b/five': { read_roles: [bob] },
  };
  for (const name of SECRETS) {
    const body = { data: {}, ...rights[name] };
    expect((await vault.call('POST', versioned('data', name), { body })).status).toBe(200);
  }
  await vault.call('POST', `/vault/api/v1/user/${alice.id}/secrets`, { body: { name: 'own/secret' } });
  // Bob's folder, and all below it.
  await vault.superuser.query(
    `UPDATE folders SET effective_read_roles = $1 WHERE path = 'c' OR path LIKE 'c/%'`,
    [[bob.id]],
  );
});
afterAll(() => vault.stop());

async function keys(who: string, path = '', query = '') {
  const suffix = path === '' ? '' : `/${path}`;
  const { status, body } = await vault.call('GET', `${KEYS}${suffix}${query}`, { as: String(bearers[who]) });
  return status === 200 ? body['keys'] : status;
}

describe('keys', () => {
  test.each([
    ['manager', '', ['a', 'a/', 'b/', 'c/', 'top']],
    ['manager', 'a', ['deep/', 'one', 'shut/', 'two']],
    ['manager', 'a/deep', ['er/']],
    ['manager', 'a%2Fdeep%2Fer', ['three']],
    ['manager', 'a/', ['deep/', 'one', 'shut/', 'two']],
    ['manager', 'nonesuch', 404],
    ['manager', 'top', 404],
    ['alice', '', ['a', 'a/']],
    ['alice', 'a', ['deep/', 'two']],
    ['alice', 'a/deep/er', ['three']],
    ['alice', 'a/shut', 404],
    ['alice', 'b', 404],
    ['bob', '', ['b/', 'c/']],
    ['bob', 'b', ['five']],
    ['bob', 'c', ['d/']],
    ['bob', 'c/d', ['six']],
    ['bob', 'a', 404],
    ['stranger', '', []],
    ['stranger', 'a', 404],
    ['stranger', 'c/d', 404],
  ])('for the %s in %j are %j', async (who, path, expected) => {
    expect(await keys(who, path)).toEqual(expected);
  });

  test('of a folder that one may not know of and of none are told alike', async () => {
    const answer = async (path: string) => {
      const { body } = await vault.call('GET', `${KEYS}/${path}`, { as: String(bearers['stranger']) });
      return { ...body, request_id: '' };
    };
    expect(await answer('a')).toEqual(await answer('nonesuch'));
    expect(await answer('a')).toMatchObject({ error_code: 'OBJECT_NOT_FOUND' });
  });

  test('of an empty folder are none, for those who may know of it', async () => {
    await vault.call('POST', versioned('data', 'c/e/gone'), { body: { data: {} } });
    await vault.call('DELETE', versioned('metadata', 'c/e/gone'));
    expect([await keys('manager', 'c/e'), await keys('alice', 'c/e')]).toEqual([[], 404]);
  });

  test('come in pages that neither leak nor thin out, and are counted', async () => {
    const { body } = await vault.call('GET', `${KEYS}/a?limit=1`, { as: String(bearers['alice']) });
    expect(body).toEqual({ count: 2, keys: ['deep/'] });
    expect(await keys('alice', 'a', '?limit=1&offset=1')).toEqual(['two']);
    expect(await keys('alice', 'a', '?limit=1&offset=2')).toEqual([]);
    expect(await keys('manager', '', '?limit=2&offset=1')).toEqual(['a/', 'b/']);
    for (const query of ['?limit=0', '?limit=10001', '?offset=-1']) {
      expect(await keys('manager', '', query)).toBe(400);
    }
  });

  test('are on the record', async () => {
    const record = async (who: string, path: string) => {
      const id = randomUUID();
      const options = { as: String(bearers[who]), headers: { 'x-request-id': id } };
      await vault.call('GET', `${KEYS}/${path}`, options);
      const records = (await vault.trail()).filter(({ message }) => message['requestID'] === id);
      expect(records).toHaveLength(1);
      return { name: records[0]?.name, ...records[0]?.message };
    };
    expect(await record('alice', 'a')).toMatchObject({ name: 'Secrets-listed', folder: 'a', found: '2' });
    expect(await record('stranger', 'a')).toMatchObject({
      name: 'Folder-access-denied',
      folder: 'a',
      reason: 'OBJECT_NOT_FOUND',
    });
  });
});
