import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import { pathOf, startTestVault, uniqueName, type TestVault } from './support.ts';
import {
  API,
  caller,
  fileForm,
  fixtureOf,
  itemOf,
  SECRET_MEMBERS,
  secretOf,
  type Fixture,
  type ServedSecret,
} from './secret-server.ts';

let vault: TestVault;
let call: ReturnType<typeof caller>;
let fixture: Fixture;
let as: string;
beforeAll(async () => {
  vault = await startTestVault();
  call = caller(vault);
  fixture = await fixtureOf(vault);
  as = await vault.issuer.bearer({ permissions: ['vault-add', 'vault-manage'], roles: [vault.role.id] });
});
afterAll(() => vault.stop());

const PLACEHOLDER = '*** Not Valid For Display ***';

async function create(template = 'credentials', values: Record<string, string> = {}): Promise<ServedSecret> {
  const { id, field } = fixture.template(template);
  const answer = await call('POST', '/secrets', {
    body: {
      name: uniqueName('made'),
      secretTemplateId: id,
      folderId: fixture.folder.number,
      siteId: 1,
      items: Object.entries(values).map(([slug, itemValue]) => ({ fieldId: field(slug), itemValue })),
    },
  });
  expect(answer.status).toBe(200);
  return secretOf(answer);
}

const read = async (id: number): Promise<ServedSecret> => secretOf(await call('GET', `/secrets/${id}`));
const put = (secret: ServedSecret, more: Record<string, unknown> = {}) =>
  call('PUT', `/secrets/${secret.id}`, { body: { ...secret, ...more } });
const nameOf = (secret: ServedSecret): string => `${fixture.folder.path}/${secret.name}`;
const versionOf = async (secret: ServedSecret): Promise<unknown> =>
  (await vault.call('GET', pathOf(nameOf(secret)))).body['version'];

/** Bytes of a field, as they come. */
async function download(
  id: number,
  slug: string,
): Promise<{ status: number; type: string | null; bytes: Buffer }> {
  const answer = await fetch(`${vault.url}${API}/secrets/${id}/fields/${slug}`, {
    headers: { authorization: as },
  });
  return {
    status: answer.status,
    type: answer.headers.get('content-type'),
    bytes: Buffer.from(await answer.arrayBuffer()),
  };
}

describe("as Go's SDK does it", () => {
  /** All members in Pascal case, and zeros for what is not set. */
  const goSecret = (template: string, values: Record<string, string>, more: Record<string, unknown> = {}) => {
    const { id, field } = fixture.template(template);
    return {
      Name: uniqueName('from Go'),
      FolderID: fixture.folder.number,
      ID: 0,
      SiteID: 1,
      SecretTemplateID: id,
      LauncherConnectAsSecretID: 0,
      CheckOutIntervalMinutes: 0,
      Active: false,
      CheckedOut: false,
      CheckOutEnabled: false,
      EnableInheritPermissions: false,
      RequiresComment: false,
      Items: Object.entries(values).map(([slug, ItemValue]) => ({
        ItemID: 0,
        FieldID: field(slug),
        FileAttachmentID: 0,
        FieldName: '',
        Slug: '',
        FieldDescription: '',
        Filename: '',
        ItemValue,
        IsFile: false,
        IsNotes: false,
        IsPassword: false,
      })),
      ...more,
    };
  };

  test('a secret is made, read, changed and deleted', async () => {
    const sent = goSecret('credentials', { user: 'TestUser', pass: 'secret', comment: 'delete after use' });
    const made = await call('POST', '/secrets', { body: sent });
    expect(made.status).toBe(200);
    const secret = secretOf(made);
    expect(Object.keys(secret).sort()).toEqual([...SECRET_MEMBERS].sort());
    expect(secret).toMatchObject({
      name: sent.Name,
      folderId: fixture.folder.number,
      secretTemplateId: sent.SecretTemplateID,
      siteId: 1,
      active: true,
    });
    expect(itemOf(await read(secret.id), 'pass').itemValue).toBe('secret');

    const [, pass] = sent.Items;
    if (pass !== undefined) pass.ItemValue = 'updated';
    const changed = await call('PUT', `/secrets/${secret.id}`, { body: { ...sent, ID: secret.id } });
    expect(changed.status).toBe(200);
    expect(itemOf(secretOf(changed), 'pass').itemValue).toBe('updated');
    expect(itemOf(await read(secret.id), 'user').itemValue).toBe('TestUser');

    const deleted = await call('DELETE', `/secrets/${secret.id}`);
    expect([deleted.status, deleted.body]).toEqual([
      200,
      { id: secret.id, objectType: 'Secret', responseCodes: [] },
    ]);
    expect((await call('GET', `/secrets/${secret.id}`)).status).toBe(404);
    // The next run of the same test makes it again.
    expect((await call('POST', '/secrets', { body: sent })).status).toBe(200);
  });

  test('files are sent after the secret, read, and removed by a change of the field', async () => {
    const secret = secretOf(await call('POST', '/secrets', { body: goSecret('file', { comment: 'c' }) }));
    expect(itemOf(secret, 'file')).toMatchObject({
      isFile: true,
      itemValue: '',
      fileAttachmentId: null,
      filename: null,
    });
    const content = randomBytes(200_000);
    const { body, headers } = fileForm('key.pem', content);
    const sent = await call('PUT', `/secrets/${secret.id}/fields/file`, { body, headers });
    expect([sent.status, sent.text]).toEqual([200, '"true"']);

    const withFile = await read(secret.id);
    expect(itemOf(withFile, 'file')).toMatchObject({ itemValue: PLACEHOLDER, filename: 'key.pem' });
    expect(itemOf(withFile, 'file').fileAttachmentId).toBeGreaterThan(0);
    const file = await download(secret.id, 'file');
    expect([file.status, file.type]).toEqual([200, 'application/octet-stream']);
    expect(file.bytes.equals(content)).toBe(true);

    // An update sends no file items, and must not lose the file by it.
    const updated = await call('PUT', `/secrets/${secret.id}`, {
      body: { ...goSecret('file', { comment: 'd' }), ID: secret.id, Name: secret.name },
    });
    expect(itemOf(secretOf(updated), 'file').filename).toBe('key.pem');

    const patch = { Data: { SecretFields: [{ Slug: 'file', Dirty: true, Value: null }] } };
    for (const round of ['with a file', 'without one']) {
      const answer = await call('PATCH', `/secrets/${secret.id}/general`, { body: patch });
      expect([round, answer.status, answer.body['id']]).toEqual([round, 200, secret.id]);
      expect(itemOf(await read(secret.id), 'file')).toMatchObject({ itemValue: '', fileAttachmentId: null });
    }
  });
});

describe('one secret in two dialects', () => {
  test('made here, it is read and changed by its path; made there, by its number', async () => {
    const secret = await create('credentials', { user: 'sa', pass: 'first' });
    const there = await vault.call('GET', pathOf(nameOf(secret)));
    expect(there.body).toMatchObject({
      number: secret.id,
      schema: 'credentials',
      data: { user: 'sa', pass: 'first' },
    });
    await vault.call('PUT', pathOf(nameOf(secret)), {
      body: { data: { user: 'sa', pass: 'second', more: 'm' } },
    });
    const here = await read(secret.id);
    expect([itemOf(here, 'pass').itemValue, itemOf(here, 'more').itemValue]).toEqual(['second', 'm']);
    expect((await call('GET', `/secrets/${secret.id}/fields/more`)).text).toBe('"m"');
  });
});

describe('putting back what was read', () => {
  test('changes nothing but what was changed, whatever the content is', async () => {
    const json = fc.jsonValue({ maxDepth: 2 }).filter(value => !JSON.stringify(value).includes('__proto__'));
    const data = fc.dictionary(
      fc.string({ minLength: 1, maxLength: 8 }).filter(name => name !== '__proto__' && name.isWellFormed()),
      fc.oneof(fc.string(), json),
      { maxKeys: 6, noNullPrototype: true },
    );
    await fc.assert(
      fc.asyncProperty(data, fc.string({ minLength: 1 }), fc.nat(), async (content, text, pick) => {
        const name = `${fixture.folder.path}/${uniqueName('any')}`;
        const made = await vault.call('POST', '/vault/api/v1/secrets', { body: { name, data: content } });
        fc.pre(made.status === 201);
        const before = (await vault.call('GET', pathOf(name))).body;
        const secret = await read(Number(before['number']));
        expect((await put(secret)).status).toBe(200);
        expect((await vault.call('GET', pathOf(name))).body).toEqual(before);

        const items = secret.items.filter(({ isFile }) => !isFile);
        const chosen = items[pick % Math.max(items.length, 1)];
        if (
          chosen === undefined ||
          typeof (before['data'] as Record<string, unknown>)[chosen.slug] !== 'string'
        )
          return;
        const changed = secret.items.map(item => (item === chosen ? { ...item, itemValue: text } : item));
        expect((await put(secret, { items: changed })).status).toBe(200);
        expect((await vault.call('GET', pathOf(name))).body['data']).toEqual({
          ...(before['data'] as object),
          [chosen.slug]: text,
        });
      }),
      { numRuns: 25 },
    );
  });

  test('keeps files, also those put under a name of their own', async () => {
    const secret = await create('file', { comment: 'c' });
    await call('PUT', `/secrets/${secret.id}/fields/file`, fileForm('a.txt', 'content'));
    const before = await versionOf(secret);
    const withFile = await read(secret.id);
    const answer = await put(withFile, { name: `${secret.name} renamed` });
    expect([answer.status, secretOf(answer).name]).toEqual([200, `${secret.name} renamed`]);
    expect(await versionOf(secretOf(answer))).toBe(before);
    expect((await download(secret.id, 'file')).bytes.toString()).toBe('content');
  });

  test('renames and moves together with the change of content, or does neither', async () => {
    const secret = await create('credentials', { user: 'a', pass: 'b' });
    const taken = await create('credentials', { user: 'x', pass: 'y' });
    const items = secret.items.map(item => (item.slug === 'pass' ? { ...item, itemValue: 'c' } : item));
    const clash = await put(secret, { items, name: taken.name });
    expect([clash.status, clash.body['errorCode']]).toEqual([400, 'API_ValueDuplicate']);
    expect(itemOf(await read(secret.id), 'pass').itemValue).toBe('b');

    const other = await vault.call('POST', '/vault/api/v1/folders', {
      body: { path: uniqueName('other'), read_roles: [vault.role] },
    });
    const moved = await put(secret, { items, name: 'new name', folderId: Number(other.body['number']) });
    expect(secretOf(moved)).toMatchObject({
      id: secret.id,
      name: 'new name',
      folderId: other.body['number'],
    });
    const there = await vault.call('GET', pathOf(`${String(other.body['path'])}/new name`));
    expect(there.body['data']).toMatchObject({ user: 'a', pass: 'c' });
  });

  test('a secret that follows a schema cannot lose what it requires', async () => {
    const secret = await create('text', { text: 't' });
    const items = secret.items.map(item => ({
      ...item,
      itemValue: item.slug === 'text' ? null : item.itemValue,
    }));
    const answer = await put(secret, { items });
    expect([answer.status, answer.body['errorCode']]).toEqual([400, 'API_RequiredValueMissing']);
  });
});

describe('one field', () => {
  test('is read as a JSON string by its slug or its title, in any case', async () => {
    const secret = await create('credentials', { user: 'sa', pass: 'a"b\\c' });
    for (const slug of ['pass', 'PASS', 'Password']) {
      const { status, text, headers } = await call('GET', `/secrets/${secret.id}/fields/${slug}`);
      expect([status, text]).toEqual([200, '"a\\"b\\\\c"']);
      expect(headers['content-type']).toMatch(/^application\/json/);
    }
    const path = encodeURIComponent(`\\${nameOf(secret).replaceAll('/', '\\')}`);
    expect((await call('GET', `/secrets/0/fields/user?secretPath=${path}`)).text).toBe('"sa"');
    const unknown = await call('GET', `/secrets/${secret.id}/fields/canary`);
    expect([unknown.status, unknown.text.includes('canary')]).toEqual([400, false]);
  });

  test('is written and cleared by a value', async () => {
    const secret = await create('credentials', { user: 'sa', pass: 'p' });
    const field = (value: unknown) =>
      call('PUT', `/secrets/${secret.id}/fields/pass`, { body: { Value: value } });
    expect((await field('q')).text).toBe('"q"');
    expect(itemOf(await read(secret.id), 'pass').itemValue).toBe('q');
    expect((await field('')).text).toBe('""');
    expect(itemOf(await read(secret.id), 'pass').itemValue).toBe('');
  });

  test.each([
    ['a list of bytes, as PowerShell sends it', [...Buffer.from('héllo')]],
    ['base64', Buffer.from('héllo').toString('base64')],
  ])('takes a file as %s', async (_what, fileAttachment) => {
    const secret = await create('file', { comment: 'c' });
    const answer = await call('PUT', `/secrets/${secret.id}/fields/file`, {
      body: { fileName: 'a.txt', fileAttachment },
    });
    expect(answer.status).toBe(200);
    expect((await download(secret.id, 'file')).bytes.toString()).toBe('héllo');
  });

  test.each([
    ['a file for a text', 'pass', fileForm('a.txt', 'x')],
    ['a text for a file', 'file', { body: { value: 'canary' } }],
    [
      'no file in the form',
      'file',
      { body: '--b\r\n\r\nx\r\n--b--', headers: { 'content-type': 'multipart/form-data; boundary=b' } },
    ],
    ['an empty file', 'file', fileForm('a.txt', '')],
    ['a path for a name', 'file', fileForm('../canary', 'x')],
    ['neither value nor file', 'file', { body: {} }],
    ['bytes that are none', 'file', { body: { fileAttachment: [1, 256] } }],
    ['a field that is not there', 'canary', { body: { value: 'x' } }],
  ])('is refused with %s', async (_what, slug, sent) => {
    const secret =
      slug === 'pass' ? await create('credentials', { pass: 'p' }) : await create('file', { comment: 'c' });
    const answer = await call('PUT', `/secrets/${secret.id}/fields/${slug}`, sent);
    expect(answer.status).toBe(400);
    expect(answer.text).not.toContain('canary');
    expect(await read(secret.id)).toEqual(secret);
  });

  test('a file may be as large as anywhere, and no larger', async () => {
    const secret = await create('file', { comment: 'c' });
    const field = `/secrets/${secret.id}/fields/file`;
    expect((await call('PUT', field, fileForm('a.bin', Buffer.alloc(5 * 2 ** 20, 1)))).status).toBe(200);
    expect((await call('PUT', field, fileForm('a.bin', Buffer.alloc(5 * 2 ** 20 + 1, 2)))).status).toBe(400);
    expect((await download(secret.id, 'file')).bytes[0]).toBe(1);
  });
});

test('writers of several fields at once each get a version, and none undoes another', async () => {
  const secret = await create('database', { host: 'h', user: 'u', pass: 'p' });
  const values = { host: 'h2', port: '5432', database: 'd', user: 'u2', pass: 'p2', comment: 'c' };
  const answers = await Promise.all(
    Object.entries(values).map(([slug, value]) =>
      call('PUT', `/secrets/${secret.id}/fields/${slug}`, { body: { value } }),
    ),
  );
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
  const items = (await read(secret.id)).items.map(({ slug, itemValue }) => [slug, itemValue]);
  expect(Object.fromEntries(items)).toEqual(values);
  expect(await versionOf(secret)).toBe(7);
});

test('of two who take one name at once, one is refused and has changed nothing', async () => {
  const both = [await create('credentials', { pass: 'p' }), await create('credentials', { pass: 'p' })];
  const name = uniqueName('taken');
  const answers = await Promise.all(
    both.map(secret =>
      put(secret, {
        name,
        items: secret.items.map(item => (item.slug === 'pass' ? { ...item, itemValue: 'q' } : item)),
      }),
    ),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 400]);
  for (const [index, secret] of both.entries()) {
    const won = answers[index]?.status === 200;
    const now = await read(secret.id);
    expect([now.name, itemOf(now, 'pass').itemValue]).toEqual(won ? [name, 'q'] : [secret.name, 'p']);
  }
});

describe('deleting', () => {
  test.each(['undelete', 'activate'])('is taken back by %s', async word => {
    const secret = await create('credentials', { pass: 'p' });
    await call('DELETE', `/secrets/${secret.id}`);
    const hidden = await call('GET', `/secrets/${secret.id}?includeInactive=true`);
    expect(secretOf(hidden)).toMatchObject({ id: secret.id, active: false });
    expect(hidden.text).not.toContain('"p"');
    const back = await call('PUT', `/secrets/${secret.id}/${word}`);
    expect([back.status, back.body['id']]).toEqual([200, secret.id]);
    expect(itemOf(await read(secret.id), 'pass').itemValue).toBe('p');
  });

  test('and the rest of what is general changes only where it is dirty', async () => {
    const secret = await create('credentials', { pass: 'p' });
    const patch = (data: object, version = 'v1') =>
      vault.call('PATCH', `${API.replace('v1', version)}/secrets/${secret.id}/general`, { body: { data } });
    await patch({ name: { dirty: false, value: 'not this' }, active: { dirty: false, value: false } });
    expect((await read(secret.id)).name).toBe(secret.name);
    const renamed = await patch({ name: { dirty: true, value: 'this one' } }, 'v2');
    expect(renamed.body).toMatchObject({ id: secret.id, name: 'this one', active: true });
    const gone = await patch({ active: { dirty: true, value: false } });
    expect(gone.body).toMatchObject({ active: { value: false } });
    expect((await call('GET', `/secrets/${secret.id}`)).status).toBe(404);
    const again = await patch({
      active: { dirty: true, value: true },
      secretFields: [{ slug: 'pass', dirty: true, value: 'q' }],
    });
    expect(again.status).toBe(200);
    expect(itemOf(await read(secret.id), 'pass').itemValue).toBe('q');
    for (const data of [
      { template: { dirty: true, value: 1 } },
      { heartbeatEnabled: { dirty: true, value: true } },
      { secretPolicy: { dirty: true, value: 3 } },
      { generateSshKeys: true },
    ]) {
      expect([data, (await patch(data)).status]).toEqual([data, 400]);
    }
  });
});

describe('what is refused', () => {
  test('a secret nobody could read, of no template, of a name that is a path, or with what is not done here', async () => {
    const { id: secretTemplateId, field } = fixture.template('credentials');
    const unread = await vault.call('POST', '/vault/api/v1/folders', {
      body: { path: uniqueName('unread') },
    });
    const body = {
      name: uniqueName('x'),
      secretTemplateId,
      folderId: fixture.folder.number,
      items: [] as unknown[],
    };
    for (const wrong of [
      { folderId: -1 },
      { folderId: null },
      { folderId: Number(unread.body['number']) },
      { secretTemplateId: 1_000 },
      { name: 'a/b' },
      { name: 'a\\b' },
      { name: '' },
      { items: [{ fieldId: 9, itemValue: 'canary' }] },
      { items: [{ itemValue: 'canary' }] },
      { items: undefined },
      { requiresComment: true },
      { checkOutEnabled: 'True' },
      { secretPolicyId: 4 },
      { siteId: 2 },
      { sshKeyArgs: { GenerateSshKeys: true } },
    ]) {
      const { status, text } = await call('POST', '/secrets', { body: { ...body, ...wrong } });
      expect([wrong, status]).toEqual([wrong, 400]);
      expect(text).not.toContain('canary');
    }
    expect((await call('POST', '/secrets', { body: { ...body, folderId: 100_000 } })).status).toBe(404);
    const named = [
      { slug: 'PASS', itemValue: 'a' },
      { fieldName: 'user name', itemValue: 'b' },
    ];
    const made = await call('POST', '/secrets', {
      body: { ...body, siteId: 0, items: [...named, { fieldId: field('comment'), itemValue: null }] },
    });
    expect(secretOf(made).items.map(({ itemValue }) => itemValue)).toEqual(['b', 'a', '']);
  });

  test('whoever may read only, or write only, changes nothing, and learns no more than a stranger', async () => {
    const secret = await create('credentials', { pass: 'canary' });
    const reader = vault.addRole('reader');
    const name = nameOf(secret);
    await vault.call('PUT', pathOf(name), {
      body: { read_roles: [vault.role, reader], write_roles: [vault.role] },
    });
    const readOnly = await vault.issuer.bearer({ roles: [reader.id] });
    const writeOnly = await vault.issuer.bearer({ permissions: ['vault-manage'] });
    const stranger = await vault.issuer.bearer();
    const body = { ...secret, items: [{ slug: 'pass', itemValue: 'x' }] };
    for (const who of [readOnly, writeOnly, stranger]) {
      expect((await call('PUT', `/secrets/${secret.id}`, { as: who, body })).status).toBe(404);
    }
    for (const who of [readOnly, stranger]) {
      expect((await call('DELETE', `/secrets/${secret.id}`, { as: who })).status).toBe(404);
      const field = { as: who, body: { value: 'x' } };
      expect((await call('PUT', `/secrets/${secret.id}/fields/pass`, field)).status).toBe(404);
    }
    expect(itemOf(await read(secret.id), 'pass').itemValue).toBe('canary');
  });

  test('another id than that of the path', async () => {
    const secret = await create('credentials', { pass: 'p' });
    expect((await put(secret, { id: secret.id + 1, name: 'other' })).status).toBe(400);
  });
});

test('comments and tickets are on the record of the access', async () => {
  const secret = await create('credentials', { pass: 'p' });
  const restricted = await call('POST', `/secrets/${secret.id}/restricted`, {
    body: { comment: 'because of 42', ticketNumber: 'T-1' },
  });
  expect(itemOf(secretOf(restricted), 'pass').itemValue).toBe('p');
  const field = await call('POST', `/secrets/${secret.id}/restricted/fields/pass`, {
    body: { Comment: 'again' },
  });
  expect(field.text).toBe('"p"');
  await call('GET', `/secrets/${secret.id}?autoComment=by+machine`);
  const reads = (await vault.trail()).filter(({ code }) => code === AUDIT_EVENTS.secretRead.code);
  expect(reads.map(({ message }) => message['comment']).filter(text => text !== undefined)).toEqual([
    'because of 42',
    'again',
    'by machine',
  ]);
  expect(reads.some(({ message }) => message['ticketNumber'] === 'T-1')).toBe(true);
});

test('a stub has the fields of its template, and no values', async () => {
  const { id } = fixture.template('credentials');
  const stub = secretOf(
    await call('GET', `/secrets/stub?secretTemplateId=${id}&folderId=${fixture.folder.number}`),
  );
  expect(stub).toMatchObject({ id: 0, folderId: fixture.folder.number, secretTemplateId: id });
  expect(stub.items.map(({ slug, itemId, itemValue }) => [slug, itemId, itemValue])).toEqual([
    ['user', null, null],
    ['pass', null, null],
    ['comment', null, null],
  ]);
  const made = await call('POST', '/secrets', { body: { ...stub, name: uniqueName('stubbed') } });
  expect(made.status).toBe(200);
});
