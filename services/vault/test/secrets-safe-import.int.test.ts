import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { filePart, form, formBytes, metadataPart, type Part } from './forms.ts';
import { caller, createFolder, secretsOf } from './secrets-safe.ts';
import { FOLDERS, pathOf, startTestVault, uniqueName, type TestVault } from './support.ts';

let vault: TestVault;
let call: ReturnType<typeof caller>;
let folder: { id: string; path: string };
beforeAll(async () => {
  vault = await startTestVault();
  call = caller(vault);
});
beforeEach(async () => {
  folder = await createFolder(vault, uniqueName('safe'));
});
afterAll(() => vault.stop());

const csvPart = (text: string): Part => [
  'Content-Disposition: form-data; name="form-data"; filename="secrets.csv"\r\nContent-Type: text/csv',
  text,
];
const upload = (text: string, as?: string) =>
  call('POST', `/folders/${folder.id}/upload`, {
    ...form(csvPart(text)),
    ...(as === undefined ? {} : { as }),
  });
const data = async (title: string) => (await vault.call('GET', pathOf(`${folder.path}/${title}`))).body;
const count = async () => secretsOf(await call('GET', `/folders/${folder.id}/secrets`)).length;

test('makes what it can of a file, and says what is wrong with the rest', async () => {
  const answer = await upload(`url,username,password,totp,extra,name,grouping,fav,description,notes,type
https://a/,root,"plum ""1"", 2",,x,one,g,0,d,n,
,,"plum
3",,,two,,,,,
,root,,,,no password,,,,,
,root,plum,,,,,,,,
,root,plum,,,a/b,,,,,
,root,plum,,,one,,,,,
,root,plum,,,${'x'.repeat(257)},,,,,
,root,plum,,,text with a user,,,,,text
,root,plum,,,short
,root,plum,,,three,,,,,Credential
`);
  expect([answer.status, answer.body]).toEqual([
    201,
    {
      totalNumber: 10,
      errors: [5, 6, 7, 8, 9, 10, 11].map(lineNumber => ({ lineNumber, error: expect.any(String) })),
      successfulImport: 3,
    },
  ]);
  expect(answer.text).not.toMatch(/plum|root|xxx/);
  expect(await data('one')).toMatchObject({
    schema: 'credentials',
    data: { user: 'root', pass: 'plum "1", 2', comment: 'n', description: 'd', urls: ['https://a/'] },
  });
  expect(await data('two')).toMatchObject({ schema: 'text', data: { text: 'plum\n3' } });
  expect(await count()).toBe(3);
  const made = (await vault.trail()).filter(({ name, message }) => {
    return name === 'Secret-created' && message['secret']?.startsWith(`${folder.path}/`) === true;
  });
  expect(made.map(({ message }) => message['secret'])).toEqual(
    ['one', 'two', 'three'].map(title => `${folder.path}/${title}`),
  );
});

test('sent again, it makes nothing twice', async () => {
  const text = 'name,url,username,password\na,,u,p\nb,,u,p\n';
  expect((await upload(text)).body).toMatchObject({ successfulImport: 2, errors: [] });
  expect((await upload(text)).body).toMatchObject({
    totalNumber: 2,
    successfulImport: 0,
    errors: [{ lineNumber: 2 }, { lineNumber: 3 }],
  });
  expect(await count()).toBe(2);
});

test('what is wrong with all of it makes nothing', async () => {
  const good = csvPart('name,url,username,password\na,,u,p\n');
  const headers = form(good).headers;
  const post = (body: Buffer | string, more: Record<string, string> = headers) =>
    call('POST', `/folders/${folder.id}/upload`, { body, headers: more });
  const answers = [
    await post(formBytes([good], '')),
    await post(formBytes([good, good])),
    await post(formBytes([metadataPart({})])),
    await post(formBytes([filePart(Buffer.from([0xff, 0xfe]))])),
    await post(formBytes([csvPart('name,username\na,u\n')])),
    await post(formBytes([csvPart('name,url,username,password\na,,u,p\nb,,u,"p')])),
    await post(formBytes([csvPart(`name,url,username,password\n${'a,,u,p\n'.repeat(1_001)}`)])),
    await post(formBytes([csvPart(`name,url,username,password\n${'a'.repeat(2 ** 21)},,u,p\n`)])),
    await post('name,url,username,password\na,,u,p\n', { 'content-type': 'text/csv' }),
  ];
  for (const { status, body } of answers) {
    expect([status, body]).toEqual([400, { error: expect.any(String) }]);
  }
  expect(await count()).toBe(0);
});

test('needs what making any secret needs', async () => {
  const role = vault.addRole(uniqueName('reader'));
  await vault.call('PUT', `${FOLDERS}/${folder.id}`, { body: { read_roles: [vault.role, role] } });
  const text = 'name,url,username,password\na,,u,p\n';
  const bearer = (roles: string[], ...permissions: string[]) => vault.issuer.bearer({ roles, permissions });
  const statuses = [
    await upload(text, await bearer([vault.role.id])),
    await upload(text, await bearer([role.id], 'vault-add')),
    await upload(text, await bearer([], 'vault-add')),
    await call('POST', '/folders/00000000-0000-0000-0000-000000000000/upload', form(csvPart(text))),
    await upload(text, await bearer([vault.role.id], 'vault-add')),
  ].map(({ status }) => status);
  expect(statuses).toEqual([403, 403, 404, 404, 201]);
  expect(await count()).toBe(1);
});
