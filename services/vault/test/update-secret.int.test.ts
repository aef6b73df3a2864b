import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { untilBlocked } from '@strongroom/testing/superuser';
import { pathOf, SECRETS, startTestVault, uniqueName, type TestVault } from './support.ts';

let vault: TestVault;
let other: { id: string; name: string };

beforeAll(async () => {
  vault = await startTestVault();
  other = vault.addRole('other');
});
afterAll(() => vault.stop());

async function create(data: unknown = { v: 1 }): Promise<string> {
  const name = uniqueName('secret');
  const lists = { read_roles: [vault.role], write_roles: [vault.role, other] };
  expect((await vault.call('POST', SECRETS, { body: { name, data, ...lists } })).status).toBe(201);
  return name;
}

const put = async (name: string, body: unknown) => (await vault.call('PUT', pathOf(name), { body })).status;
const read = async (name: string) => (await vault.call('GET', pathOf(name))).body;

async function versionsOf(name: string): Promise<number[]> {
  const rows = await vault.superuser.query<{ version: number }>(
    `SELECT v.version FROM secret_versions v JOIN secrets s ON s.id = v.secret_id
     WHERE s.name = $1 ORDER BY v.version`,
    [name],
  );
  return rows.map(row => row.version);
}

describe('what PUT leaves as it is', () => {
  test.each<[string, object, { data: unknown; reads: number; writes: number; versions: number[] }]>([
    ['an empty body', {}, { data: { v: 1 }, reads: 1, writes: 2, versions: [1] }],
    ['data alone', { data: { v: 2 } }, { data: { v: 2 }, reads: 1, writes: 2, versions: [1, 2] }],
    ['empty data', { data: {} }, { data: {}, reads: 1, writes: 2, versions: [1, 2] }],
    ['null data', { data: null }, { data: { v: 1 }, reads: 1, writes: 2, versions: [1] }],
    ['null writers', { write_roles: null }, { data: { v: 1 }, reads: 1, writes: 0, versions: [1] }],
    ['no writers', { write_roles: [] }, { data: { v: 1 }, reads: 1, writes: 0, versions: [1] }],
    [
      'data and null writers',
      { data: { v: 3 }, write_roles: null },
      { data: { v: 3 }, reads: 1, writes: 0, versions: [1, 2] },
    ],
  ])('%s', async (_what, body, expected) => {
    const name = await create();
    expect(await put(name, body)).toBe(200);
    const { data, read_roles, write_roles } = await read(name);
    expect({
      data,
      reads: (read_roles as unknown[]).length,
      writes: (write_roles as unknown[]).length,
      versions: await versionsOf(name),
    }).toEqual(expected);
  });

  test('null readers close the content to everyone', async () => {
    const name = await create();
    expect(await put(name, { read_roles: null })).toBe(200);
    expect((await vault.call('GET', pathOf(name))).status).toBe(403);
  });

  test("Go's body: everything in it, read-only members and the name too", async () => {
    const name = await create();
    const whole = await read(name);
    expect(await put(name, { ...whole, owner_id: '', data: { v: 4 }, created: '0001-01-01T00:00:00Z' })).toBe(
      200,
    );
    const { updated, version, ...rest } = whole;
    expect([updated, version]).toEqual([expect.any(String), 1]);
    expect(await read(name)).toMatchObject({ ...rest, version: 2, data: { v: 4 } });
  });
});

describe('the name in the body of a PUT', () => {
  test('may be the same in any spelling, empty or null', async () => {
    const name = `${await create()}/é`;
    await vault.call('POST', SECRETS, { body: { name } });
    for (const stated of [name, name.normalize('NFD'), '', null]) {
      expect(await put(name, { name: stated })).toBe(200);
    }
  });

  test('may not be another one', async () => {
    const name = await create();
    const answer = await vault.call('PUT', pathOf(name), { body: { name: `${name}x`, data: { v: 2 } } });
    expect([answer.status, answer.body['error_code'], answer.body['property']]).toEqual([
      400,
      'VALUE_INCORRECT_FORMAT',
      'name',
    ]);
    expect((await read(name))['data']).toEqual({ v: 1 });
  });
});

describe('versions', () => {
  test('every write of content is a row, and the newest ten stay', async () => {
    const name = await create({ v: 1 });
    for (let v = 2; v <= 13; v += 1) expect(await put(name, { data: { v } })).toBe(200);
    expect(await versionsOf(name)).toEqual([4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
    expect((await read(name))['data']).toEqual({ v: 13 });
    await vault.call('DELETE', pathOf(name));
    expect(await versionsOf(name)).toEqual([]);
  });

  test('twenty writers at once: each gets a version of its own, and one of them is the last', async () => {
    const name = await create({ writer: 0 });
    const writers = Array.from({ length: 20 }, (_, index) => index + 1);
    const statuses = await Promise.all(writers.map(writer => put(name, { data: { writer } })));
    expect(statuses).toEqual(writers.map(() => 200));
    expect(await versionsOf(name)).toEqual([12, 13, 14, 15, 16, 17, 18, 19, 20, 21]);
    expect(writers).toContain(((await read(name))['data'] as { writer: number }).writer);
  });

  test('twenty creators of one name: one wins, the others hear that it exists', async () => {
    const name = uniqueName('race');
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => vault.call('POST', SECRETS, { body: { name, data: {} } })),
    );
    const statuses = answers.map(answer => answer.status).sort();
    expect(statuses).toEqual([201, ...Array<number>(19).fill(409)]);
    expect(await versionsOf(name)).toEqual([1]);
  });

  test('deleting in the midst of writing: each writer succeeds or finds nothing, and nothing is left', async () => {
    const name = await create();
    const writes = Array.from({ length: 8 }, (_, v) => put(name, { data: { v } }));
    const removal = vault.call('DELETE', pathOf(name));
    for (const status of await Promise.all(writes)) expect([200, 404]).toContain(status);
    expect((await removal).status).toBe(200);
    expect(await versionsOf(name)).toEqual([]);
  });
});

describe('a write that meets another change under way', () => {
  /** Changes the row in a transaction that stays open until `request` waits for it. */
  async function meanwhile<T>(name: string, change: string, values: unknown[], request: () => Promise<T>) {
    let answer: Promise<T> | undefined;
    await vault.superuser.transaction(async tx => {
      await tx.query(change, [name, ...values]);
      answer = request();
      await untilBlocked(vault.superuser);
    });
    return answer!;
  }
  const setRoles =
    'UPDATE secrets SET read_roles = $2, write_roles = $2, revision = revision + 1 WHERE name = $1';

  test('does not bring back roles that were taken off', async () => {
    const name = await create();
    const status = await meanwhile(name, setRoles, [[vault.role.id]], () => put(name, { data: { v: 2 } }));
    expect(status).toBe(200);
    expect(await read(name)).toMatchObject({ data: { v: 2 }, write_roles: [vault.role] });
  });

  test('is refused when the right to write was taken away', async () => {
    const name = await create();
    const as = await vault.issuer.bearer({ roles: [other.id] });
    const answer = await meanwhile(name, setRoles, [[vault.role.id]], () =>
      vault.call('PUT', pathOf(name), { as, body: { data: { v: 'late' } } }),
    );
    expect(answer.status).toBe(404);
    expect((await read(name))['data']).toEqual({ v: 1 });
  });

  test('keeps the other role list when one is changed', async () => {
    const name = await create();
    const change = 'UPDATE secrets SET write_roles = $2, revision = revision + 1 WHERE name = $1';
    const status = await meanwhile(name, change, [[other.id]], () =>
      put(name, { read_roles: [vault.role, other] }),
    );
    expect(status).toBe(200);
    expect(await read(name)).toMatchObject({ read_roles: [vault.role, other], write_roles: [other] });
  });

  test('finds nothing when the secret was deleted, and so does a second delete', async () => {
    for (const method of ['PUT', 'DELETE']) {
      const name = await create();
      const { status } = await meanwhile(name, 'DELETE FROM secrets WHERE name = $1', [], () =>
        vault.call(method, pathOf(name), method === 'PUT' ? { body: { data: {} } } : {}),
      );
      expect([method, status]).toEqual([method, 404]);
    }
  });
});
