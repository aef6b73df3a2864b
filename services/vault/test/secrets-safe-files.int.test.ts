import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { MAX_FILE_BYTES, MAX_FILE_FORM_BYTES } from '@strongroom/contracts/limits';
import { eventually } from '@strongroom/testing/eventually';
import { removeAbandonedUploads } from '../src/operations/remove-abandoned-uploads.ts';
import { filesOf, sha256, type Files } from './files.ts';
import { beginForm, filePart, form, formBytes, FORM_TYPE, metadataPart, type Part } from './forms.ts';
import { startVaultProcess } from './process.ts';
import { API, caller, createFolder, createShared, secretOf } from './secrets-safe.ts';
import { FOLDERS, pathOf, startTestVault, uniqueName, versioned, type TestVault } from './support.ts';

let vault: TestVault;
let files: Files;
let call: ReturnType<typeof caller>;
let folder: { id: string; path: string };
beforeAll(async () => {
  vault = await startTestVault();
  files = await filesOf(vault);
  call = caller(vault);
  folder = await createFolder(vault, uniqueName('safe'));
});
afterAll(() => vault.stop());

const NO_ID = '00000000-0000-0000-0000-000000000000';
const at = () => `/folders/${folder.id}/secrets/file`;
const post = (...parts: Part[]) => call('POST', at(), form(...parts));
const make = async (content: Buffer | string = 'x', more: Record<string, unknown> = {}) => {
  const answer = await post(metadataPart({ Title: uniqueName('f'), ...more }), filePart(content));
  expect([answer.status, answer.body['error']]).toEqual([201, undefined]);
  return secretOf(answer);
};
const data = async (path: string) => (await vault.call('GET', pathOf(path))).body;
const downloaded = async (id: string): Promise<Buffer> => {
  const answer = await fetch(`${vault.url}${API}/secrets/${id}/file/download`, {
    headers: { authorization: files.as },
  });
  expect(answer.status).toBe(200);
  return Buffer.from(await answer.arrayBuffer());
};
/** All rows that a form could leave behind. */
async function rows(): Promise<number[]> {
  const [row] = await vault.superuser.query<{ counts: number[] }>(
    `SELECT ARRAY[(SELECT count(*) FROM files), (SELECT count(*) FROM file_chunks),
                  (SELECT count(*) FROM version_files), (SELECT count(*) FROM secrets),
                  (SELECT count(*) FROM secret_versions)]::integer[] AS counts`,
  );
  return row?.counts ?? [];
}

describe('making a file', () => {
  const bytes = randomBytes(200_000);
  const disposition = (name: string, more = '') => `Content-Disposition: form-data; name="${name}"${more}`;
  const named = (title: string) => ({ Title: title, FileName: 'stated.pem', Owners: [{ UserId: 7 }] });
  /** Everybody's own way (contract 4.2). */
  const CLIENTS: [string, (title: string) => Part[], string][] = [
    [
      'the Go library',
      title => [
        [
          disposition('secretmetadata'),
          JSON.stringify({ ...named(title), FileContent: bytes.toString('utf8') }),
        ],
        [
          `${disposition('file', '; filename="stated.pem"')}\r\nContent-Type: application/octet-stream`,
          bytes,
        ],
      ],
      'stated.pem',
    ],
    [
      'the Python library',
      title => [
        [
          `${disposition('secretmetadata')}\r\nContent-Type: application/json`,
          JSON.stringify({ Title: title }),
        ],
        [disposition('files', '; filename="part.pem"'), bytes],
      ],
      'part.pem',
    ],
    [
      'the provider in C#',
      title => [
        [`${disposition('File', '; filename=part.pem')}\r\nContent-Type: text/plain`, bytes],
        [
          `${disposition('SecretMetadata')}\r\nContent-Type: application/json`,
          JSON.stringify({ title, filecontent: bytes.toString('utf8') }),
        ],
      ],
      'part.pem',
    ],
    [
      'the documents',
      title => [
        [disposition('form-data'), bytes],
        [disposition('other'), 'not asked for'],
        [disposition('secretmetadata'), JSON.stringify(named(title))],
      ],
      'stated.pem',
    ],
  ];

  test.each(CLIENTS)('as %s does', async (_name, parts, fileName) => {
    const title = uniqueName('f');
    const made = await post(...parts(title));
    expect([made.status, secretOf(made)]).toMatchObject([
      201,
      {
        Title: title,
        FolderId: folder.id,
        FolderPath: folder.path,
        SecretType: 'File',
        FileName: fileName,
        FileHash: sha256(bytes),
        Password: '',
      },
    ]);
    const { Id } = secretOf(made);
    expect((await downloaded(Id)).equals(bytes)).toBe(true);
    expect((await call('GET', `/secrets/${Id}/file`)).body).toEqual(made.body);
    // And as our own API has it.
    expect((await files.get(`${folder.path}/${title}`)).bytes.equals(bytes)).toBe(true);
    expect(await data(`${folder.path}/${title}`)).toMatchObject({
      schema: 'file',
      version: 1,
      data: { file: { file: { name: fileName, size: bytes.length, sha256: sha256(bytes) } } },
    });
  });

  test('of the most that there may be of everything', async () => {
    const content = randomBytes(MAX_FILE_BYTES);
    const of = (length: number) => 'x'.repeat(length);
    const metadata = {
      Title: uniqueName('f').padEnd(256, 'x'),
      Description: of(256),
      Notes: of(4_000),
      Urls: Array.from({ length: 100 }, () => ({ Url: of(2_048) })),
      FileName: of(256),
      // As some clients repeat it, each byte in six.
      FileContent: '\\u0000'.repeat(MAX_FILE_BYTES),
    };
    const text = JSON.stringify(metadata).replaceAll('\\\\u', '\\u');
    expect(text.length).toBeGreaterThan(6 * MAX_FILE_BYTES);
    const made = await post(metadataPart(text), filePart(content));
    expect([made.status, made.body['FileHash']]).toEqual([201, sha256(content)]);
    expect(sha256(await downloaded(secretOf(made).Id))).toBe(sha256(content));
  });

  test('is on the record as a secret that was made and a file that was stored', async () => {
    const id = randomUUID();
    const title = uniqueName('f');
    const { body, headers } = form(metadataPart({ Title: title }), filePart('plum-9181'));
    const made = await call('POST', at(), { body, headers: { ...headers, 'x-request-id': id } });
    const records = (await vault.trail()).filter(({ message }) => message['requestID'] === id);
    const secret = {
      secret: `${folder.path}/${title}`,
      secretID: secretOf(made).Id,
      secretVersion: '1',
    };
    expect(records).toMatchObject([
      { name: 'Secret-created', message: secret },
      { name: 'File-stored', message: { ...secret, size: '9', fileID: expect.any(String) } },
    ]);
    expect(JSON.stringify(records)).not.toContain('plum');
  });

  test('a title that the folder has is 409, also to the second of two at once, and where it was deleted', async () => {
    const before = await rows();
    const metadata = metadataPart({ Title: uniqueName('f') });
    const answers = await Promise.all([
      post(metadata, filePart('one')),
      post(filePart('two'), metadata),
      post(metadata, filePart('three')),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
    expect((await post(metadata, filePart('x'))).status).toBe(409);
    const [fileRows, chunks, references, secrets, versions] = before as [
      number,
      number,
      number,
      number,
      number,
    ];
    const once = [fileRows + 1, chunks + 1, references + 1, secrets + 1, versions + 1];
    expect(await rows()).toEqual(once);
    // The newest version reads as absent elsewhere; the older ones are still there.
    const path = `${folder.path}/${(JSON.parse(metadata[1].toString()) as { Title: string }).Title}`;
    expect((await vault.call('POST', versioned('delete', path), { body: { versions: [1] } })).status).toBe(
      200,
    );
    expect((await post(metadata, filePart('x'))).status).toBe(409);
    expect(await rows()).toEqual(once);
  });

  test('needs what making any secret needs, and is refused before a byte is stored', async () => {
    const [role, stranger] = [vault.addRole(uniqueName('writer')), vault.addRole(uniqueName('other'))];
    const path = uniqueName('closed');
    const lists = { read_roles: [vault.role, role], write_roles: [role] };
    const { body: made } = await vault.call('POST', FOLDERS, { body: { path, ...lists } });
    const before = await rows();
    const bearer = (roles: { id: string }[], ...permissions: string[]) =>
      vault.issuer.bearer({ roles: roles.map(({ id }) => id), permissions });
    for (const [as, expected] of [
      [await bearer([role], 'vault-add'), 201],
      [await bearer([], 'vault-manage'), 201],
      [await bearer([role]), 403],
      [await bearer([vault.role], 'vault-add'), 403],
      [await bearer([stranger], 'vault-add'), 404],
    ] as const) {
      const url = `${vault.url}${API}/folders/${String(made['id'])}/secrets/file`;
      const { request, status } = beginForm('POST', url, as);
      const bytes = formBytes([filePart(randomBytes(150_000)), metadataPart({ Title: uniqueName('f') })]);
      request.write(bytes.subarray(0, 140_000));
      // Those who may not are answered without the rest.
      if (expected === 201) request.write(bytes.subarray(140_000));
      if (expected === 201) request.end();
      expect([expected, await status]).toEqual([expected, expected]);
      request.destroy();
    }
    const [, , , secrets] = await rows();
    expect(secrets).toBe((before[3] ?? 0) + 2);
    const elsewhere = await call('POST', `/folders/${NO_ID}/secrets/file`, form(filePart('x')));
    expect([elsewhere.status, elsewhere.body]).toEqual([404, { error: 'Folder not found' }]);
  });
});

describe('leaves nothing behind', () => {
  const metadata = (more: Record<string, unknown> = {}) => metadataPart({ Title: 'never made', ...more });
  const big = randomBytes(150_000);
  const of = (length: number) => 'x'.repeat(length);
  const missing = (file: string, known: string) =>
    `Expected parts of the form are missing: form-data (${file}), secretmetadata (${known})`;
  const FAULTS: [string, () => Buffer | string, (string | undefined)?][] = [
    ['no file', () => formBytes([metadata()]), missing('False', 'True')],
    ['no metadata', () => formBytes([filePart(big)]), missing('True', 'False')],
    ['no part', () => formBytes([]), missing('False', 'False')],
    ['an empty file', () => formBytes([metadata(), filePart('')]), 'The file is empty'],
    ['a byte too many', () => formBytes([metadata(), filePart(Buffer.alloc(MAX_FILE_BYTES + 1))])],
    ['a byte too many, first', () => formBytes([filePart(Buffer.alloc(MAX_FILE_BYTES + 1)), metadata()])],
    ['a body too large', () => Buffer.alloc(MAX_FILE_FORM_BYTES + 1)],
    ['two files', () => formBytes([filePart(big), metadata(), filePart('y')])],
    ['its metadata twice', () => formBytes([metadata(), filePart(big), metadata()])],
    ['no end', () => formBytes([metadata(), filePart(big)], '')],
    ['half an end', () => formBytes([metadata(), filePart(big)], '--a-boundary-of')],
    [
      'a part that begins behind its end',
      () => formBytes([filePart(big), metadata()], '--a-boundary-of-ours\r\n'),
    ],
    [
      'another boundary',
      () =>
        formBytes([metadata(), filePart(big)])
          .toString('latin1')
          .replaceAll('-ours', '-his'),
    ],
    ['no title', () => formBytes([filePart(big), metadata({ Title: undefined })])],
    ['a title of 257', () => formBytes([filePart(big), metadata({ Title: of(257) })])],
    ['a title with a slash', () => formBytes([filePart(big), metadata({ Title: 'a/b' })])],
    ['a description of 257', () => formBytes([filePart(big), metadata({ Description: of(257) })])],
    ['notes of 4001', () => formBytes([filePart(big), metadata({ Notes: of(4_001) })])],
    ['a URL of 2049', () => formBytes([filePart(big), metadata({ Urls: [{ Url: of(2_049) }] })])],
    ['a file name of 257', () => formBytes([filePart(big), metadata({ FileName: of(257) })])],
    ['a file name of 257 in the part', () => formBytes([metadata(), filePart(big, of(257))])],
    ['a file name with a path', () => formBytes([metadata(), filePart(big, '../a')])],
    ['no file name', () => formBytes([['Content-Disposition: form-data; name="file"', big], metadata()])],
    ['owners of type User without any', () => formBytes([filePart(big), metadata({ OwnerType: 'User' })])],
    ['a group that there is not', () => formBytes([filePart(big), metadata({ Owners: [{ GroupId: 5 }] })])],
    ['metadata that is no JSON', () => formBytes([filePart(big), metadataPart('{"Title":')])],
    ['metadata that is the file', () => formBytes([filePart(big), metadataPart(big.toString('latin1'))])],
    [
      'metadata that is no text',
      () => formBytes([filePart(big), ['Content-Disposition: form-data; name="secretmetadata"', big]]),
    ],
    ['metadata of more than 1 MiB', () => formBytes([filePart(big), metadata({ Extra: of(2 ** 20) })])],
    [
      'a part that says what is no type',
      () =>
        formBytes([
          metadata(),
          ['Content-Disposition: form-data; name="file"; filename="a"\r\nContent-Type: text', big],
        ]),
    ],
  ];

  test.each(FAULTS)('%s is 400 and', async (_what, body, error: unknown = expect.any(String)) => {
    const before = await rows();
    const { status, body: told, text } = await call('POST', at(), { body: body(), headers: FORM_TYPE });
    expect([status, told]).toEqual([400, { error }]);
    expect(text).not.toContain('xxx');
    expect(await rows()).toEqual(before);
  });

  test.each([
    ['JSON', { 'content-type': 'application/json' }],
    ['a form without a boundary', { 'content-type': 'multipart/form-data' }],
    ['compressed', { ...FORM_TYPE, 'content-encoding': 'gzip' }],
  ])('a body that is %s is 400 and', async (_what, headers) => {
    const before = await rows();
    const body = formBytes([metadata(), filePart(big)]);
    expect((await call('POST', at(), { body, headers })).status).toBe(400);
    expect(await rows()).toEqual(before);
  });

  /** A form that has sent some of its file and waits. */
  async function begin(method = 'POST', url = `${vault.url}${API}${at()}`) {
    const [, chunks = 0] = await rows();
    const begun = beginForm(method, url, files.as);
    const title = uniqueName('f');
    const bytes = formBytes([filePart(randomBytes(300_000)), metadataPart({ Title: title })]);
    begun.request.write(bytes.subarray(0, 250_000));
    await eventually('chunks are stored', async () => ((await rows())[1] ?? 0) >= chunks + 2);
    return { ...begun, title, rest: bytes.subarray(250_000) };
  }

  test('a client that breaks off', async () => {
    const before = await rows();
    const { request } = await begin();
    request.destroy();
    await eventually('it is gone', async () => (await rows()).join() === before.join());
  });

  test('a process that is killed: housekeeping removes it, and not while it may be under way', async () => {
    const before = await rows();
    const replica = await startVaultProcess(vault);
    await begin('POST', `${replica.url}${API}${at()}`);
    await replica.kill();
    const after = (minutes: number) => ({
      db: vault.superuser,
      now: () => new Date(Date.now() + minutes * 60_000),
    });
    expect(await removeAbandonedUploads(after(14))).toBe(0);
    expect(await rows()).not.toEqual(before);
    expect(await removeAbandonedUploads(after(16))).toBe(1);
    expect(await rows()).toEqual(before);
  });

  test('one that takes so long that it counts as abandoned', async () => {
    const before = await rows();
    const { request, status, rest } = await begin();
    const later = new Date(Date.now() + 16 * 60_000);
    expect(await removeAbandonedUploads({ db: vault.superuser, now: () => later })).toBe(1);
    request.end(rest);
    expect(await status).toBe(409);
    expect(await rows()).toEqual(before);
  });

  test('one whose act cannot be recorded', async () => {
    const before = await rows();
    const { request, status, rest } = await begin();
    await vault.superuser.query('ALTER TABLE outbox RENAME TO elsewhere');
    request.end(rest);
    expect(await status).toBe(503);
    await vault.superuser.query('ALTER TABLE elsewhere RENAME TO outbox');
    expect(await rows()).toEqual(before);
  });

  test('one whose folder or right is gone meanwhile', async () => {
    const role = vault.addRole(uniqueName('writer'));
    for (const gone of ['folder', 'right']) {
      const path = uniqueName('short');
      const lists = { read_roles: [vault.role, role], write_roles: [role] };
      const { body: made } = await vault.call('POST', FOLDERS, { body: { path, ...lists } });
      const [id, before] = [String(made['id']), await rows()];
      const as = await vault.issuer.bearer({ permissions: ['vault-add'], roles: [role.id] });
      const { request, status } = beginForm('POST', `${vault.url}${API}/folders/${id}/secrets/file`, as);
      const bytes = formBytes([filePart(big), metadata()]);
      request.write(bytes.subarray(0, 140_000));
      await eventually('chunks are stored', async () => ((await rows())[1] ?? 0) > (before[1] ?? 0));
      if (gone === 'folder') await vault.call('DELETE', `${FOLDERS}/${id}`);
      else await vault.call('PUT', `${FOLDERS}/${id}`, { body: { write_roles: [vault.role] } });
      request.end(bytes.subarray(140_000));
      expect([gone, await status]).toEqual([gone, gone === 'folder' ? 404 : 403]);
      expect(await rows()).toEqual(before);
    }
  });

  test('and a folder that has moved meanwhile gets it where it is', async () => {
    const moving = await createFolder(vault, uniqueName('moving'));
    const begun = await begin('POST', `${vault.url}${API}/folders/${moving.id}/secrets/file`);
    const path = uniqueName('moved');
    expect((await vault.call('PUT', `${FOLDERS}/${moving.id}`, { body: { path } })).status).toBe(200);
    begun.request.end(begun.rest);
    expect(await begun.status).toBe(201);
    expect((await files.get(`${path}/${begun.title}`)).bytes).toHaveLength(300_000);
  });

  test('a secret that is deleted takes its file with it', async () => {
    const before = await rows();
    const { Id } = await make(big);
    expect((await call('DELETE', `/secrets/${Id}`)).status).toBe(200);
    expect(await rows()).toEqual(before);
  });
});

describe('replacing a file', () => {
  const put = (id: string, options: Parameters<typeof call>[2]) =>
    call('PUT', `/secrets/${id}/file`, options);
  const file = async (id: string) => secretOf(await call('GET', `/secrets/${id}/file`));

  test('with a form: 204, another content, and what is left out is cleared', async () => {
    const made = await make('first', { Notes: 'n', Description: 'd' });
    const Title = uniqueName('renamed');
    const parts = [metadataPart({ Title, FileName: 'b.bin' }), filePart(randomBytes(100_000), 'c')] as const;
    const answer = await put(made.Id, form(...parts));
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect(await file(made.Id)).toMatchObject({
      Id: made.Id,
      Title,
      FileName: 'b.bin',
      FileHash: sha256(parts[1][1] as Buffer),
      Notes: '',
      Description: '',
    });
    expect((await downloaded(made.Id)).equals(parts[1][1] as Buffer)).toBe(true);
    // The version before it is there, with its file.
    const name = `${folder.path}/${Title}`;
    expect((await files.get(name, '?version=1')).bytes.toString()).toBe('first');
    expect(await data(name)).toMatchObject({ version: 2 });
  });

  test('with JSON: 204, all but the content and its name', async () => {
    const made = await make('first');
    const other = await createFolder(vault, uniqueName('other'));
    const json = (body: Record<string, unknown>) =>
      put(made.Id, { body, headers: { 'content-type': 'application/json' } });
    const stated = { Title: made.Title, Notes: 'n', FileContent: 'x'.repeat(2_000_000), FolderId: other.id };
    expect((await json({ ...stated, FileName: 'another' })).status).toBe(400);
    expect((await json(stated)).status).toBe(204);
    expect((await json({ ...made, Notes: 'n', FolderId: other.id })).status).toBe(204);
    expect(await file(made.Id)).toMatchObject({
      Notes: 'n',
      FolderPath: other.path,
      FileName: made.FileName,
      FileHash: sha256(Buffer.from('first')),
    });
    // The second one changed nothing.
    expect(await data(`${other.path}/${made.Title}`)).toMatchObject({ version: 2 });
    expect((await downloaded(made.Id)).toString()).toBe('first');
  });

  test('is on the record with everything that it changed', async () => {
    const made = await make('first');
    const id = randomUUID();
    const { body, headers } = form(metadataPart({ Title: uniqueName('renamed') }), filePart('second'));
    await put(made.Id, { body, headers: { ...headers, 'x-request-id': id } });
    const records = (await vault.trail()).filter(({ message }) => message['requestID'] === id);
    expect(records.map(({ name, message }) => [name, message['secretVersion'], message['size']])).toEqual([
      ['Secret-updated', '2', undefined],
      ['File-stored', '2', '6'],
      ['Secret-moved', undefined, undefined],
    ]);
  });

  test('what is wrong, of another kind, taken or forbidden changes nothing', async () => {
    const made = await make('first');
    const taken = await make('taken');
    const text = await createShared(vault, uniqueName('text'), { schema: 'text', data: { text: 'x' } });
    const reader = vault.addRole(uniqueName('reader'));
    await vault.call('PUT', `${FOLDERS}/${folder.id}`, { body: { read_roles: [vault.role, reader] } });
    const as = await vault.issuer.bearer({ roles: [reader.id] });
    const before = await rows();
    const metadata = metadataPart({ Title: made.Title });
    const replace = form(metadata, filePart('second'));
    const statuses = [
      await put(made.Id, form(metadata)),
      await put(made.Id, form(filePart('second'))),
      await put(made.Id, form(metadata, filePart(''))),
      await put(made.Id, form(metadata, filePart(Buffer.alloc(MAX_FILE_BYTES + 1)))),
      await put(made.Id, { ...replace, body: formBytes([metadata, filePart('second')], '') }),
      await put(text, replace),
      await put(made.Id, form(filePart('second'), metadataPart({ Title: taken.Title }))),
      await put(made.Id, form(filePart('second'), metadataPart({ Title: 'x', FolderId: randomUUID() }))),
      await put(made.Id, { ...replace, as }),
      await put(made.Id, { ...replace, as: await vault.issuer.bearer() }),
      await put(NO_ID, replace),
    ].map(({ status }) => status);
    expect(statuses).toEqual([400, 400, 400, 400, 400, 400, 409, 404, 403, 404, 404]);
    expect(await rows()).toEqual(before);
    expect((await downloaded(made.Id)).toString()).toBe('first');
  });

  test('whose secret is deleted meanwhile is refused, also when another one takes its name', async () => {
    for (const another of [false, true]) {
      const made = await make('first');
      const url = `${vault.url}${API}/secrets/${made.Id}/file`;
      const { request, status } = beginForm('PUT', url, files.as);
      const [, chunks = 0] = await rows();
      const bytes = formBytes([filePart(randomBytes(150_000)), metadataPart({ Title: made.Title })]);
      request.write(bytes.subarray(0, 140_000));
      await eventually('chunks are stored', async () => ((await rows())[1] ?? 0) > chunks);
      await call('DELETE', `/secrets/${made.Id}`);
      const name = `${folder.path}/${made.Title}`;
      if (another) await createShared(vault, name, { data: { mine: 1 } });
      const before = await rows();
      request.end(bytes.subarray(140_000));
      expect(await status).toBe(409);
      expect(await rows()).toEqual(before);
      if (another) expect((await data(name))['data']).toEqual({ mine: 1 });
    }
  });
});

test('a file that awaits its secret is no other secret\u2019s, and is never taken for a whole one', async () => {
  const made = await make('first');
  const insert = (awaits: boolean, secretId: string, description: string | null) =>
    vault.superuser.query(
      `INSERT INTO files (id, secret_id, awaits_secret, key_id, wrapped_key, description, created_at, created_by)
       SELECT gen_random_uuid(), $1, $2, key_id, wrapped_key, $3::bytea, now(), '' FROM files LIMIT 1`,
      [secretId, awaits, description],
    );
  await expect(insert(false, randomUUID(), null)).rejects.toMatchObject({ code: '23503' });
  await expect(insert(true, made.Id, 'x')).rejects.toMatchObject({ code: '23514' });
});
