import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '@strongroom/testing/eventually';
import { removeAbandonedUploads } from '../src/operations/remove-abandoned-uploads.ts';
import { fileOf, filesOf, type Files } from './files.ts';
import { startVaultProcess } from './process.ts';
import { cutConnections, pathOf, SECRETS, startTestVault, type TestVault } from './support.ts';

let vault: TestVault;
let files: Files;

beforeAll(async () => {
  vault = await startTestVault();
  files = await filesOf(vault);
});
afterAll(() => vault.stop());

/** An upload that has sent some chunks and waits. */
async function beginUpload(name: string, headers?: Record<string, string>, at?: string) {
  const [, chunks] = await files.rows();
  const upload = files.begin(name, headers, at);
  upload.request.write(randomBytes(200_000));
  await eventually('chunks are stored', async () => (await files.rows())[1] >= chunks + 2);
  return upload;
}

describe('an upload that ends early leaves nothing behind', () => {
  test('when the client breaks off half way', async () => {
    const name = await files.create();
    const before = await files.rows();
    const { request } = await beginUpload(name);
    request.destroy();
    await eventually('it is gone', async () => (await files.rows()).join() === before.join());
    expect(await files.data(name)).toEqual({});
  });

  test('when its secret is deleted meanwhile, also when another one takes its name', async () => {
    for (const another of [false, true]) {
      const name = await files.create();
      const before = await files.rows();
      const { request, status } = await beginUpload(name);
      expect((await vault.call('DELETE', pathOf(name))).status).toBe(200);
      if (another) await vault.call('POST', SECRETS, { body: { name, read_roles: [vault.role] } });
      request.end();
      expect(await status).toBe(409);
      expect(await files.rows()).toEqual(before);
    }
  });

  test('when the right to write is taken away meanwhile', async () => {
    const name = await files.create();
    const before = await files.rows();
    const [reader, writer] = [vault.addRole('file reader'), vault.addRole('file writer')];
    const body = { read_roles: [vault.role, reader], write_roles: [writer] };
    expect((await vault.call('PUT', pathOf(name), { body })).status).toBe(200);
    const { request, status } = await beginUpload(name, {
      authorization: await vault.issuer.bearer({ roles: [reader.id, writer.id] }),
    });
    await vault.call('PUT', pathOf(name), { body: { write_roles: [] } });
    request.end();
    expect(await status).toBe(403);
    expect(await files.rows()).toEqual(before);
  });

  test('when its process is killed: housekeeping removes it, and nothing that may still be under way', async () => {
    const name = await files.create();
    const kept = fileOf(await files.put(name, randomBytes(100_000), '?field=kept'));
    const before = await files.rows();
    const replica = await startVaultProcess(vault);
    await beginUpload(name, {}, replica.url);
    await replica.kill();
    const at = (minutes: number) => ({
      db: vault.superuser,
      now: () => new Date(Date.now() + minutes * 60_000),
    });
    expect(await removeAbandonedUploads(at(14))).toBe(0);
    expect(await files.rows()).not.toEqual(before);
    expect(await removeAbandonedUploads(at(16))).toBe(1);
    expect(await files.rows()).toEqual(before);
    expect(await files.data(name)).toEqual({ kept: { file: kept } });
    expect((await files.get(name, '?field=kept')).bytes).toHaveLength(100_000);
  });

  test('when it takes so long that it counts as abandoned', async () => {
    const name = await files.create();
    const before = await files.rows();
    const { request, status } = await beginUpload(name);
    const later = new Date(Date.now() + 16 * 60_000);
    expect(await removeAbandonedUploads({ db: vault.superuser, now: () => later })).toBe(1);
    request.end();
    expect(await status).toBe(409);
    expect(await files.rows()).toEqual(before);
    expect(await files.data(name)).toEqual({});
  });

  test('when its act cannot be recorded, and when the database breaks off', async () => {
    const name = await files.create();
    const before = await files.rows();
    const { request, status } = await beginUpload(name);
    // No record can be made, so no version either; what was stored can be removed.
    await vault.superuser.query('ALTER TABLE outbox RENAME TO elsewhere');
    request.end();
    expect(await status).toBe(503);
    await vault.superuser.query('ALTER TABLE elsewhere RENAME TO outbox');
    expect(await files.rows()).toEqual(before);
    await cutConnections(vault.superuser);
    while ((await files.put(name, Buffer.from('after'))).status !== 200);
    expect((await files.get(name)).bytes.toString()).toBe('after');
  });
});

test('a slow client holds no transaction, and nobody up', async () => {
  const name = await files.create({ v: 1 });
  const { request, status } = await beginUpload(name);
  const open = await vault.superuser.query(
    `SELECT state, query FROM pg_stat_activity
     WHERE datname = current_database() AND usename = 'strongroom_vault' AND xact_start IS NOT NULL`,
  );
  expect(open).toEqual([]);
  expect((await vault.call('PUT', pathOf(name), { body: { data: { v: 2 } } })).status).toBe(200);
  request.end();
  expect(await status).toBe(200);
  // On top of what was written meanwhile.
  expect(await files.data(name)).toEqual({
    v: 2,
    file: { file: expect.objectContaining({ size: 200_000 }) },
  });
});

describe('a file goes with the last version that has it', () => {
  test('when newer versions push that out', async () => {
    const before = await files.rows();
    const name = await files.create();
    await files.put(name, randomBytes(100_000));
    const put = (data: unknown) => vault.call('PUT', pathOf(name), { body: { data } });
    await put(await files.data(name));
    // Versions 2 and 3 have it; ten are kept.
    for (let version = 4; version <= 12; version += 1) await put({ version });
    expect(await files.rows()).toEqual([before[0] + 1, before[1] + 2, before[2] + 1]);
    await put({ version: 13 });
    expect(await files.rows()).toEqual(before);
  });

  test('when the secret is deleted, an upload under way included', async () => {
    const before = await files.rows();
    const name = await files.create();
    await files.put(name, randomBytes(100_000));
    const { request } = await beginUpload(name);
    expect((await vault.call('DELETE', pathOf(name))).status).toBe(200);
    expect(await files.rows()).toEqual(before);
    request.destroy();
  });

  test('when that is destroyed', async () => {
    const before = await files.rows();
    const name = await files.create();
    await files.put(name, randomBytes(100_000));
    await vault.call('PUT', pathOf(name), { body: { data: await files.data(name) } });
    await vault.call('PUT', pathOf(name), { body: { data: {} } });
    const destroy = async (version: number) => {
      const path = `/vault/api/v1/secret/destroy/${encodeURIComponent(name)}`;
      const { status } = await vault.call('POST', path, { as: files.as, body: { versions: [version] } });
      expect(status).toBe(200);
    };
    await destroy(2);
    expect(await files.rows()).toEqual([before[0] + 1, before[1] + 2, before[2] + 1]);
    await destroy(3);
    expect(await files.rows()).toEqual(before);
  });
});

describe('a file that was tampered with in the database', () => {
  const size = 1_000_000;
  const content = randomBytes(size);

  async function stored(): Promise<{ name: string; id: unknown }> {
    const name = await files.create();
    return { name, id: fileOf(await files.put(name, content))['id'] };
  }

  test.each([
    [
      'its first chunk altered',
      'UPDATE file_chunks SET ciphertext = set_byte(ciphertext, 99, 99 # get_byte(ciphertext, 99)) WHERE file_id = $1 AND position = 0',
      0,
    ],
    [
      'a later chunk altered',
      'UPDATE file_chunks SET ciphertext = set_byte(ciphertext, 99, 99 # get_byte(ciphertext, 99)) WHERE file_id = $1 AND position = 9',
      9,
    ],
    ['a chunk taken away', 'DELETE FROM file_chunks WHERE file_id = $1 AND position = 5', 5],
    ['its last chunk taken away', 'DELETE FROM file_chunks WHERE file_id = $1 AND position = 15', 14],
    ['all of it taken away', 'DELETE FROM file_chunks WHERE file_id = $1', 0],
    [
      'two chunks swapped',
      `UPDATE file_chunks c SET ciphertext = o.ciphertext FROM file_chunks o
       WHERE c.file_id = $1 AND o.file_id = $1 AND c.position IN (3, 4) AND o.position = 7 - c.position`,
      3,
    ],
    [
      'a chunk added',
      `INSERT INTO file_chunks SELECT file_id, 16, ciphertext FROM file_chunks WHERE file_id = $1 AND position = 15`,
      15,
    ],
    [
      'another description',
      `UPDATE files SET description = set_byte(description, 20, 20 # get_byte(description, 20)) WHERE id = $1`,
      -1,
    ],
    [
      'another data key',
      `UPDATE files SET wrapped_key = set_byte(wrapped_key, 20, 20 # get_byte(wrapped_key, 20)) WHERE id = $1`,
      -1,
    ],
  ])('%s gives no wrong byte', async (_what, statement, good) => {
    const { name, id } = await stored();
    await vault.superuser.query(statement, [id]);
    const read = await files.get(name);
    if (good <= 0) {
      expect([read.status, JSON.parse(read.bytes.toString())]).toMatchObject([
        500,
        { error_code: 'DECRYPTION_FAILED' },
      ]);
      return;
    }
    expect([read.status, read.whole]).toEqual([200, false]);
    expect(read.bytes.length).toBeLessThan(size);
    expect(content.subarray(0, read.bytes.length).equals(read.bytes)).toBe(true);
    // Nothing of the chunk with the fault, or of any behind it.
    expect(read.bytes.length).toBeLessThanOrEqual(good * 65_536);
  });

  test.each([
    ['its content', false],
    ['its key and description with it', true],
  ])('put in the place of another secret\u2019s, %s, does not open there', async (_what, whole) => {
    const { id } = await stored();
    const other = await files.create();
    const theirs = fileOf(await files.put(other, content))['id'];
    await vault.superuser.query(
      `UPDATE file_chunks c SET ciphertext = o.ciphertext FROM file_chunks o
       WHERE c.file_id = $1 AND o.file_id = $2 AND o.position = c.position`,
      [theirs, id],
    );
    if (whole) {
      await vault.superuser.query(
        `UPDATE files f SET key_id = o.key_id, wrapped_key = o.wrapped_key, description = o.description
         FROM files o WHERE f.id = $1 AND o.id = $2`,
        [theirs, id],
      );
    }
    const read = await files.get(other);
    expect([read.status, JSON.parse(read.bytes.toString())]).toMatchObject([
      500,
      { error_code: 'DECRYPTION_FAILED' },
    ]);
  });

  test('cannot be tied to a version of another secret', async () => {
    const { id } = await stored();
    const other = await files.create();
    await expect(
      vault.superuser.query('INSERT INTO version_files SELECT s.id, 1, $2 FROM secrets s WHERE s.name = $1', [
        other,
        id,
      ]),
    ).rejects.toMatchObject({ code: '23503' });
  });
});
