import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pathOf, SEARCH, SECRETS, startTestVault, uniqueName, type TestVault } from './support.ts';

let vault: TestVault;

beforeAll(async () => {
  vault = await startTestVault();
});
afterAll(() => vault.stop());

/** Every row of every table as text; bytes appear as hexadecimal digits. */
async function dump(): Promise<string> {
  const tables = await vault.superuser.query<{ name: string }>(
    `SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
     WHERE table_schema NOT IN ('pg_catalog', 'information_schema')`,
  );
  expect(tables.map(table => table.name)).toContain('vault.secret_versions');
  const rows = await Promise.all(
    tables.map(({ name }) => vault.superuser.query<{ row: string }>(`SELECT t::text AS row FROM ${name} t`)),
  );
  return rows
    .flat()
    .map(({ row }) => row)
    .join('\n');
}

/** How a text might lie about: plain, and encoded at any offset. */
function formsOf(marker: string): string[] {
  const base64 = [0, 1, 2].map(shift => {
    const encoded = Buffer.from('x'.repeat(shift) + marker).toString('base64');
    // The characters at both ends also hold bits of the neighbours.
    return encoded.slice(shift === 0 ? 0 : 4, -4);
  });
  const forms = [marker, ...base64, ...base64.map(text => text.replaceAll('+', '-').replaceAll('/', '_'))];
  return [...forms, ...forms.map(form => Buffer.from(form).toString('hex'))];
}

test('the search finds a marker in each form, so that it can fail', async () => {
  const marker = `canary-${randomBytes(12).toString('hex')}`;
  const base64 = Buffer.from(`?${marker}?`).toString('base64');
  for (const value of [marker, base64, Buffer.from(marker).toString('hex')]) {
    expect(formsOf(marker).some(form => value.includes(form))).toBe(true);
  }
  await vault.superuser.query('CREATE TABLE vault.leak AS SELECT $1::bytea AS bytes', [Buffer.from(marker)]);
  const text = await dump();
  expect(formsOf(marker).some(form => text.includes(form))).toBe(true);
  await vault.superuser.query('DROP TABLE vault.leak');
});

test('written values are in no table, on no bus and in no error', async () => {
  const marker = `canary-${randomBytes(12).toString('hex')}`;
  const name = uniqueName('canary');
  const data = { [`${marker}-member`]: 1, value: `${marker}-value`, nested: [{ deep: `${marker}-deep` }] };
  const answers = [
    await vault.call('POST', SECRETS, { body: { name, data, read_roles: [vault.role] } }),
    await vault.call('PUT', pathOf(name), { body: { data: { ...data, again: marker } } }),
    // Refusals of all kinds, with the value where it belongs and where it does not.
    await vault.call('POST', SECRETS, { body: { name, data } }),
    await vault.call('POST', SECRETS, { body: { name: `..`, data } }),
    await vault.call('POST', SECRETS, {
      body: { name: uniqueName('x'), data: marker, read_roles: [marker] },
    }),
    await vault.call('POST', SECRETS, { body: { name: { marker }, data, [marker]: marker } }),
    await vault.call('POST', SECRETS, { body: `{"name":"x","data":{"v":"${marker}` }),
    await vault.call('PUT', pathOf(name), { body: { data, read_roles: [{ id: marker }] } }),
    await vault.call('PUT', pathOf(uniqueName('absent')), { body: { data } }),
    await vault.call('PUT', pathOf(name), { as: await vault.issuer.bearer(), body: { data } }),
    await vault.call('POST', SEARCH, { body: { filter: marker, owner_id: [{ marker }] } }),
    await vault.call('GET', SECRETS),
  ];
  expect(answers.map(answer => answer.status)).toEqual([
    201, 200, 409, 400, 400, 400, 400, 400, 404, 404, 400, 200,
  ]);
  expect((await vault.call('GET', pathOf(name))).text).toContain(marker);

  await vault.trail();
  const places = {
    tables: await dump(),
    bus: JSON.stringify(vault.events),
    answers: JSON.stringify(answers),
  };
  for (const [place, text] of Object.entries(places)) {
    expect([place, formsOf(marker).filter(form => text.includes(form))]).toEqual([place, []]);
  }
  expect(places.tables).toContain(name);
  expect(places.bus).toContain(name);
});

describe('a stored value that was tampered with does not open', () => {
  const PARTS = 'key_id, wrapped_key, ciphertext';

  async function create(...contents: string[]): Promise<string> {
    const name = uniqueName('sealed');
    const [first, ...rest] = contents.map(v => ({ data: { v } }));
    await vault.call('POST', SECRETS, { body: { name, ...first, read_roles: [vault.role] } });
    for (const body of rest) await vault.call('PUT', pathOf(name), { body });
    return name;
  }

  async function expectClosed(name: string): Promise<void> {
    const { status, body } = await vault.call('GET', pathOf(name));
    expect([status, body]).toEqual([
      500,
      {
        error_code: 'DECRYPTION_FAILED',
        error_message: 'A stored value could not be opened',
        request_id: expect.any(String),
      },
    ]);
  }

  test('because it was copied from another secret', async () => {
    const [mine, other] = [await create('mine'), await create('other')];
    await vault.superuser.query(
      `UPDATE secret_versions SET (${PARTS}) = (
         SELECT ${PARTS} FROM secret_versions JOIN secrets ON id = secret_id WHERE name = $1)
       WHERE secret_id = (SELECT id FROM secrets WHERE name = $2)`,
      [other, mine],
    );
    await expectClosed(mine);
    expect((await vault.call('GET', pathOf(other))).status).toBe(200);
  });

  test('because it was copied from an older version', async () => {
    const name = await create('old', 'new');
    await vault.superuser.query(
      `UPDATE secret_versions v SET (${PARTS}) = (
         SELECT ${PARTS} FROM secret_versions o WHERE o.secret_id = v.secret_id AND o.version = 1)
       WHERE version = 2 AND secret_id = (SELECT id FROM secrets WHERE name = $1)`,
      [name],
    );
    await expectClosed(name);
  });

  test.each([
    [
      'one bit of its ciphertext was turned',
      'ciphertext = set_byte(ciphertext, 20, get_byte(ciphertext, 20) # 1)',
    ],
    ['its tag was cut off', 'ciphertext = substr(ciphertext, 1, length(ciphertext) - 16)'],
    ['it is empty', `ciphertext = ''`],
    ['its key was turned', 'wrapped_key = set_byte(wrapped_key, 20, get_byte(wrapped_key, 20) # 1)'],
    ['it names another key', 'key_id = 99'],
  ])('because %s', async (_what, change) => {
    const name = await create('content');
    await vault.superuser.transaction(async tx => {
      // Past the trigger that refuses other keys than the active one.
      await tx.query(`SELECT set_config('session_replication_role', 'replica', true)`);
      await tx.query(
        `UPDATE secret_versions SET ${change} WHERE secret_id = (SELECT id FROM secrets WHERE name = $1)`,
        [name],
      );
    });
    await expectClosed(name);
    // It can be written anew.
    expect((await vault.call('PUT', pathOf(name), { body: { data: { v: 'new' } } })).status).toBe(200);
    expect((await vault.call('GET', pathOf(name))).body['data']).toEqual({ v: 'new' });
  });
});
