import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { caller, itemOf, secretOf } from './secret-server.ts';
import { FOLDERS, startTestVault, uniqueName, type TestVault } from './support.ts';

interface ServedTemplate {
  id: number;
  fields: { secretTemplateFieldId: number; fieldSlugName: string }[];
}

let vault: TestVault;
let call: ReturnType<typeof caller>;
let template: ServedTemplate;
beforeAll(async () => {
  vault = await startTestVault();
  call = caller(vault);
  const { records } = (await call('GET', '/secret-templates?filter.searchText=Key+Rotation')).body as {
    records: { id: number }[];
  };
  template = (await call('GET', `/secret-templates/${String(records[0]?.id)}`))
    .body as unknown as ServedTemplate;
});
afterAll(() => vault.stop());

async function folder(writeRoles: object[]): Promise<number> {
  const roles = { read_roles: [vault.role], write_roles: writeRoles };
  return Number(
    (await vault.call('POST', FOLDERS, { body: { path: uniqueName('keys'), ...roles } })).body['number'],
  );
}

/** As the Go SDK writes it: numbers of fields alone, in Pascal case. */
const item = (slug: string, more: object) => ({
  FieldID: template.fields.find(field => field.fieldSlugName === slug)?.secretTemplateFieldId,
  ItemValue: '',
  ...more,
});
const create = async (more: object, as?: string) =>
  call('POST', '/secrets', {
    ...(as === undefined ? {} : { as }),
    body: {
      Name: uniqueName('ssh'),
      SecretTemplateID: template.id,
      FolderID: await folder([vault.role]),
      SiteID: 1,
      SshKeyArgs: { GenerateSshKeys: true, GeneratePassphrase: true },
      Items: [
        item('public-key', {}),
        item('private-key', { Filename: 'My Private Key.pem' }),
        item('private-key-passphrase', {}),
        item('password', { ItemValue: 'of the account' }),
      ],
      ...more,
    },
  });

describe('a secret with generated SSH keys', () => {
  test('has them as files that are downloaded, as the Go SDK expects, and a passphrase', async () => {
    const answer = await create({});
    expect(answer.status).toBe(200);
    const secret = secretOf(answer);
    const [privateKey, publicKey] = [itemOf(secret, 'private-key'), itemOf(secret, 'public-key')];
    expect([privateKey.filename, publicKey.filename]).toEqual(['My Private Key.pem', publicKey.fieldName]);
    for (const { isFile, fileAttachmentId, slug } of [privateKey, publicKey]) {
      expect([isFile, typeof fileAttachmentId]).toEqual([true, 'number']);
      const url = `${vault.url}/SecretServer/api/v1/secrets/${secret.id}/fields/${slug}`;
      const authorization = await vault.issuer.bearer({ sub: randomUUID(), roles: [vault.role.id] });
      const file = await (await fetch(url, { headers: { authorization } })).text();
      expect(file).toMatch(
        slug === 'public-key' ? /^ssh-rsa \S{100,}/ : /^-----BEGIN OPENSSH PRIVATE KEY-----/,
      );
    }
    expect(itemOf(secret, 'private-key-passphrase').itemValue).toMatch(/^[\w-]{43}$/);
    expect(itemOf(secret, 'password').itemValue).toBe('of the account');
  });

  test('does not take a passphrase that is stated, since the key would not open with it', async () => {
    const args = { SshKeyArgs: { GenerateSshKeys: true } };
    const stated = [item('private-key-passphrase', { ItemValue: 'mine' })];
    expect((await create({ ...args, Items: stated })).status).toBe(400);
    expect((await create(args)).status).toBe(200);
  });

  test('is for those who may make it and write its files', async () => {
    const bearer = (...permissions: string[]) =>
      vault.issuer.bearer({ sub: randomUUID(), roles: [vault.role.id], permissions });
    expect((await create({}, await bearer())).status).toBe(404);
    const adder = await bearer('vault-add');
    expect((await create({}, adder)).status).toBe(200);
    expect((await create({ FolderID: await folder([]) }, adder)).status).toBe(400);
  });
});
