import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { cutConnections, SECRETS, startTestVault, uniqueName, type TestVault } from './support.ts';

const BATCH = '/vault/api/v1/batch/secrets';

let vault: TestVault;
beforeAll(async () => {
  vault = await startTestVault();
});
afterAll(() => vault.stop());

async function create(data: object, roles = [vault.role]): Promise<string> {
  const name = uniqueName('one of many');
  const { status } = await vault.call('POST', SECRETS, { body: { name, data, read_roles: roles } });
  expect(status).toBe(201);
  return name;
}

const read = (names: readonly string[], as?: string) =>
  vault.call('POST', BATCH, { body: { secrets: names.map(name => ({ name })) }, ...(as && { as }) });

interface Item {
  name: string;
  status: number;
  secret?: { data: unknown };
  error?: { error_code: string };
}
const itemsOf = ({ body }: { body: Record<string, unknown> }) => body['items'] as Item[];

describe('a batch of reads', () => {
  test('has a result per secret, in the order asked for, and a record per secret', async () => {
    const other = vault.addRole('other readers');
    const [first, closed, last] = [
      await create({ v: 1 }),
      await create({ v: 2 }, [other]),
      await create({ v: 3 }),
    ];
    const as = await vault.issuer.bearer({ roles: [vault.role.id] });
    const answer = await read([first, closed, 'not there', 'a//b', last, first], as);
    expect([answer.status, answer.body['count']]).toEqual([200, 6]);
    expect(
      itemsOf(answer).map(({ name, status, secret, error }) => [
        name,
        status,
        secret?.data ?? error?.error_code,
      ]),
    ).toEqual([
      [first, 200, { v: 1 }],
      [closed, 404, 'OBJECT_NOT_FOUND'],
      ['not there', 404, 'OBJECT_NOT_FOUND'],
      ['a//b', 400, 'VALUE_INCORRECT_FORMAT'],
      [last, 200, { v: 3 }],
      [first, 200, { v: 1 }],
    ]);
    const records = (await vault.trail()).filter(
      ({ message }) =>
        message['requestID'] === answer.headers['x-request-id'] || message['secret'] !== undefined,
    );
    const of = (name: string, what: string) =>
      records.filter(record => record.name === what && record.message['secret'] === name).length;
    expect([of(first, 'Secret-read'), of(last, 'Secret-read'), of(closed, 'Secret-read')]).toEqual([2, 1, 0]);
    expect([of(closed, 'Secret-access-denied'), of('not there', 'Secret-access-denied')]).toEqual([1, 1]);
  });

  test('tells who may know of a secret but not read it', async () => {
    const name = await create({ v: 1 }, []);
    const [item] = itemsOf(await read([name]));
    expect([item?.status, item?.error?.error_code]).toEqual([403, 'PERMISSION_DENIED']);
    expect(JSON.stringify(item)).not.toContain('data');
  });

  test.each([
    ['none', []],
    ['more than a hundred', Array.from({ length: 101 }, () => 'x')],
  ])('of %s is refused', async (_what, names) => {
    const answer = await read(names);
    expect([answer.status, answer.body['property']]).toEqual([400, 'secrets']);
  });

  test('carries what fits: the rest is to be read apart, and is not read', async () => {
    const big = 'x'.repeat(1_000_000);
    const names = await Promise.all(Array.from({ length: 12 }, () => create({ big })));
    const answer = await read([...names, ...names]);
    const statuses = itemsOf(answer).map(item => item.status);
    expect(statuses).toEqual([...Array<number>(16).fill(200), ...Array<number>(8).fill(413)]);
    const reads = (await vault.trail()).filter(
      ({ name, message }) => name === 'Secret-read' && names.includes(message['secret'] ?? ''),
    );
    expect(reads).toHaveLength(16);
  });

  test('is not answered at all when the database is away', async () => {
    const name = await create({ v: 1 });
    const lock = vault.superuser.transaction(async tx => {
      await tx.query('LOCK TABLE outbox IN ACCESS EXCLUSIVE MODE');
      const waiting = read([name]);
      await new Promise(resolve => setImmediate(resolve));
      await cutConnections(vault.superuser);
      return waiting;
    });
    const answer = await lock;
    expect(answer.status).toBe(503);
    expect(answer.text).not.toContain('"data"');
  });
});
