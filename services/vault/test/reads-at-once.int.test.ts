import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { METADATA, pathOf, SECRETS, startTestVault, uniqueName, type TestVault } from './support.ts';

/** Concurrent look-ups share statements; what each caller gets must not show it. */

let vault: TestVault;

beforeAll(async () => {
  vault = await startTestVault();
});
afterAll(() => vault.stop());

async function create(value: unknown, role = vault.role): Promise<string> {
  const name = uniqueName('shared');
  const body = { name, data: { value }, read_roles: [role] };
  expect((await vault.call('POST', SECRETS, { body })).status).toBe(201);
  return name;
}

const range = (length: number) => Array.from({ length }, (_, index) => index);

test('each gets the secret that it asked for', async () => {
  const names = await Promise.all(range(80).map(value => create(value)));
  const asked = [...names, uniqueName('absent'), ...[...names].reverse()];
  const answers = await Promise.all(asked.map(name => vault.call('GET', pathOf(name))));
  for (const [index, { status, body }] of answers.entries()) {
    const value = names.indexOf(asked[index]!);
    if (value === -1) expect([status, body['error_code']]).toEqual([404, 'OBJECT_NOT_FOUND']);
    else expect([status, body['name'], body['data']]).toEqual([200, asked[index], { value }]);
  }
});

test('each by its own rights, although they ask for one secret', async () => {
  const reader = vault.addRole('reader');
  const name = await create('plum-6034', reader);
  const callers: [bearer: string, read: number, describe: number][] = [
    [await vault.issuer.bearer({ roles: [reader.id] }), 200, 200],
    [await vault.issuer.bearer(), 404, 404],
    [await vault.issuer.bearer({ permissions: ['vault-manage'] }), 403, 200],
  ];
  await Promise.all(
    range(20).flatMap(() =>
      callers.map(async ([as, read, describe]) => {
        const [content, metadata] = await Promise.all([
          vault.call('GET', pathOf(name), { as }),
          vault.call('GET', pathOf(name, METADATA), { as }),
        ]);
        expect([content.status, metadata.status]).toEqual([read, describe]);
        expect(content.text.includes('plum-6034')).toBe(read === 200);
        expect(metadata.text).not.toContain('plum-6034');
      }),
    ),
  );
});

test('one that cannot be opened does not spoil the others', async () => {
  const [good, bad] = [await create('good'), await create('bad')];
  await vault.superuser.query(
    `UPDATE secret_versions SET ciphertext = '' WHERE secret_id = (SELECT id FROM secrets WHERE name = $1)`,
    [bad],
  );
  const statuses = await Promise.all(
    [good, bad, good, bad].map(async name => (await vault.call('GET', pathOf(name))).status),
  );
  expect(statuses).toEqual([200, 500, 200, 500]);
});

test('whoever wrote reads at least that, however many read at the same time', async () => {
  const name = await create(0);
  const valueNow = async () => {
    const { body } = await vault.call('GET', pathOf(name));
    return (body['data'] as { value: number }).value;
  };
  let writing = true;
  const readers = range(8).map(async () => {
    for (let last = 0; writing;) {
      const value = await valueNow();
      expect(value).toBeGreaterThanOrEqual(last);
      last = value;
    }
  });
  for (const value of range(30)) {
    await vault.call('PUT', pathOf(name), { body: { data: { value: value + 1 } } });
    expect(await valueNow()).toBe(value + 1);
  }
  writing = false;
  await Promise.all(readers);
});
