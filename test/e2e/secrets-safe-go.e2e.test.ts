import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { goLibrary, VERSIONS, type GoLibrary, type SecretInput, type Version } from './go-library.ts';
import { eventually, runPlatform, type RunningPlatform } from './support.ts';

/**
 * BeyondTrust's Go library for Password Safe, function by function, against the platform: in brackets, which of its own
 * tests say what it expects. What its tests expect of the library alone (that it refuses a wrong UUID, an empty title or an
 * unknown version before it asks anybody) is nothing of ours.
 */

interface Program {
  readonly id: string;
  readonly secret: string;
  readonly name: string;
  readonly role: string;
}

let running: RunningPlatform;
let manager: Program;
/** May add and read, and neither rename nor delete. */
let adder: Program;
let folderId: string;
const folder = `folder ${randomUUID()}`;

beforeAll(async () => {
  running = await runPlatform();
  manager = await makeProgram('vault-add', 'vault-manage');
  adder = await makeProgram('vault-add');
  const roles = [{ id: manager.role }, { id: adder.role }];
  const body = { path: folder, read_roles: roles, write_roles: roles };
  folderId = String((await call('POST', '/vault/api/v1/folders', body))['id']);
});
afterAll(() => running.stop());

async function call(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
  const answer = await running.client.call(method, path, body === undefined ? {} : { body });
  expect([method, path, answer.status < 300]).toEqual([method, path, true]);
  return answer.body ?? {};
}

/** An API client with a role of its own. */
async function makeProgram(...permissions: string[]): Promise<Program> {
  const name = `go ${randomUUID()}`;
  const { id: role } = await call('POST', '/role-store/api/v1/roles', { name, permissions });
  const clients = '/local-user-store/api/v1/api-clients';
  const { id } = await call('POST', clients, { name, roles: [{ id: role }] });
  const { secret } = await call('GET', `${clients}/${String(id)}`);
  return { id: String(id), secret: String(secret), name, role: String(role) };
}

/** `GetPasswordSafeAuthentication`. */
async function signedIn(version: Version, program = manager, options = {}): Promise<GoLibrary> {
  const library = goLibrary(running.client, version, options);
  const { access_token: token } = await library.getTokenDetails(program.id, program.secret);
  await library.signAppin({ token: String(token) });
  return library;
}

const KINDS: readonly (readonly [string, SecretInput['content'], string])[] = [
  ['credential', { Username: 'ann', Password: 'p"ä$&/\\' }, 'p"ä$&/\\'],
  ['text', { Text: 'line one\nline two ✓' }, 'line one\nline two ✓'],
  ['file', { FileName: 'textfile.txt', FileContent: 'a\r\n--b ✓' }, 'a\r\n--b ✓'],
];
const inputOf = (content: SecretInput['content']): SecretInput => ({
  Title: `T ${randomUUID()}`,
  Description: 'd',
  Notes: 'n',
  urls: ['https://host.example/?a=b'],
  content,
});
const cases = VERSIONS.flatMap(version => KINDS.map(kind => [version, ...kind] as const));

describe('authentication', () => {
  test('GetTokenDetails (TestGetToken, TestGetTokenDetails): id and secret are of the lengths that it checks', async () => {
    expect([manager.id.length, manager.secret.length]).toEqual([36, expect.any(Number)]);
    expect(manager.secret.length).toBeGreaterThanOrEqual(36);
    expect(manager.secret.length).toBeLessThanOrEqual(64);
    const token = await goLibrary(running.client, '3.1').getTokenDetails(manager.id, manager.secret);
    expect(token).toEqual({
      access_token: expect.stringMatching(/./),
      expires_in: expect.any(Number),
      token_type: 'Bearer',
      scope: 'publicapi',
    });
    expect(token['expires_in']).toBeGreaterThan(0);
  });

  test('GetTokenDetails (TestGetTokenDetails_ErrorResponse): a wrong secret is an answer and no reason to ask again', async () => {
    const wrong = goLibrary(running.client, '3.1').getTokenDetails(manager.id, 'x'.repeat(43));
    await expect(wrong).rejects.toThrow('error - status code: 401 - {"error":');
  });

  test('SignAppin (TestSignAppin): answers who it is, by a number that may be an owner, and fills the jar', async () => {
    const library = goLibrary(running.client, '3.1');
    const { access_token: token } = await library.getTokenDetails(manager.id, manager.secret);
    const user = await library.signAppin({ token: String(token) });
    expect(user).toEqual({
      UserId: expect.any(Number),
      EmailAddress: '',
      UserName: manager.name,
      Name: manager.name,
    });
    expect(user.UserId).toBeGreaterThanOrEqual(1);
    expect(library.cookie()).toBeDefined();
  });

  test('SignAppin (TestSignAppinWithApiKey): key and account in one, within the length that it checks', async () => {
    const { key } = await call('POST', '/auth/api/v1/api-keys', { name: 'go', subject_id: manager.id });
    const apiKey = `${String(key)};runas=${manager.name};`;
    expect(apiKey.length).toBeGreaterThanOrEqual(128);
    expect(apiKey.length).toBeLessThanOrEqual(263);
    const library = goLibrary(running.client, '3.1');
    expect(await library.signAppin({ apiKey })).toMatchObject({ UserName: manager.name });
    expect(await library.getFoldersListFlow()).not.toEqual([]);
  });

  test('SignAppin: with nothing, or another key, is refused for good', async () => {
    const library = goLibrary(running.client, '3.1');
    await expect(library.signAppin(undefined)).rejects.toThrow('error - status code: 401 - {"error":');
    const apiKey = `${'0'.repeat(128)};runas=${manager.name};`;
    await expect(library.signAppin({ apiKey })).rejects.toThrow('error - status code: 401 - {"error":');
    expect(library.cookie()).toBeUndefined();
  });

  test('SignOut (TestSignOut): the session is over, also for who kept the cookie', async () => {
    const library = await signedIn('3.1');
    const token = String(library.cookie()).split('=')[1] ?? '';
    await library.signOut();
    expect(library.cookie()).toBeUndefined();
    await expect(library.getFoldersListFlow()).rejects.toThrow('error - status code: 401 - {"error":');
    const other = goLibrary(running.client, '3.1');
    const refused = await eventually(
      () => other.signAppin({ token }).catch(String),
      value => typeof value === 'string',
    );
    expect(refused).toContain('status code: 401');
  });
});

describe('CreateSecretFlow', () => {
  test.each(cases)(
    'version %s: a %s (TestSecretCreate…SecretFlow, TestCreateSecretFlowWithNeutralInputs), read back by GetSecret',
    async (version, _kind, content, value) => {
      const library = await signedIn(version);
      const input = inputOf(content);
      expect(await library.createSecretFlow(folder, input)).toEqual({
        Id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        Title: input.Title,
        Description: 'd',
        FolderId: folderId,
        SecretValueModifiedOn: version === '3.2' ? expect.stringMatching(/^\d{4}-.*Z$/) : '',
      });
      expect(await library.getSecret(`${folder}/${input.Title}`, '/')).toBe(value);
    },
  );

  test.each(cases)(
    'version %s: a %s whose title the folder has is an error (TestSecretCreateFileSecretFlowError)',
    async (version, _kind, content) => {
      const library = await signedIn(version);
      const input = inputOf(content);
      await library.createSecretFlow(folder, input);
      const again = library.createSecretFlow(folder, input);
      await expect(again).rejects.toThrow('error - status code: 409 - {"error":');
    },
  );

  test('the largest file that it sends, whose metadata repeats it', async () => {
    const library = await signedIn('3.1');
    const FileContent = 'line "n"\n'.repeat(555_555);
    const input = inputOf({ FileName: 'large.txt', FileContent });
    await library.createSecretFlow(folder, input);
    expect((await library.getSecret(`${folder}/${input.Title}`, '/')) === FileContent).toBe(true);
  });

  test.each(VERSIONS)('version %s: a password by PasswordRuleID', async version => {
    const policies = '/secrets-manager/api/v1/password-policy';
    const shape = { password_min_length: 20, password_max_length: 20, use_numbers: true };
    const { id } = await call('POST', policies, { name: `digits ${randomUUID()}`, ...shape });
    const { number } = await call('GET', `${policies}/${String(id)}`);
    const library = await signedIn(version);
    const input = inputOf({ Username: 'ann', PasswordRuleID: Number(number) });
    await library.createSecretFlow(folder, input);
    expect(await library.getSecret(`${folder}/${input.Title}`, '/')).toMatch(/^\d{20}$/);
  });

  test('looks for the folder among all, safes too (TestSecretCreateSecretFlowFolderNotFound)', async () => {
    const library = await signedIn('3.1');
    const nowhere = library.createSecretFlow('folder_name', inputOf({ Text: 't' }));
    await expect(nowhere).rejects.toThrow('folder folder_name was not found in folder list');
  });

  test('an empty list of folders is an error of its own (TestSecretCreateSecretFlowEmptyFolderList)', async () => {
    const stranger = await signedIn('3.1', await makeProgram('vault-add'));
    await expect(stranger.createSecretFlow(folder, inputOf({ Text: 't' }))).rejects.toThrow('empty List');
  });
});

describe('CreateFolderFlow', () => {
  test.each(VERSIONS)('version %s: a folder in a folder (TestSecretFolderFlow)', async version => {
    const library = await signedIn(version);
    const Name = `inner ${randomUUID()}`;
    const made = await library.createFolderFlow(folder, { Name, Description: 'd', UserGroupId: 1 });
    expect(made).toMatchObject({ Id: expect.any(String), Name, ParentId: folderId });
    expect(await library.getFoldersListFlow()).toContainEqual(
      expect.objectContaining({ Id: made['Id'], Name }),
    );
  });

  test.each(VERSIONS)(
    'version %s: a safe (TestSecretSafeFlow), which is among the folders',
    async version => {
      const library = await signedIn(version);
      const Name = `safe ${randomUUID()}`;
      const made = await library.createFolderFlow('', { Name, Description: 'd', FolderType: 'SAFE' });
      expect(made).toMatchObject({ Name });
      for (const list of [await library.getSafesListFlow(), await library.getFoldersListFlow()]) {
        expect(list).toContainEqual(expect.objectContaining({ Id: made['Id'], Name }));
      }
    },
  );

  test.each(VERSIONS)('version %s: safe, folder and secret in one go, as Terraform does', async version => {
    const library = await signedIn(version);
    const [safe, inner] = [`safe ${randomUUID()}`, `inner ${randomUUID()}`];
    await library.createFolderFlow('', { Name: safe, FolderType: 'SAFE' });
    await library.createFolderFlow(safe, { Name: inner });
    const input = inputOf({ Username: 'ann', Password: 'in one go' });
    await library.createSecretFlow(inner, input);
    expect(await library.getSecret(`${safe}/${inner}/${input.Title}`, '/')).toBe('in one go');
    const other = (await signedIn(version, adder)).getSecret(`${safe}/${inner}/${input.Title}`, '/');
    await expect(other).rejects.toThrow('Secret was not found');
  });

  test('a name that cannot be is an error (TestSecretFolderFlowBadParentFolder)', async () => {
    const library = await signedIn('3.1');
    const bad = library.createFolderFlow(folder, { Name: 'a/b' });
    await expect(bad).rejects.toThrow('error - status code: 400 - {"error":');
  });
});

describe('GetSecretFlow', () => {
  test.each(VERSIONS)(
    'version %s: by any separator (TestSecretFlow, …WithV32WrappedResponse), in folders of any depth',
    async version => {
      const library = await signedIn(version);
      const path = `${folder}/${randomUUID()}/Sub dir`;
      await call('POST', '/vault/api/v1/secrets', { name: `${path}/T 1`, data: { user: 'u', pass: 'deep' } });
      for (const separator of ['/', '\\', '|', '+', '%', '&']) {
        const key = [...path.split('/'), 'T 1'].join(separator);
        expect([separator, await library.getSecret(key, separator)]).toEqual([separator, 'deep']);
      }
    },
  );

  test.each(VERSIONS)('version %s: what is not there (TestSecretFlow_SecretNotFound)', async version => {
    const library = await signedIn(version);
    for (const key of [`${folder}/none`, 'nowhere/none', 'alone']) {
      await expect(library.getSecret(key, '/')).rejects.toThrow('Secret was not found');
    }
  });

  test.each(VERSIONS)(
    'version %s: without values (TestSecretGetSecretByPathWithDecryptFalse)',
    async version => {
      const input = inputOf({ Username: 'ann', Password: 'canary' });
      await (await signedIn(version)).createSecretFlow(folder, input);
      const library = await signedIn(version, manager, { decrypt: false });
      expect(await library.getSecret(`${folder}/${input.Title}`, '/')).toBe('');
    },
  );

  test.each(VERSIONS)('version %s: a file comes byte for byte (TestSecretGetFileSecret)', async version => {
    const name = `${folder}/${randomUUID()}`;
    await call('POST', '/vault/api/v1/secrets', { name, schema: 'file', data: {} });
    const text = `fake_password\r\n\0 ✓ ${'x'.repeat(100_000)}`;
    const { status } = await running.client.call(
      'PUT',
      `/vault/api/v1/files/secrets/${encodeURIComponent(name)}?filename=f.txt`,
      { body: text, headers: { 'content-type': 'application/octet-stream' } },
    );
    expect(status).toBe(200);
    expect(await (await signedIn(version)).getSecret(name, '/')).toBe(text);
  });
});

test('SearchSecretByTitleFlow (TestSearchSecretByTitleFlow, …SecretNotFound)', async () => {
  const library = await signedIn('3.2');
  const input = inputOf({ Username: 'ann', Password: 'by title' });
  const { Id } = await library.createSecretFlow(folder, input);
  expect(await library.searchSecretByTitleFlow(input.Title)).toEqual({
    Id,
    Title: input.Title,
    Password: 'by title',
    SecretType: 'Credential',
  });
  await expect(library.searchSecretByTitleFlow(`${input.Title} `)).rejects.toThrow('secret was not found');
});

describe('DeleteSecretById, DeleteFolderById, DeleteSafeById', () => {
  const make = async (library: GoLibrary) => {
    const { Id: secrets } = await library.createSecretFlow(folder, inputOf({ Text: 't' }));
    const { Id: folders } = await library.createFolderFlow(folder, { Name: randomUUID() });
    const { Id: safes } = await library.createFolderFlow('', { Name: randomUUID(), FolderType: 'SAFE' });
    return { secrets, folders, safes };
  };

  test('what is there goes (TestDelete…ById), what is not is an error (…NotFound)', async () => {
    const library = await signedIn('3.1');
    const made = await make(library);
    for (const kind of ['secrets', 'folders', 'safes'] as const) {
      await library.deleteById(kind, made[kind]);
      const again = library.deleteById(kind, made[kind]);
      await expect(again).rejects.toThrow('error - status code: 404 - {"error":');
    }
  });

  test('who may not is told so (…Forbidden)', async () => {
    const made = await make(await signedIn('3.1'));
    const library = await signedIn('3.1', adder);
    for (const kind of ['secrets', 'folders'] as const) {
      const forbidden = library.deleteById(kind, made[kind]);
      await expect(forbidden).rejects.toThrow('error - status code: 403 - {"error":');
    }
  });
});
