import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { caller } from './secret-server.ts';
import { pathOf, SCHEMAS, SECRETS, startTestVault, uniqueName, type TestVault } from './support.ts';

interface ServedField {
  secretTemplateFieldId: number;
  fieldSlugName: string;
  displayName: string;
  isFile: boolean;
  isNotes: boolean;
  isPassword: boolean;
  isRequired: boolean;
  isUrl: boolean;
  listType: string;
  editRequires: string;
}

interface ServedTemplate {
  id: number;
  name: string;
  fields: ServedField[];
}

/** The members that classes of PowerShell's module know (contract 1.5, 6). */
const FIELD_MEMBERS = `description displayName editRequires editablePermission fieldSlugName
  generatePasswordCharacterSet generatePasswordLength hideOnView historyLength isExpirationField isFile isIndexable
  isList isNotes isPassword isRequired isUrl listType mustEncrypt name passwordRequirementId passwordTypeFieldId
  secretTemplateFieldId sortOrder`.split(/\s+/);
const SUMMARY_MEMBERS = 'active heartbeatEnabled id name passwordTypeId passwordTypeReady secretCount'.split(
  ' ',
);

let vault: TestVault;
let call: ReturnType<typeof caller>;
beforeAll(async () => {
  vault = await startTestVault();
  call = caller(vault);
});
afterAll(() => vault.stop());

const search = async (query: string) =>
  (await call('GET', `/secret-templates?${query}`)).body as unknown as {
    records: { id: number; name: string }[];
    total: number;
  };

async function template(name: string): Promise<ServedTemplate> {
  const { records } = await search(`filter.searchText=${encodeURIComponent(name)}&take=100`);
  const id = records.find(record => record.name === name)?.id;
  return (await call('GET', `/secret-templates/${String(id)}`)).body as unknown as ServedTemplate;
}

describe('templates', () => {
  test.each([
    ['Password', ['resource', 'username', 'password', 'notes']],
    ['Web Password', ['url', 'username', 'password', 'notes']],
    ['Windows Account', ['machine', 'username', 'password', 'notes']],
    [
      'Unix Account (SSH)',
      ['machine', 'username', 'password', 'notes', 'private-key', 'private-key-passphrase'],
    ],
    [
      'Unix Account (SSH Key Rotation)',
      ['machine', 'username', 'password', 'notes', 'private-key', 'private-key-passphrase', 'public-key'],
    ],
  ])('%s is there with the fields that clients assume', async (name, slugs) => {
    const { fields } = await template(name);
    expect(fields.map(field => field.fieldSlugName)).toEqual(slugs);
    const marked = (mark: 'isFile' | 'isNotes' | 'isPassword' | 'isUrl') =>
      fields.filter(field => field[mark]).map(field => field.fieldSlugName);
    expect(marked('isFile')).toEqual(slugs.filter(slug => slug.endsWith('-key')));
    expect(marked('isNotes')).toEqual(['notes']);
    expect(marked('isPassword')).toEqual(slugs.filter(slug => /password|passphrase/.test(slug)));
    expect(marked('isUrl')).toEqual(slugs.filter(slug => slug === 'url'));
  });

  test('have exactly the members that clients know, and no number twice', async () => {
    const found = (await call('GET', '/secret-templates?take=100')).body as {
      records: { id: number }[];
      total: number;
    };
    expect(found.total).toBe(found.records.length);
    const numbers: number[] = [];
    for (const record of found.records) {
      expect(Object.keys(record).sort()).toEqual(SUMMARY_MEMBERS);
      for (const version of ['v1', 'v2']) {
        const { body } = await vault.call(
          'GET',
          `/SecretServer/api/${version}/secret-templates/${record.id}`,
        );
        expect(Object.keys(body).sort()).toEqual(['fields', 'id', 'name', 'passwordTypeId']);
        for (const field of (body as unknown as ServedTemplate).fields) {
          expect(Object.keys(field).sort()).toEqual(FIELD_MEMBERS);
          expect([field.listType, field.editRequires]).toEqual(['None', 'Edit']);
          if (version === 'v1') numbers.push(field.secretTemplateFieldId);
        }
      }
    }
    expect(new Set(numbers).size).toBe(numbers.length);
    expect((await call('GET', '/secret-templates-list')).body).toEqual(found.records);
  });

  test('are schemas: one that is made is a template, its required fields too', async () => {
    const name = uniqueName('own').slice(0, 30);
    const properties = [
      { name: 'pin', title: 'Pin', masked: true, required: true },
      { name: 'scan', type: 'file' },
    ];
    const { body } = await vault.call('POST', SCHEMAS, { body: { name, title: name, properties } });
    const own = await template(name);
    expect(own.id).toBe(body['number']);
    expect(own.fields).toMatchObject([
      { fieldSlugName: 'pin', displayName: 'Pin', isPassword: true, isRequired: true, isFile: false },
      { fieldSlugName: 'scan', isPassword: false, isRequired: false, isFile: true },
    ]);
  });

  test('are found by a part of their name, page by page', async () => {
    const all = await search('filter.searchText=pASSWord&take=100');
    expect(all.records.map(({ name }) => name)).toEqual(['Password', 'Web Password']);
    expect(await search('filter.searchText=password&skip=1&take=1')).toMatchObject({
      total: 2,
      records: [{ name: 'Web Password' }],
    });
  });

  test('that are not there are the one answer for that', async () => {
    for (const path of ['/secret-templates/2000000000', '/secret-templates/0']) {
      const { status, body } = await call('GET', path);
      expect([status, body['errorCode']]).toEqual([404, 'API_AccessDenied']);
    }
  });
});

describe('a generated password', () => {
  const generate = (fieldId: number) => call('POST', `/secret-templates/generate-password/${fieldId}`);

  test('is made for every password field, and for no other, as the Go SDK tries', async () => {
    for (const name of ['Password', 'Unix Account (SSH Key Rotation)', 'SSH key']) {
      for (const field of (await template(name)).fields) {
        const { status, text, body } = await generate(field.secretTemplateFieldId);
        expect([field.fieldSlugName, status]).toEqual([field.fieldSlugName, field.isPassword ? 200 : 400]);
        if (!field.isPassword) expect(typeof body['message']).toBe('string');
        // Clients cut off the quotes and take the rest as it is.
        else expect(text).toMatch(/^"[\w.-]{24}"$/);
      }
    }
  });

  test('is another one each time, on the record, and nowhere else', async () => {
    const { fields } = await template('Password');
    const id = fields.find(field => field.isPassword)?.secretTemplateFieldId ?? 0;
    const made = [(await generate(id)).text, (await generate(id)).text];
    expect(made[0]).not.toBe(made[1]);
    const trail = await vault.trail();
    const records = trail.filter(record => record.name === 'Field-password-generated');
    expect(records.at(-1)?.message).toMatchObject({ schema: 'password' });
    for (const password of made) expect(JSON.stringify(trail)).not.toContain(password.slice(1, -1));
  });

  test.each([0, 255, 2 ** 31 - 1])('is not made for the field %i, which is none', async id => {
    expect((await generate(id)).status).toBeGreaterThanOrEqual(400);
  });
});

describe('a password for a field of a secret, as PowerShell asks for it', () => {
  const PAGES = '/SecretServer/internals/secret-detail';

  test('is made for password fields alone, and validated there', async () => {
    const name = uniqueName('shell');
    const body = { name, schema: 'password', data: {}, read_roles: [vault.role] };
    await vault.call('POST', SECRETS, { body });
    const id = String((await vault.call('GET', pathOf(name))).body['number']);
    for (const method of ['GET', 'POST']) {
      const { status, text } = await vault.call(method, `${PAGES}/${id}/generate-password/Password`);
      expect([status, text]).toEqual([200, expect.stringMatching(/^"[\w.-]{24}"$/)]);
    }
    const validate = (slug: string, Password: string) =>
      vault.call('POST', `${PAGES}/${id}/validate-password/${slug}`, { body: { Password } });
    expect((await validate('password', 'x')).body).toEqual({ isValid: true });
    expect((await validate('password', '')).body).toEqual({ isValid: false });
    for (const slug of ['notes', 'none']) {
      expect((await validate(slug, 'x')).status).toBe(400);
      expect((await vault.call('GET', `${PAGES}/${id}/generate-password/${slug}`)).status).toBe(400);
    }
    const as = await vault.issuer.bearer({ sub: randomUUID() });
    const { status, body: answer } = await vault.call('GET', `${PAGES}/${id}/generate-password/password`, {
      as,
    });
    expect([status, answer['errorCode']]).toEqual([404, 'API_AccessDenied']);
  });
});
