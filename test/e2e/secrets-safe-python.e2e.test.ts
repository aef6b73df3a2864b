import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { roleHandle, runPlatform, type RunningPlatform } from './support.ts';

/**
 * What BeyondTrust's Python library sends (and ps-cli and the GitHub action by it), and the one status that it takes for each:
 * with any other it signs out and gives up. It sends the header that it signed in with on every call, beside its cookies,
 * and reads members by their very names.
 */

const BASE = '/BeyondTrust/api/public/v3';
let running: RunningPlatform;
let authorization: string;
let cookie: string;
let folder: { id: string; name: string };

beforeAll(async () => {
  running = await runPlatform();
  const { client } = running;
  const admin = await roleHandle(client, 'privx-admin');
  const clients = '/local-user-store/api/v1/api-clients';
  const made = await client.call('POST', clients, { body: { name: 'python', roles: [admin] } });
  const subject = String(made.body?.['id']);
  const key = await client.call('POST', '/auth/api/v1/api-keys', {
    body: { name: 'k', subject_id: subject },
  });
  authorization = `PS-Auth key=${String(key.body?.['key'])};runas=python;`;
  const signedIn = await client.call('POST', `${BASE}/Auth/SignAppIn`, {
    token: null,
    headers: { authorization },
  });
  expect(signedIn.status).toBe(200);
  [cookie = ''] = String(signedIn.headers['set-cookie']).split(';');
});
afterAll(() => running.stop());

/** A call with the one status that is right; its body. */
async function send(
  method: string,
  path: string,
  status: number,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<unknown> {
  const options = { token: null, headers: { authorization, cookie, ...headers } };
  const answer = await running.client.call(
    method,
    `${BASE}${path}`,
    body === undefined ? options : { ...options, body },
  );
  expect([method, path, answer.status]).toEqual([method, path, status]);
  return answer.body ?? answer.text;
}

const OWNERS = [{ UserId: 1, GroupId: null, Name: 'python', Email: '' }];
const common = (Title: string) => ({ Title, Description: 'd', Notes: 'n', Urls: null, Owners: OWNERS });

/** As `requests` writes `files=`: the metadata by its type, the file by its name. */
function form(metadata: unknown, content: string): [string, Record<string, string>] {
  const boundary = 'c0ffee6f1b4f4f0a9d3b7e2a5c8d1f60';
  const parts = [
    `Content-Disposition: form-data; name="secretmetadata"\r\nContent-Type: application/json\r\n\r\n${JSON.stringify(metadata)}`,
    `Content-Disposition: form-data; name="files"; filename="notes.txt"\r\n\r\n${content}`,
  ];
  const body = `${parts.map(part => `--${boundary}\r\n${part}\r\n`).join('')}--${boundary}--\r\n`;
  return [body, { 'content-type': `multipart/form-data; boundary=${boundary}` }];
}

type Secret = Record<'Id' | 'Title' | 'Password' | 'SecretType' | 'FolderPath', string>;
const found = async (title: string): Promise<Secret[]> =>
  (await send(
    'GET',
    `/secrets-safe/secrets?path=${folder.name}&separator=%2F&decrypt=true&version=3.1&title=${title}`,
    200,
  )) as Secret[];

test('safes and folders: made, read, renamed', async () => {
  const safe = (await send('POST', '/secrets-safe/safes', 201, {
    Name: `safe-${randomUUID()}`,
    Description: 'd',
  })) as { Id: string; Name: string };
  folder = { id: safe.Id, name: safe.Name };
  expect(await send('GET', `/secrets-safe/safes/${safe.Id}`, 200)).toEqual(safe);
  const body = { Name: 'inner', Description: 'd', ParentId: safe.Id, UserGroupId: null };
  const inner = (await send('POST', '/secrets-safe/folders/', 201, body)) as { Id: string };
  expect(await send('GET', `/secrets-safe/folders/?folderName=inner&rootOnly=False`, 200)).toContainEqual(
    inner,
  );
  const Name = `renamed-${randomUUID()}`;
  await send('PUT', `/secrets-safe/safes/${safe.Id}`, 204, { Name, Description: 'd' });
  folder = { ...folder, name: Name };
  const taken = (await send('POST', '/secrets-safe/safes', 201, { Name: randomUUID() })) as { Id: string };
  await send('PUT', `/secrets-safe/safes/${taken.Id}`, 409, { Name, Description: null });
  await send('DELETE', `/secrets-safe/safes/${taken.Id}`, 204);
  await send('DELETE', `/secrets-safe/folders/${inner.Id}`, 204);
});

test.each([
  [
    'credential',
    'Credential',
    '',
    { Username: 'ann', Password: 'one' },
    { Username: 'ann', Password: 'two' },
  ],
  ['text', 'Text', 'text', { Text: 'one' }, { Text: 'two' }],
])(
  'a %s: create_secret, get_secret, update_secret, delete_secret_by_id',
  async (_kind, type, path, one, two) => {
    const at = `/secrets-safe/folders/${folder.id}/secrets${path === '' ? '' : `/${path}`}?version=3.1`;
    const title = randomUUID();
    const made = (await send('POST', at, 201, { ...common(title), ...one, FolderId: folder.id })) as Secret;
    expect(await found(title)).toMatchObject([
      { Id: made.Id, SecretType: type, Password: 'one', FolderPath: folder.name },
    ]);
    // update_credential ends in a slash.
    const put = `/secrets-safe/secrets/${made.Id}/${path}`;
    expect(await send('PUT', put, 200, { ...common(title), ...two })).toMatchObject({
      Id: made.Id,
      Title: title,
    });
    expect(await found(title)).toMatchObject([{ Password: 'two' }]);
    expect(await send('GET', `/secrets-safe/secrets/${made.Id}`, 200)).toMatchObject({ Password: 'two' });
    await send('DELETE', `/secrets-safe/secrets/${made.Id}`, 200);
    await send('GET', `/secrets-safe/secrets/${made.Id}`, 404);
  },
);

test('a file: create_secret, get_secret, update_secret, delete_secret_by_id', async () => {
  const title = randomUUID();
  const at = `/secrets-safe/folders/${folder.id}/secrets/file?version=3.1`;
  const made = (await send(
    'POST',
    at,
    201,
    ...form({ ...common(title), FileName: 'notes.txt' }, 'one'),
  )) as Secret;
  const [{ Id, SecretType } = { Id: '', SecretType: '' }] = await found(title);
  expect([Id, SecretType]).toEqual([made.Id, 'File']);
  const download = () => send('GET', `/secrets-safe/secrets/${Id}/file/download`, 200);
  expect(await download()).toBe('one');
  const metadata = { ...common(title), FileName: 'notes.txt', FolderId: folder.id };
  await send('PUT', `/secrets-safe/secrets/${Id}/file`, 204, ...form(metadata, 'two'));
  expect(await download()).toBe('two');
  await send('DELETE', `/secrets-safe/secrets/${Id}`, 200);
});

test('lists: list_secrets, list_secrets_by_folder_id, get_all_secrets_by_folder_path', async () => {
  const titles = ['a', 'b'];
  for (const title of titles) {
    const body = { ...common(title), Username: 'ann', Password: title };
    await send('POST', `/secrets-safe/folders/${folder.id}/secrets?version=3.0`, 201, body);
  }
  for (const query of [
    `path=${folder.name}&separator=%2F`,
    `folderId=${folder.id}`,
    `path=${folder.name}&afterdate=2020-01-01T00%3A00%3A00Z&limit=2&offset=0`,
  ]) {
    const secrets = (await send('GET', `/secrets-safe/secrets?${query}`, 200)) as Secret[];
    expect(secrets.map(({ FolderPath, Title, Password }) => [`${FolderPath}/${Title}`, Password])).toEqual(
      titles.map(title => [`${folder.name}/${title}`, title]),
    );
  }
  expect(await found('none')).toEqual([]);
});

test('sign_app_out ends it, and the key alone opens nothing', async () => {
  await send('POST', '/Auth/Signout', 200);
  await send('GET', '/secrets-safe/folders/', 401, undefined, { cookie: '' });
});
