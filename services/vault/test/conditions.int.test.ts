import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  METADATA,
  pathOf,
  SECRETS,
  startTestVault,
  uniqueName,
  versioned,
  type TestVault,
} from './support.ts';

/** If-Match and If-None-Match on the plain API (RFC 9110, 13.1). */

let vault: TestVault;
beforeAll(async () => {
  vault = await startTestVault();
});
afterAll(() => vault.stop());

async function create(): Promise<string> {
  const name = uniqueName('tagged');
  const body = { name, data: { v: 1 }, read_roles: [vault.role], write_roles: [vault.role] };
  expect((await vault.call('POST', SECRETS, { body })).status).toBe(201);
  return name;
}

const tagOf = async (name: string) => String((await vault.call('GET', pathOf(name))).headers['etag']);
const get = (name: string, ifNoneMatch: string, id: string = randomUUID()) =>
  vault.call('GET', pathOf(name), { headers: { 'if-none-match': ifNoneMatch, 'x-request-id': id } });
const put = (name: string, ifMatch: string, body: unknown = { data: { v: 2 } }) =>
  vault.call('PUT', pathOf(name), { body, headers: { 'if-match': ifMatch } });

describe('the entity tag', () => {
  test('is one for content and metadata, and every change makes another', async () => {
    const name = await create();
    const seen = new Set<string>();
    const changes = [
      () => vault.call('PUT', pathOf(name), { body: { data: { v: 2 } } }),
      () => vault.call('PUT', pathOf(name), { body: { tags: ['blue'] } }),
      () => vault.call('POST', versioned('data', name), { body: { data: { v: 3 } } }),
      () => vault.call('POST', versioned('metadata', name), { body: { max_versions: 2 } }),
      () => vault.call('POST', versioned('delete', name), { body: { versions: [2] } }),
      () => vault.call('POST', versioned('undelete', name), { body: { versions: [2] } }),
      () => vault.call('POST', versioned('destroy', name), { body: { versions: [2] } }),
    ];
    for (const change of changes) {
      seen.add(await tagOf(name));
      expect((await vault.call('GET', pathOf(name, METADATA))).headers['etag']).toBe(await tagOf(name));
      expect((await change()).status).toBe(200);
    }
    seen.add(await tagOf(name));
    expect(seen.size).toBe(changes.length + 1);
  });
});

describe('If-None-Match', () => {
  test('with what there is: 304 with the tag and no body; with anything else the secret', async () => {
    const name = await create();
    const etag = await tagOf(name);
    for (const header of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const { status, text, headers } = await get(name, header);
      expect([header, status, text, headers['etag']]).toEqual([header, 304, '', etag]);
    }
    for (const header of ['"other"', '"0"', 'W/"x"', '"999"']) {
      expect([header, (await get(name, header)).status]).toEqual([header, 200]);
    }
    expect((await put(name, etag)).status).toBe(200);
    expect((await get(name, etag)).body['data']).toEqual({ v: 2 });
    const broken = await get(name, 'untagged');
    expect([broken.status, broken.body['property']]).toEqual([400, 'If-None-Match']);
  });

  test('opens nothing, and is on the record as a read', async () => {
    const name = await create();
    const etag = await tagOf(name);
    await vault.superuser.query(
      `UPDATE secret_versions SET ciphertext = '' WHERE secret_id = (SELECT id FROM secrets WHERE name = $1)`,
      [name],
    );
    expect((await get(name, '"other"')).body['error_code']).toBe('DECRYPTION_FAILED');
    const id = randomUUID();
    expect((await get(name, etag, id)).status).toBe(304);
    const records = (await vault.trail()).filter(({ message }) => message['requestID'] === id);
    expect(records.map(record => [record.name, record.message['secret']])).toEqual([['Secret-read', name]]);
  });

  test('tells nothing to who may not read, nor of a deleted version', async () => {
    const name = await create();
    const etag = await tagOf(name);
    const ask = async (permissions: ('vault-manage' | 'vault-add')[]) => {
      const as = await vault.issuer.bearer({ permissions });
      const { status, headers } = await vault.call('GET', pathOf(name), {
        as,
        headers: { 'if-none-match': etag },
      });
      return [status, headers['etag']];
    };
    expect(await ask([])).toEqual([404, undefined]);
    expect(await ask(['vault-manage'])).toEqual([403, undefined]);
    await vault.call('DELETE', versioned('data', name));
    expect((await get(name, '*')).status).toBe(404);
  });
});

describe('If-Match', () => {
  test('lets a write or a delete through only while the secret is what it names', async () => {
    const name = await create();
    const old = await tagOf(name);
    const first = await put(name, `"other", ${old}`);
    expect([first.status, first.headers['etag']]).toEqual([200, await tagOf(name)]);
    for (const header of [old, '"other"', `W/${await tagOf(name)}`]) {
      const { status, body } = await put(name, header);
      expect([header, status, body['error_code']]).toEqual([header, 412, 'PRECONDITION_FAILED']);
    }
    const remove = (header: string) =>
      vault.call('DELETE', pathOf(name), { headers: { 'if-match': header } });
    expect((await remove(old)).status).toBe(412);
    expect((await put(name, '*', { tags: [] })).status).toBe(200);
    expect((await put(name, 'nonsense')).status).toBe(400);
    expect((await remove(await tagOf(name))).status).toBe(200);
    expect((await put(name, old)).status).toBe(404);
  });

  test('of many writers with one tag on two replicas exactly one wins, in each round', async () => {
    const replica = await vault.startReplica();
    const name = await create();
    for (let round = 0; round < 15; round += 1) {
      const etag = await tagOf(name);
      const writers = Array.from({ length: 6 }, (_, index) => index);
      const statuses = await Promise.all(
        writers.map(async writer => {
          const options = { body: { data: { round, writer } }, headers: { 'if-match': etag } };
          const url = writer % 2 === 0 ? vault.url : replica.url;
          return (await vault.call('PUT', pathOf(name), options, url)).status;
        }),
      );
      expect([...statuses].sort()).toEqual([200, ...Array<number>(5).fill(412)]);
      expect((await vault.call('GET', pathOf(name))).body['data']).toEqual({
        round,
        writer: statuses.indexOf(200),
      });
    }
    await replica.stop();
  });
});
