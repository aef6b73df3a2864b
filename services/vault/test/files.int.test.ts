import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { MAX_FILE_BYTES } from '@strongroom/contracts/limits';
import { fileOf, filesOf, FILES, sha256, type Files } from './files.ts';
import { METADATA, pathOf, SECRETS, startTestVault, uniqueName, type TestVault } from './support.ts';

let vault: TestVault;
let files: Files;

beforeAll(async () => {
  vault = await startTestVault();
  files = await filesOf(vault);
});
afterAll(() => vault.stop());

const putData = (name: string, data: unknown) => vault.call('PUT', pathOf(name), { body: { data } });
const refused = { error_code: 'INVALID_REQUEST_DATA', property: 'data' };

describe('a file', () => {
  test.each([1, 65_535, 65_536, 65_537, MAX_FILE_BYTES])('of %i bytes comes back as it was', async size => {
    const name = await files.create({ user: 'root' });
    const content = randomBytes(size);
    const stored = await files.put(name, content, '?field=key&filename=id%20%C3%A4.pem', {
      'content-type': 'application/x-pem-file; v="1"',
    });
    expect(stored.status).toBe(200);
    const file = fileOf(stored);
    expect(file).toEqual({
      id: expect.any(String),
      number: expect.any(Number),
      name: 'id ä.pem',
      media_type: 'application/x-pem-file; v="1"',
      size,
      sha256: sha256(content),
    });
    expect(await files.data(name)).toEqual({ user: 'root', key: { file } });

    const read = await files.get(name, '?field=key');
    expect([read.status, read.bytes.equals(content)]).toEqual([200, true]);
    expect(read.headers).toMatchObject({
      'content-type': 'application/x-pem-file; v="1"',
      'content-length': String(size),
      'content-disposition': `attachment; filename="id _.pem"; filename*=UTF-8''id%20%C3%A4.pem`,
      'repr-digest': `sha-256=:${Buffer.from(sha256(content), 'hex').toString('base64')}:`,
    });
  });

  test('has a plain name, type and field unless they are stated', async () => {
    const name = await files.create();
    const file = fileOf(await files.put(name, Buffer.from('x')));
    expect(file).toMatchObject({ name: 'file', media_type: 'application/octet-stream' });
    expect(await files.data(name)).toEqual({ file: { file } });
    const head = await fetch(`${vault.url}${pathOf(name, FILES)}`, {
      method: 'HEAD',
      headers: { authorization: files.as },
    });
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '1', '']);
  });

  test('may come without a stated length', async () => {
    const name = await files.create();
    const content = randomBytes(200_000);
    const { request, status } = files.begin(name);
    for (let start = 0; start < content.length; start += 30_000) {
      request.write(content.subarray(start, start + 30_000));
    }
    request.end();
    expect(await status).toBe(200);
    expect((await files.get(name)).bytes.equals(content)).toBe(true);
  });

  test.each([
    '?filename=',
    '?filename=..',
    '?filename=a%2Fb',
    '?filename=a%5Cb',
    '?filename=a%0D%0Ab',
    `?filename=${'x'.repeat(257)}`,
    '?field=',
    '?field=a%00b',
    `?field=${'x'.repeat(257)}`,
    '?field=a&field=b',
  ])('is refused with %s', async query => {
    const name = await files.create();
    const before = await files.rows();
    expect((await files.put(name, Buffer.from('x'), query)).status).toBe(400);
    expect(await files.rows()).toEqual(before);
  });

  test('is refused with a header that is no media type', async () => {
    const name = await files.create();
    for (const type of ['text', 'text/', 'text/html; x', 'a b/c', `text/${'x'.repeat(128)}`]) {
      const { status, body } = await files.put(name, Buffer.from('x'), '', { 'content-type': type });
      expect([status, body['property']]).toEqual([400, 'Content-Type']);
    }
  });

  test('may stand under a field of any name', async () => {
    for (const field of ['__proto__', 'constructor', 'a/b', 'ä "q"']) {
      const name = await files.create();
      const query = `?field=${encodeURIComponent(field)}`;
      expect((await files.put(name, Buffer.from('x'), query)).status).toBe(200);
      expect((await files.get(name, query)).bytes.toString()).toBe('x');
    }
    expect((await files.get(await files.create(), '?field=constructor')).status).toBe(404);
  });

  test('takes the place of what the field was, and nothing else of the secret changes', async () => {
    const name = await files.create({ a: 1, file: 'text', z: [null] });
    const metadata = async () => {
      const { body } = await vault.call('GET', pathOf(name, METADATA));
      return { ...body, updated: undefined, updated_by: undefined };
    };
    const before = await metadata();
    const file = fileOf(await files.put(name, Buffer.from('one')));
    expect(Object.entries(await files.data(name))).toEqual([
      ['a', 1],
      ['file', { file }],
      ['z', [null]],
    ]);
    expect(await metadata()).toEqual({ ...before, version: 2 });
  });

  test('of a personal secret is its owner\u2019s', async () => {
    const sub = randomUUID();
    const owner = await vault.issuer.bearer({ sub });
    const own = `/vault/api/v1/user/${sub}`;
    const name = uniqueName('own');
    await vault.call('POST', `${own}/secrets`, { as: owner, body: { name, data: {} } });
    const path = `${own}/files/secrets/${name}`;
    expect((await vault.call('PUT', path, { as: owner, body: Buffer.from('mine') })).status).toBe(200);
    const read = (as: string) => fetch(`${vault.url}${path}`, { headers: { authorization: as } });
    expect(await (await read(owner)).text()).toBe('mine');
    expect((await read(await vault.issuer.bearer({ permissions: ['vault-add'] }))).status).toBe(404);
    // Another place: the shared secret of the same name.
    expect((await files.get(name)).status).toBe(404);
  });
});

describe('an upload that is refused leaves nothing behind', () => {
  test('empty: 400', async () => {
    const name = await files.create();
    const before = await files.rows();
    expect((await files.put(name, Buffer.alloc(0))).body).toMatchObject({ error_code: 'BAD_REQUEST' });
    const { request, status } = files.begin(name);
    request.end();
    expect(await status).toBe(400);
    expect(await files.rows()).toEqual(before);
    expect(await files.data(name)).toEqual({});
  });

  test('a byte too long: 413, whether it says so or not', async () => {
    const name = await files.create();
    const before = await files.rows();
    const content = Buffer.alloc(MAX_FILE_BYTES + 1);
    const { status, body } = await files.put(name, content);
    expect([status, body['error_code']]).toEqual([413, 'OUT_OF_RESOURCES']);
    const unstated = files.begin(name);
    unstated.request.end(content);
    expect(await unstated.status).toBe(413);
    expect(await files.rows()).toEqual(before);
    expect(await files.data(name)).toEqual({});
  });

  test('too much content beside it: 413', async () => {
    const name = await files.create({ v: 'x'.repeat(1_048_576 - 10) });
    const before = await files.rows();
    expect((await files.put(name, Buffer.from('x'))).status).toBe(413);
    expect(await files.rows()).toEqual(before);
  });

  test('of a secret that is not there: 404; and of one that has a schema without such a field: 400', async () => {
    const before = await files.rows();
    expect((await files.put(uniqueName('absent'), Buffer.from('x'))).status).toBe(404);
    const name = uniqueName('text');
    const body = { name, schema: 'text', data: { text: 'x' }, read_roles: [vault.role] };
    expect((await vault.call('POST', SECRETS, { body })).status).toBe(201);
    const wrong = await files.put(name, Buffer.from('x'), '?field=text');
    expect([wrong.status, wrong.body['property']]).toEqual([400, 'data.text']);
    expect(await files.rows()).toEqual(before);
  });
});

describe('versions', () => {
  test('have the file that they had, as long as they are there', async () => {
    const name = await files.create();
    const [one, two] = [Buffer.from('one'), randomBytes(70_000)];
    await files.put(name, one);
    await files.put(name, two);
    expect((await files.get(name)).bytes.equals(two)).toBe(true);
    expect((await files.get(name, '?version=2')).bytes.equals(one)).toBe(true);
    expect((await files.get(name, '?version=3')).bytes.equals(two)).toBe(true);
    for (const version of [1, 4, 2_147_483_647]) {
      expect((await files.get(name, `?version=${version}`)).status).toBe(404);
    }
    expect((await files.get(name, '?version=0')).status).toBe(400);
  });

  test('that are written as JSON keep the files that they name, under any field, and drop the others', async () => {
    const name = await files.create();
    const a = fileOf(await files.put(name, Buffer.from('a'), '?field=a'));
    const b = fileOf(await files.put(name, Buffer.from('b'), '?field=b'));
    expect((await putData(name, { ...(await files.data(name)), more: 1 })).status).toBe(200);
    expect(await files.data(name)).toEqual({ a: { file: a }, b: { file: b }, more: 1 });
    // Version 5: the id is enough, in any spelling, and what else is said of the file does not count.
    const forged = {
      ...a,
      id: String(a['id']).toUpperCase(),
      sha256: '0'.repeat(64),
      name: 'forged',
      size: 9,
    };
    expect((await putData(name, { moved: { file: forged } })).status).toBe(200);
    expect(await files.data(name)).toEqual({ moved: { file: a } });
    expect((await files.get(name, '?field=moved')).bytes.toString()).toBe('a');
    for (const field of ['a', 'b']) expect((await files.get(name, `?field=${field}`)).status).toBe(404);
    // One that only an older version has can come back.
    expect((await putData(name, { b: { file: { id: b['id'] } } })).status).toBe(200);
    expect(await files.data(name)).toEqual({ b: { file: b } });
    expect((await files.get(name, '?field=b')).bytes.toString()).toBe('b');
  });

  test('of the versioned API keep the files that they name, and show them', async () => {
    const name = await files.create();
    const file = fileOf(await files.put(name, Buffer.from('versioned')));
    const path = `/vault/api/v1/secret/data/${encodeURIComponent(name)}`;
    const write = (id: unknown) =>
      vault.call('POST', path, { as: files.as, body: { data: { again: { file: { id } } } } });
    expect((await write(randomUUID())).status).toBe(400);
    expect((await write(file['id'])).status).toBe(200);
    const read = await vault.call('GET', path, { as: files.as });
    expect(JSON.stringify(read.body)).toContain(JSON.stringify({ again: { file } }));
    expect((await files.get(name, '?field=again')).bytes.toString()).toBe('versioned');
  });

  test('cannot name a file of another secret, or one that is not there', async () => {
    const [name, other] = [await files.create(), await files.create({ v: 1 })];
    const file = fileOf(await files.put(name, Buffer.from('of the one')));
    for (const id of [file['id'], randomUUID(), 'x', '', `${String(file['id'])} `]) {
      const data = { v: 2, theirs: { file: { ...file, id } } };
      const written = await putData(other, data);
      expect([written.status, written.body]).toMatchObject([400, refused]);
      const created = await vault.call('POST', SECRETS, { body: { name: uniqueName('new'), data } });
      expect([created.status, created.body]).toMatchObject([400, refused]);
    }
    expect(await files.data(other)).toEqual({ v: 1 });
  });

  test('take any other object as it is', async () => {
    const data = {
      near: { file: { id: 1 } },
      nearer: { file: { id: 'x' }, more: 1 },
      list: { file: [{ id: 'x' }] },
      deep: { a: { file: { id: 'x' } } },
      none: { file: null },
      text: { file: 'x' },
    };
    const name = await files.create(data);
    expect(await files.data(name)).toEqual(data);
    for (const field of Object.keys(data)) {
      expect((await files.get(name, `?field=${field}`)).status).toBe(404);
    }
  });

  test('without the file are written by DELETE', async () => {
    const name = await files.create({ user: 'root' });
    await files.put(name, Buffer.from('gone soon'));
    const path = pathOf(name, FILES);
    const removed = await vault.call('DELETE', path);
    expect([removed.status, removed.headers['etag']]).toEqual([200, '"3"']);
    expect(await files.data(name)).toEqual({ user: 'root' });
    expect((await files.get(name)).status).toBe(404);
    expect((await files.get(name, '?version=2')).bytes.toString()).toBe('gone soon');
    for (const query of ['', '?field=user']) {
      expect((await vault.call('DELETE', `${path}${query}`)).body).toMatchObject({
        error_code: 'OBJECT_NOT_FOUND',
        error_message: 'File not found',
      });
    }
  });

  test('that are written at once each have their file, beside that of the other', async () => {
    const name = await files.create();
    const fields = ['a', 'b', 'c', 'd', 'e'];
    const put = (field: string) => files.put(name, randomBytes(100_000), `?field=${field}`);
    const stored = await Promise.all(fields.map(put));
    expect(stored.map(({ status }) => status)).toEqual(fields.map(() => 200));
    const expected = fields.map((field, index) => [field, { file: fileOf(stored[index] ?? stored[0]!) }]);
    expect(await files.data(name)).toEqual(Object.fromEntries(expected));
  });

  test('are written under conditions, and once for all requests under one key', async () => {
    const name = await files.create();
    const before = await files.rows();
    const stale = await files.put(name, Buffer.from('x'), '', { 'if-match': '"7"' });
    expect([stale.status, await files.rows()]).toEqual([412, before]);
    const keyed = { 'idempotency-key': randomUUID(), 'if-match': '"1"' };
    const [one, two] = [
      await files.put(name, Buffer.from('twice'), '', keyed),
      await files.put(name, Buffer.from('twice'), '', keyed),
    ];
    expect([one.status, one.headers['etag']]).toEqual([200, '"2"']);
    expect([two.status, two.body, two.headers['etag']]).toEqual([200, one.body, '"2"']);
    expect((await files.put(name, Buffer.from('other'), '', keyed)).status).toBe(400);
    expect((await vault.call('GET', pathOf(name, METADATA))).body['version']).toBe(2);
    expect(await files.rows()).toEqual(before.map(count => count + 1));
  });
});
