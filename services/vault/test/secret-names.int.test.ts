import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MAX_NAME_LENGTH, parseSecretName } from '../src/domain/secret-name.ts';
import { METADATA, pathOf, SECRETS, startTestVault, uniqueName, type TestVault } from './support.ts';

let vault: TestVault;

beforeAll(async () => {
  vault = await startTestVault();
});
afterAll(() => vault.stop());

async function create(name: string): Promise<void> {
  const body = { name, data: { name }, read_roles: [{ id: vault.role.id }] };
  expect((await vault.call('POST', SECRETS, { body })).status).toBe(201);
}

/** As Ansible writes a name: each segment encoded, slashes raw (contract 0.1). */
const rawPathOf = (name: string) => `${SECRETS}/${name.split('/').map(encodeURIComponent).join('/')}`;

describe('a name in a path', () => {
  test('may have its slashes encoded, raw or mixed, on every method', async () => {
    const unique = uniqueName('deep');
    const name = `${unique}/b c/d%2Fe`;
    await create(name);
    const paths = [pathOf(name), rawPathOf(name), `${SECRETS}/${unique}%2fb%20c/d%252Fe`];
    for (const path of paths) {
      expect((await vault.call('GET', path)).body['name']).toBe(name);
      expect((await vault.call('PUT', path, { body: { data: { path } } })).status).toBe(200);
      expect((await vault.call('GET', path.replace(SECRETS, METADATA))).body['name']).toBe(name);
    }
    // Decoded once: the encoded percent sign is a percent sign, and what it precedes stays as it is.
    expect((await vault.call('GET', `${SECRETS}/${unique}/b%20c/d/e`)).status).toBe(404);
    expect((await vault.call('DELETE', rawPathOf(name))).status).toBe(200);
    expect((await vault.call('GET', pathOf(name))).status).toBe(404);
  });

  test('means the same secret in either Unicode spelling', async () => {
    const name = uniqueName('Zoë/Ångström');
    await create(name.normalize('NFD'));
    for (const spelling of ['NFC', 'NFD'] as const) {
      const { status, body } = await vault.call('GET', pathOf(name.normalize(spelling)));
      expect([status, body['name']]).toEqual([200, name.normalize('NFC')]);
    }
    const again = await vault.call('POST', SECRETS, { body: { name: name.normalize('NFC') } });
    expect([again.status, again.body['error_code']]).toEqual([409, 'VALUE_DUPLICATE']);
  });

  test('is compared with case, and a plus sign is a plus sign', async () => {
    const name = uniqueName('Case+plus');
    await create(name);
    expect((await vault.call('GET', `${SECRETS}/${name}`)).status).toBe(200);
    expect((await vault.call('GET', pathOf(name.toLowerCase()))).status).toBe(404);
    expect((await vault.call('GET', pathOf(name.replace('+', ' ')))).status).toBe(404);
  });

  test('may be as long as the limit in characters that are long on the wire', async () => {
    const name = uniqueName('').padEnd(MAX_NAME_LENGTH, '漢');
    await create(name);
    expect((await vault.call('GET', pathOf(name))).body['name']).toBe(name);
  });
});

const BAD_NAMES = [
  '.',
  '..',
  'a/../b',
  'a/./b',
  'a//b',
  '/a',
  'a/',
  ' a',
  'a ',
  'a\0b',
  'a\u0007b',
  'a\nb',
  'a\u2028b',
  'a'.repeat(MAX_NAME_LENGTH + 1),
  'a'.repeat(3_000),
  'x/'.repeat(40) + 'x',
];

describe('a name that is no name is refused, wherever it stands', () => {
  test.each(BAD_NAMES)('%j', async name => {
    const answers = await Promise.all([
      vault.call('POST', SECRETS, { body: { name } }),
      vault.call('GET', pathOf(name)),
      vault.call('PUT', pathOf(name), { body: {} }),
      vault.call('DELETE', pathOf(name)),
      vault.call('GET', pathOf(name, METADATA)),
    ]);
    for (const { status, body } of answers) {
      expect([status, body['property']]).toEqual([400, 'name']);
      expect(body['error_code']).toMatch(/^VALUE_(OUT_OF_BOUNDS|INCORRECT_FORMAT)$/);
    }
  });

  test('the empty one and half a character in JSON', async () => {
    for (const name of ['""', '"\\ud800"', '"a\\udfffb"']) {
      const { status, body } = await vault.call('POST', SECRETS, { body: `{"name":${name}}` });
      expect([status, body['property']]).toEqual([400, 'name']);
    }
  });

  test.each([
    ['dots that a resolver would follow', `${SECRETS}/a/../b`],
    ['dots behind an encoded slash', `${SECRETS}/a%2F..%2Fb`],
    ['encoded dots', `${SECRETS}/a/%2e%2e/b`],
    ['an empty segment', `${SECRETS}//a`],
    ['a slash at the end', `${SECRETS}/a/`],
    ['an encoded slash alone', `${SECRETS}/%2F`],
    ['NUL', `${SECRETS}/a%00b`],
    ['half a character in UTF-8', `${SECRETS}/%ED%A0%80`],
    ['broken UTF-8', `${SECRETS}/%C3%28`],
    ['a broken escape', `${SECRETS}/a%zz`],
  ])('raw in the path: %s', async (_what, path) => {
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const { status, body } = await vault.call(method, path, method === 'PUT' ? { body: {} } : {});
      expect([status, typeof body['error_code']]).toEqual([400, 'string']);
    }
  });

  test('a path without a name is the list, and cannot be changed', async () => {
    expect((await vault.call('GET', `${SECRETS}/`)).body).toHaveProperty('items');
    expect((await vault.call('DELETE', `${SECRETS}/`)).status).toBe(404);
    expect((await vault.call('PUT', `${SECRETS}/`, { body: {} })).status).toBe(404);
  });
});

test('every name that is accepted leads back to its secret', async () => {
  const piece = fc.string({
    unit: fc.oneof(
      {
        weight: 3,
        arbitrary: fc.constantFrom('a', '/', ' ', '%', '.', '+', '?', '#', '&', ';', '\\', '"', 'é'),
      },
      { weight: 1, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }) },
    ),
    minLength: 1,
    maxLength: 40,
  });
  const names = piece.filter(text => {
    try {
      return parseSecretName(text) !== '';
    } catch {
      return false;
    }
  });
  await fc.assert(
    fc.asyncProperty(names, async text => {
      // A prefix of its own per run, since shrinking tries names again.
      const name = `${uniqueName('p')}/${text}`;
      await create(name);
      for (const path of [pathOf(name), rawPathOf(name)]) {
        const { status, body } = await vault.call('GET', path);
        expect([status, body['name']]).toEqual([200, parseSecretName(name)]);
        expect(body['data']).toEqual({ name });
      }
    }),
    { numRuns: 60 },
  );
});
