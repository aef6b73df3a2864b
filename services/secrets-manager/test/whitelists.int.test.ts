import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { HOSTS, WHITELISTS, type Json } from './host-support.ts';
import { startTestSecretsManager, uniqueName, type TestSecretsManager } from './support.ts';

let sm: TestSecretsManager;
beforeAll(async () => {
  sm = await startTestSecretsManager();
});
afterAll(() => sm.stop());

const read = async (id: string) => (await sm.call('GET', `${WHITELISTS}/${id}`)).body;

test("Terraform's test: create, read, change the type, delete", async () => {
  const name = uniqueName('tf-acc-whitelist');
  const patterns = ['ls -la', 'cat /etc/passwd', 'systemctl status *'];
  const comment = 'Example whitelist for command restrictions';
  const created = await sm.call('POST', WHITELISTS, {
    body: { id: '', name, comment, type: 'glob', whitelist_patterns: patterns, author: '', created: '' },
  });
  const id = String(created.body['id']);
  expect([created.status, created.headers.get('location')]).toEqual([201, `${WHITELISTS}/${id}`]);
  const first = await read(id);
  expect(first).toMatchObject({
    id,
    name,
    comment,
    type: 'glob',
    whitelist_patterns: patterns,
    author: sm.caller.sub,
  });
  expect((await sm.call('PUT', `${WHITELISTS}/${id}`, { body: first })).status).toBe(200);
  expect(await read(id)).toMatchObject({ ...first, updated: expect.any(String) as unknown });
  const change = {
    name,
    comment: 'Updated whitelist comment',
    type: 'regex',
    whitelist_patterns: ['^git .*', '^docker .*'],
  };
  expect((await sm.call('PUT', `${WHITELISTS}/${id}`, { body: change })).status).toBe(200);
  expect(await read(id)).toMatchObject(change);
  expect((await sm.call('DELETE', `${WHITELISTS}/${id}`)).status).toBe(200);
  for (const method of ['GET', 'DELETE']) {
    expect((await sm.call(method, `${WHITELISTS}/${id}`)).body['error_code']).toBe('OBJECT_NOT_FOUND');
  }
});

test('one without patterns and type is a list of no globs', async () => {
  const id = await sm.create(WHITELISTS, { name: uniqueName('minimal'), whitelist_patterns: null });
  expect(await read(id)).toMatchObject({ type: 'glob', whitelist_patterns: [], comment: '' });
});

test('names are unique in any spelling', async () => {
  const name = uniqueName('Twice');
  await sm.create(WHITELISTS, { name });
  const other = await sm.create(WHITELISTS, { name: uniqueName('other') });
  for (const [method, path] of [
    ['POST', WHITELISTS],
    ['PUT', `${WHITELISTS}/${other}`],
  ] as const) {
    const { status, body } = await sm.call(method, path, { body: { name: name.toUpperCase() } });
    expect([status, body['error_code'], body['property']]).toEqual([409, 'VALUE_DUPLICATE', 'name']);
  }
});

test.each<[body: Json, property: string]>([
  [{}, 'name'],
  [{ name: ' ' }, 'name'],
  [{ name: 'x', type: 'sql' }, 'type'],
  [{ name: 'x', whitelist_patterns: 'ls' }, 'whitelist_patterns'],
  [{ name: 'x', whitelist_patterns: ['ls', '[plum-8812'] }, 'whitelist_patterns.1'],
  [{ name: 'x', type: 'regex', whitelist_patterns: ['(plum-8812'] }, 'whitelist_patterns.0'],
  [{ name: 'x', whitelist_patterns: ['a'.repeat(1_025)] }, 'whitelist_patterns.0'],
])('%j is refused', async (body, property) => {
  const id = await sm.create(WHITELISTS, { name: uniqueName('good') });
  for (const [method, path] of [
    ['POST', WHITELISTS],
    ['PUT', `${WHITELISTS}/${id}`],
  ] as const) {
    const answer = await sm.call(method, path, { body });
    expect([answer.status, answer.body['property']]).toEqual([400, property]);
    expect(answer.text).not.toContain('plum-8812');
  }
});

test('search looks into names, comments and patterns; lists give pages', async () => {
  const word = randomUUID();
  const ids = [
    await sm.create(WHITELISTS, { name: `a ${word}` }),
    await sm.create(WHITELISTS, { name: uniqueName('b'), comment: word }),
    await sm.create(WHITELISTS, { name: uniqueName('c'), whitelist_patterns: ['ls', word.toUpperCase()] }),
  ];
  const find = async (body: Json, query = '') => {
    const answer = await sm.call('POST', `${WHITELISTS}/search${query}`, { body });
    return [answer.body['count'], (answer.body['items'] as Json[]).map(item => item['id'])];
  };
  expect(await find({ keywords: `nothing,${word}` })).toEqual([3, ids]);
  expect(await find({ keywords: word }, '?limit=1&offset=1')).toEqual([3, [ids[1]]]);
  expect(await find({ keywords: word }, '?sortkey=id&sortdir=DESC')).toEqual([3, ids.toReversed()]);
  expect(await find({ keywords: '%' })).toEqual([0, []]);
  const all = await sm.call('GET', `${WHITELISTS}?limit=2`);
  expect(all.body['items']).toHaveLength(2);
  expect(Number(all.body['count'])).toBe((await find({}))[0]);
});

test('evaluate says of each pattern whether it can be read, and of each command whether it is allowed', async () => {
  const evaluate = (whitelist: Json, commands: unknown) =>
    sm.call('POST', `${WHITELISTS}/evaluate`, { body: { whitelist, rshell_variant: 'bash', commands } });
  // Go's SDK sends all of a whitelist.
  const whitelist = {
    id: '',
    name: '',
    author: '',
    created: '',
    type: 'glob',
    whitelist_patterns: ['ls *', '[x'],
  };
  const answer = await evaluate(whitelist, ['ls -l', 'ls -l; rm x', 'id']);
  expect([answer.status, answer.body]).toEqual([
    200,
    {
      whitelist_pattern_results: [
        { whitelist_pattern: 'ls *', status: ['OK'] },
        { whitelist_pattern: '[x', status: ['INVALID_GLOB_PATTERN'] },
      ],
      command_results: [
        { command: 'ls -l', allowed: true },
        { command: 'ls -l; rm x', allowed: false },
        { command: 'id', allowed: false },
      ],
    },
  ]);
  const tooMuch = await evaluate(
    { type: 'regex', whitelist_patterns: Array.from({ length: 50 }, () => '(a?){200}b') },
    ['a'.repeat(4_000)],
  );
  expect([tooMuch.status, tooMuch.body['property']]).toEqual([400, 'commands']);
  expect((await evaluate(whitelist, 'ls')).body['property']).toBe('commands');
});

test('one that an account is held to cannot be deleted, and what is not there cannot be named', async () => {
  const id = await sm.create(WHITELISTS, { name: uniqueName('used') });
  const held = (restrictions: Json) => ({
    principals: [{ principal: 'root', command_restrictions: restrictions }],
  });
  for (const restrictions of [
    { default_whitelist: { id: id.toUpperCase() } },
    { whitelists: [{ whitelist: { id }, roles: [] }] },
  ]) {
    const host = await sm.create(HOSTS, held(restrictions));
    expect((await sm.call('DELETE', `${WHITELISTS}/${id}`)).status).toBe(409);
    await sm.call('DELETE', `${HOSTS}/${host}`);
  }
  expect((await sm.call('DELETE', `${WHITELISTS}/${id}`)).status).toBe(200);
  for (const [restrictions, property] of [
    [{ default_whitelist: { id } }, 'principals.0.command_restrictions.default_whitelist.id'],
    [{ whitelists: [{ whitelist: { id } }] }, 'principals.0.command_restrictions.whitelists.0.whitelist.id'],
  ] as const) {
    const { status, body } = await sm.call('POST', HOSTS, { body: held(restrictions) });
    expect([status, body['property']]).toEqual([400, property]);
  }
});

test('a whitelist deleted while a host that names it is being written leaves no host without it', async () => {
  for (let round = 0; round < 5; round += 1) {
    const id = await sm.create(WHITELISTS, { name: uniqueName('race') });
    const body = { principals: [{ command_restrictions: { default_whitelist: { id } } }] };
    const [written, deleted] = await Promise.all([
      sm.call('POST', HOSTS, { body }),
      sm.call('DELETE', `${WHITELISTS}/${id}`),
    ]);
    expect([
      [201, 409],
      [400, 200],
    ]).toContainEqual([written.status, deleted.status]);
  }
});
