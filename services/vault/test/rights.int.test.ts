import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { METADATA, pathOf, SEARCH, SECRETS, startTestVault, uniqueName, type TestVault } from './support.ts';

const CALLERS = ['none', 'reader', 'writer', 'both', 'adder', 'manager', 'managing reader'] as const;
type Who = (typeof CALLERS)[number];

let vault: TestVault;
let bearers: Record<Who, string>;
let reader: { id: string; name: string };
let writer: { id: string; name: string };

beforeAll(async () => {
  vault = await startTestVault();
  reader = vault.addRole('reader');
  writer = vault.addRole('writer');
  const other = vault.addRole('other').id;
  const bearer = (roles: string[], ...permissions: string[]) =>
    vault.issuer.bearer({ sub: randomUUID(), roles, permissions });
  bearers = {
    none: await bearer([other], 'roles-manage', 'users-manage'),
    reader: await bearer([other, reader.id]),
    writer: await bearer([writer.id]),
    both: await bearer([reader.id, writer.id]),
    adder: await bearer([other], 'vault-add'),
    manager: await bearer([], 'vault-manage'),
    'managing reader': await bearer([reader.id], 'vault-manage'),
  };
});
afterAll(() => vault.stop());

async function createGuarded(): Promise<string> {
  const name = uniqueName('guarded');
  const { status } = await vault.call('POST', SECRETS, {
    body: { name, data: { marker: 'plum-7141' }, read_roles: [reader], write_roles: [writer] },
  });
  expect(status).toBe(201);
  return name;
}

const OPERATIONS = {
  read: name => ['GET', pathOf(name)],
  metadata: name => ['GET', pathOf(name, METADATA)],
  'write data': name => ['PUT', pathOf(name), { data: { marker: 'new' } }],
  // Clients send back the lists that they read.
  'write data, roles resent': name => [
    'PUT',
    pathOf(name),
    { data: { marker: 'new' }, read_roles: [reader], write_roles: [writer] },
  ],
  'write roles': name => ['PUT', pathOf(name), { read_roles: [writer] }],
  'write data and roles': name => ['PUT', pathOf(name), { data: {}, write_roles: null }],
  delete: name => ['DELETE', pathOf(name)],
} satisfies Record<string, (name: string) => [string, string, unknown?]>;

/** Expected statuses in the order of CALLERS. 404: the caller may not even know of it. */
const MATRIX: [keyof typeof OPERATIONS, number[]][] = [
  ['read', [404, 200, 403, 200, 404, 403, 200]],
  ['metadata', [404, 200, 200, 200, 404, 200, 200]],
  ['write data', [404, 403, 200, 200, 404, 200, 200]],
  ['write data, roles resent', [404, 403, 200, 200, 404, 200, 200]],
  ['write roles', [404, 403, 403, 403, 404, 200, 200]],
  ['write data and roles', [404, 403, 403, 403, 404, 200, 200]],
  ['delete', [404, 403, 403, 403, 404, 200, 200]],
];

describe('on a secret with one read and one write role', () => {
  test.each(MATRIX)('%s', async (operation, expected) => {
    for (const [index, who] of CALLERS.entries()) {
      const name = await createGuarded();
      const before = await vault.superuser.query('SELECT * FROM secrets WHERE name = $1', [name]);
      const [method, path, body] = OPERATIONS[operation](name) as [string, string, unknown?];
      const answer = await vault.call(method, path, {
        as: bearers[who],
        ...(body === undefined ? {} : { body }),
      });
      expect([who, answer.status]).toEqual([who, expected[index]]);
      if (answer.status === 200) continue;
      expect(answer.text).not.toContain('plum-7141');
      expect(await vault.superuser.query('SELECT * FROM secrets WHERE name = $1', [name])).toEqual(before);
      if (answer.status === 403) {
        expect(answer.body).toEqual({
          error_code: 'PERMISSION_DENIED',
          error_message: expect.stringMatching(/role|vault-manage/),
          request_id: expect.any(String),
        });
      }
    }
  });

  test('what the caller may not know of reads like what is not there', async () => {
    const hidden = await createGuarded();
    const absent = uniqueName('guarded');
    for (const makeCall of Object.values(OPERATIONS)) {
      const bodies = [];
      for (const name of [hidden, absent]) {
        const [method, path, body] = makeCall(name) as [string, string, unknown?];
        const answer = await vault.call(method, path, {
          as: bearers.none,
          ...(body === undefined ? {} : { body }),
        });
        expect(answer.status).toBe(404);
        const { request_id, ...rest } = answer.body;
        expect(request_id).toEqual(expect.any(String));
        bodies.push(rest);
      }
      expect(bodies[0]).toEqual({ error_code: 'OBJECT_NOT_FOUND', error_message: 'Secret not found' });
      expect(bodies[1]).toEqual(bodies[0]);
    }
  });

  test('the managing caller who reads nothing is told which role is missing', async () => {
    const { body } = await vault.call('GET', pathOf(await createGuarded()), { as: bearers.manager });
    expect(body['error_message']).toBe('Reading the content of this secret needs one of its read roles');
  });
});

describe('creating', () => {
  test.each<[Who, number]>([
    ['none', 403],
    ['reader', 403],
    ['both', 403],
    ['adder', 201],
    ['manager', 201],
  ])('%s: %i', async (who, expected) => {
    const name = uniqueName('new');
    const { status, body } = await vault.call('POST', SECRETS, { as: bearers[who], body: { name } });
    expect(status).toBe(expected);
    if (expected === 403) expect(body['error_code']).toBe('PERMISSION_DENIED');
  });

  test('gives no right of its own: who added a secret without roles does not see it again', async () => {
    const name = uniqueName('blind');
    await vault.call('POST', SECRETS, { as: bearers.adder, body: { name, data: {} } });
    expect((await vault.call('GET', pathOf(name), { as: bearers.adder })).status).toBe(404);
  });
});

describe('lists and searches hold what the caller may know of', () => {
  const kinds = ['readable', 'writable', 'bare'] as const;
  const prefix = uniqueName('found');

  beforeAll(async () => {
    const lists = { readable: { read_roles: [reader] }, writable: { write_roles: [writer] }, bare: {} };
    for (const kind of kinds) {
      await vault.call('POST', SECRETS, { body: { name: `${prefix}/${kind}`, data: {}, ...lists[kind] } });
    }
  });

  const none: string[] = [];
  test.each<[string, Record<Who, string[]>]>([
    [
      'shared',
      {
        none,
        reader: ['readable'],
        writer: ['writable'],
        both: ['readable', 'writable'],
        adder: none,
        manager: ['bare', 'readable', 'writable'],
        'managing reader': ['bare', 'readable', 'writable'],
      },
    ],
    [
      'readable',
      {
        none,
        reader: ['readable'],
        writer: none,
        both: ['readable'],
        adder: none,
        manager: none,
        'managing reader': ['readable'],
      },
    ],
    [
      'writable',
      {
        none,
        reader: none,
        writer: ['writable'],
        both: ['writable'],
        adder: none,
        manager: none,
        'managing reader': none,
      },
    ],
    [
      'accessible',
      {
        none,
        reader: ['readable'],
        writer: ['writable'],
        both: ['readable', 'writable'],
        adder: none,
        manager: none,
        'managing reader': ['readable'],
      },
    ],
    [
      'personal',
      { none, reader: none, writer: none, both: none, adder: none, manager: none, 'managing reader': none },
    ],
  ])('filter %s', async (filter, expected) => {
    // No filter means all that is shared.
    const filters = filter === 'shared' ? ['shared', '', null, undefined] : [filter];
    for (const who of CALLERS) {
      for (const sent of filters) {
        const { status, body } = await vault.call('POST', SEARCH, {
          as: bearers[who],
          body: { keywords: prefix, filter: sent },
        });
        const items = body['items'] as { name: string }[];
        expect(status).toBe(200);
        expect([who, items.map(item => item.name)]).toEqual([
          who,
          expected[who].map(kind => `${prefix}/${kind}`),
        ]);
        expect(body['count']).toBe(items.length);
      }
    }
  });

  test('the list agrees with the search', async () => {
    for (const who of CALLERS) {
      const list = await vault.call('GET', `${SECRETS}?limit=100`, { as: bearers[who] });
      const search = await vault.call('POST', SEARCH, { as: bearers[who], body: {} });
      expect([list.status, list.body]).toEqual([200, search.body]);
    }
  });
});
