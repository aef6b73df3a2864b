import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { untilBlocked } from '@strongroom/testing/superuser';
import { METADATA, pathOf, SCHEMAS, SECRETS, startTestVault, uniqueName, type TestVault } from './support.ts';

let vault: TestVault;
let manager: string;
let adder: string;

beforeAll(async () => {
  vault = await startTestVault();
  const bearer = (...permissions: string[]) => vault.issuer.bearer({ sub: randomUUID(), permissions });
  [manager, adder] = [await bearer('vault-manage'), await bearer('vault-add')];
});
afterAll(() => vault.stop());

const word = () => uniqueName('schema').slice(0, 30);
const fields = [
  { name: 'user', type: 'text' },
  { name: 'token', title: 'Token', masked: true, required: true, wide: false, multiline: null },
  { name: 'photo', type: 'file' },
];
const make = async (more: object = {}) => {
  const name = word();
  const { status } = await vault.call('POST', SCHEMAS, {
    as: manager,
    body: { name, properties: fields, ...more },
  });
  expect(status).toBe(201);
  return name;
};
const told = ({ status, body }: { status: number; body: Record<string, unknown> }) => [
  status,
  body['error_code'],
  body['property'],
];
const put = (name: string, body: object, headers: Record<string, string> = {}) =>
  vault.call('PUT', `${SCHEMAS}/${name}`, { as: manager, body, headers });
const write = async (name: string, data: object, schema?: string) =>
  told(await vault.call('POST', SECRETS, { body: { name, data, schema, read_roles: [vault.role] } }));

describe('a schema', () => {
  test('is made, read, changed and deleted', async () => {
    const name = word();
    const made = await vault.call('POST', SCHEMAS, {
      as: manager,
      body: { name, title: 'Mine', open: false, properties: fields },
    });
    expect(made.body).toEqual({ id: expect.any(String), number: expect.any(Number), name });
    expect(made.headers['location']).toBe(`${SCHEMAS}/${name}`);
    const { body, headers } = await vault.call('GET', `${SCHEMAS}/${name}`, { as: adder });
    const view = {
      ...made.body,
      title: 'Mine',
      open: false,
      built_in: false,
      properties: [
        { number: 1, name: 'user', title: 'user', type: 'text' },
        { number: 2, name: 'token', title: 'Token', type: 'text', masked: true, required: true },
        { number: 3, name: 'photo', title: 'photo', type: 'file' },
      ],
    };
    expect([body, headers['etag']]).toEqual([view, '"1"']);
    const all = (await vault.call('GET', SCHEMAS)).body as unknown as { name: string }[];
    expect(all.map(schema => schema.name).slice(0, 12)).toEqual([
      'credentials',
      'text',
      'file',
      'ssh-key',
      'certificate',
      'api-key',
      'database',
      'password',
      'web-password',
      'windows-account',
      'unix-account-ssh',
      'unix-account-ssh-key-rotation',
    ]);
    expect(all.at(-1)).toEqual(view);
    expect((await put(name, { ...view, title: 'Yours' })).headers['etag']).toBe('"2"');
    expect((await vault.call('GET', `${SCHEMAS}/${name}`)).body).toEqual({ ...view, title: 'Yours' });
    expect(told(await put(name, { title: 'Late' }, { 'if-match': '"1"' }))).toEqual([
      412,
      'PRECONDITION_FAILED',
      undefined,
    ]);
    const remove = () => vault.call('DELETE', `${SCHEMAS}/${name}`, { as: manager });
    expect([(await remove()).status, (await remove()).status]).toEqual([200, 404]);
    const records = (await vault.trail()).filter(({ message }) => message['schema'] === name);
    expect(records.map(record => record.name)).toEqual([
      'Schema-created',
      'Schema-changed',
      'Schema-deleted',
    ]);
  });

  test('is made once under an idempotency key, and once of each name', async () => {
    const body = { name: word(), properties: [] };
    const headers = { 'idempotency-key': randomUUID() };
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => vault.call('POST', SCHEMAS, { body, headers })),
    );
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(told(await vault.call('POST', SCHEMAS, { body }))).toEqual([409, 'VALUE_DUPLICATE', 'name']);
  });

  test.each<[string, object, string]>([
    ['a name with a slash', { name: 'a/b' }, 'name'],
    ['an empty name', { name: '' }, 'name'],
    ['a long name', { name: 'x'.repeat(65) }, 'name'],
    ['no fields', { properties: undefined }, 'properties'],
    ['too many', { properties: Array.from({ length: 65 }, (_, n) => ({ name: `f${n}` })) }, 'properties'],
    ['a field without a name', { properties: [{}] }, 'properties.0.name'],
    ['a field with a blank in its name', { properties: [{ name: 'a b' }] }, 'properties.0.name'],
    ['a field of no type', { properties: [{ name: 'a', type: 'number' }] }, 'properties.0.type'],
    [
      'two fields of one name',
      { properties: [{ name: 'a' }, { name: 'b' }, { name: 'a' }] },
      'properties.2.name',
    ],
    ['a mask that is none', { properties: [{ name: 'a', masked: 'yes' }] }, 'properties.0.masked'],
  ])('is refused with %s', async (_what, wrong, property) => {
    const answer = await vault.call('POST', SCHEMAS, {
      body: { name: word(), properties: fields, ...wrong },
    });
    expect([answer.status, answer.body['property']]).toEqual([400, property]);
    if (!property.startsWith('properties.')) return;
    const changed = await put(await make(), wrong);
    expect([changed.status, changed.body['property']]).toEqual([400, property]);
  });

  test('of those that are built in stays as it is, and none is renamed', async () => {
    const builtIn = [409, 'SCHEMA_BUILT_IN', undefined];
    expect(told(await put('credentials', { properties: [] }))).toEqual(builtIn);
    expect(told(await vault.call('DELETE', `${SCHEMAS}/credentials`))).toEqual(builtIn);
    expect(told(await put(await make(), { name: 'other' }))).toEqual([400, 'VALUE_INCORRECT_FORMAT', 'name']);
    expect((await put(word(), {})).status).toBe(404);
  });

  test('is managed by those alone who may', async () => {
    const name = await make();
    const acts = await Promise.all([
      vault.call('POST', SCHEMAS, { as: adder, body: { name: word(), properties: [] } }),
      vault.call('PUT', `${SCHEMAS}/${name}`, { as: adder, body: { title: 'x' } }),
      vault.call('DELETE', `${SCHEMAS}/${name}`, { as: adder }),
    ]);
    expect(acts.map(told)).toEqual(acts.map(() => [403, 'PERMISSION_DENIED', undefined]));
  });
});

describe('secrets that follow a schema', () => {
  test('are checked when they are written, and not when it changes', async () => {
    const schema = await make({ open: false });
    const name = uniqueName('follows');
    expect(await write(name, { user: 'u' }, schema)).toEqual([400, 'REQUIRED_VALUE_MISSING', 'data.token']);
    expect(await write(name, { token: 5 }, schema)).toEqual([400, 'VALUE_INCORRECT_TYPE', 'data.token']);
    expect(await write(name, { token: 't', photo: 'p' }, schema)).toEqual([
      400,
      'VALUE_INCORRECT_TYPE',
      'data.photo',
    ]);
    expect(await write(name, { token: 't', more: 1 }, schema)).toEqual([400, 'INVALID_REQUEST_DATA', 'data']);
    expect(await write(name, { token: 't' }, schema)).toEqual([201, undefined, undefined]);
    expect((await put(schema, { properties: [{ name: 'pin', required: true }] })).status).toBe(200);
    expect((await vault.call('GET', pathOf(name))).body['data']).toEqual({ token: 't' });
    const change = (body: object) => vault.call('PUT', pathOf(name), { body });
    expect((await change({ tags: ['kept'] })).status).toBe(200);
    expect(told(await change({ data: { token: 't' } }))).toEqual([400, 'REQUIRED_VALUE_MISSING', 'data.pin']);
    expect((await change({ data: { pin: '1' } })).status).toBe(200);
  });

  test('keep it from being deleted until none follows it', async () => {
    const schema = await make();
    const name = uniqueName('follows');
    expect(await write(name, { token: 't' }, schema)).toEqual([201, undefined, undefined]);
    const remove = async () =>
      told(await vault.call('DELETE', `${SCHEMAS}/${schema}`, { as: manager })).slice(0, 2);
    expect(await remove()).toEqual([409, 'SCHEMA_IN_USE']);
    expect((await vault.call('PUT', pathOf(name), { body: { schema: null } })).status).toBe(200);
    expect(await remove()).toEqual([200, undefined]);
  });

  test('are not stored without it when it is deleted meanwhile', async () => {
    const [free, name] = [uniqueName('free'), uniqueName('late')];
    expect((await write(free, { token: 't' }))[0]).toBe(201);
    const create = (schema: string) =>
      vault.call('POST', SECRETS, { body: { name, data: { token: 't' }, schema } });
    const change = (schema: string) =>
      vault.call('PUT', pathOf(free), { body: { data: { token: 'u' }, schema } });
    for (const request of [create, change]) {
      const schema = await make();
      let answer: ReturnType<TestVault['call']> | undefined;
      await vault.superuser.transaction(async tx => {
        await tx.query('DELETE FROM schemas WHERE name = $1', [schema]);
        answer = request(schema);
        await untilBlocked(vault.superuser);
      });
      if (answer === undefined) throw new Error('nothing was asked');
      expect(told(await answer)).toEqual([400, 'INVALID_REQUEST_DATA', 'schema']);
    }
    expect((await vault.call('GET', pathOf(name, METADATA))).status).toBe(404);
    expect((await vault.call('GET', pathOf(free))).body).toMatchObject({ version: 1, data: { token: 't' } });
  });
});
