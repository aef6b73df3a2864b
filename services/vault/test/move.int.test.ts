import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { untilBlocked } from '@strongroom/testing/superuser';
import { MAX_MOVED } from '../src/domain/folder.ts';
import { MAX_NAME_LENGTH } from '../src/domain/secret-name.ts';
import { brokenFolders } from './folder-invariants.ts';
import {
  cutConnections,
  FOLDERS,
  MOVE,
  pathOf,
  SCHEMAS,
  SECRETS,
  startTestVault,
  uniqueName,
  type TestVault,
} from './support.ts';

let vault: TestVault;
let reader: TestVault['role'];
let manager: string;

beforeAll(async () => {
  vault = await startTestVault();
  reader = vault.addRole('reader');
  manager = await vault.issuer.bearer({ sub: randomUUID(), permissions: ['vault-manage'] });
});
afterAll(() => vault.stop());
afterEach(async () => expect(await brokenFolders(vault.superuser)).toEqual([]));

async function create(name: string, more: object = { read_roles: [vault.role] }): Promise<void> {
  const body = { name, data: { was: name }, ...more };
  expect((await vault.call('POST', SECRETS, { body })).status).toBe(201);
}

/** What moves must leave alone: every byte of what is sealed, and what a secret is beside its name. */
const untouched = async (ids: string[]) => ({
  versions: await vault.superuser.query(
    'SELECT * FROM secret_versions WHERE secret_id = ANY ($1) ORDER BY secret_id, version',
    [ids],
  ),
  secrets: await vault.superuser.query(
    `SELECT id, number, owner_id, schema_id, tags, read_roles, write_roles, current_version, max_versions,
       created_at, created_by, expires_at FROM secrets WHERE id = ANY ($1) ORDER BY id`,
    [ids],
  ),
});

async function idsBelow(prefix: string): Promise<string[]> {
  const rows = await vault.superuser.query<{ id: string }>('SELECT id FROM secrets WHERE name ^@ $1', [
    prefix,
  ]);
  return rows.map(({ id }) => id);
}

const idOf = async (path: string): Promise<string> => {
  const [row] = await vault.superuser.query<{ id: string }>('SELECT id FROM folders WHERE path = $1', [path]);
  if (row === undefined) throw new Error('no such folder');
  return row.id;
};

const moveFolder = async (from: string, to: string, more: object = {}) => {
  const answer = await vault.call('PUT', `${FOLDERS}/${await idOf(from)}`, {
    as: manager,
    body: { path: to, ...more },
  });
  return [answer.status, answer.body['error_code'], answer.body['property']];
};
const moved = [200, undefined, undefined];

const dataOf = async (name: string, as?: string) => {
  const { status, body } = await vault.call('GET', pathOf(name), as === undefined ? {} : { as });
  return status === 200 ? body['data'] : status;
};

describe('a folder that is moved', () => {
  test('takes all below it along, byte for byte, and its old path is free', async () => {
    const [from, to] = [uniqueName('from'), uniqueName('to')];
    const names = ['a', 'sub/b', 'sub/deep/c', 'sub/deep/😀'];
    for (const name of names) await create(`${from}/${name}`);
    await vault.call('PUT', pathOf(`${from}/a`), { body: { data: { was: 'newer' } } });
    // Not below it, although they begin alike.
    await create(`${from}x/a`);
    await create(from);
    const ids = await idsBelow(`${from}/`);
    const before = await untouched(ids);
    expect(await moveFolder(from, `${to}/é/below`)).toEqual(moved);
    expect(await untouched(ids)).toEqual(before);
    for (const name of names) {
      const expected = name === 'a' ? 'newer' : `${from}/${name}`;
      expect(await dataOf(`${to}/é/below/${name}`)).toEqual({ was: expected });
      expect(await dataOf(`${from}/${name}`)).toBe(404);
    }
    expect(await dataOf(from)).toEqual({ was: from });
    expect(await dataOf(`${from}x/a`)).toEqual({ was: `${from}x/a` });
    await create(`${from}/a`);
  });

  test('is not opened: what cannot be, moves all the same', async () => {
    const from = uniqueName('sealed');
    await create(`${from}/a`);
    await vault.superuser.query(
      `UPDATE secret_versions SET ciphertext = '' WHERE secret_id = (SELECT id FROM secrets WHERE name = $1)`,
      [`${from}/a`],
    );
    expect(await moveFolder(from, `${from}-moved`)).toEqual(moved);
    expect(await dataOf(`${from}-moved/a`)).toBe(500);
  });

  test('gives the rights of the place where it is now, and keeps its own', async () => {
    const [open, closed] = [uniqueName('open'), uniqueName('closed')];
    const as = await vault.issuer.bearer({ roles: [reader.id] });
    await vault.call('POST', FOLDERS, { body: { path: open, read_roles: [reader] } });
    await create(`${closed}/sub/a`, {});
    expect(await dataOf(`${closed}/sub/a`, as)).toBe(404);
    expect(await moveFolder(`${closed}/sub`, `${open}/sub`)).toEqual(moved);
    expect(await dataOf(`${open}/sub/a`, as)).toEqual({ was: `${closed}/sub/a` });
    expect(await moveFolder(`${open}/sub`, `${closed}/sub`, { read_roles: [vault.role] })).toEqual(moved);
    expect(await dataOf(`${closed}/sub/a`, as)).toBe(404);
    expect(await dataOf(`${closed}/sub/a`)).toEqual({ was: `${closed}/sub/a` });
  });

  test('counts as a change of everything in it', async () => {
    const from = uniqueName('from');
    await create(`${from}/a`);
    const old = (await vault.call('GET', pathOf(`${from}/a`))).headers['etag'];
    expect(await moveFolder(from, `${from}-moved`)).toEqual(moved);
    const late = await vault.call('PUT', pathOf(`${from}-moved/a`), {
      headers: { 'if-match': String(old) },
      body: { data: {} },
    });
    expect(late.status).toBe(412);
  });

  test('is refused where it cannot be, and nothing has moved', async () => {
    const [from, taken] = [uniqueName('from'), uniqueName('taken')];
    await create(`${from}/sub/a`);
    await vault.call('POST', FOLDERS, { body: { path: taken } });
    const state = () => vault.superuser.query('SELECT * FROM folders ORDER BY id');
    const before = await state();
    expect(await moveFolder(from, taken)).toEqual([409, 'VALUE_DUPLICATE', 'path']);
    expect(await moveFolder(`${from}/sub`, from)).toEqual([409, 'VALUE_DUPLICATE', 'path']);
    expect(await moveFolder(from, `${from}/sub/x`)).toEqual([400, 'INVALID_REQUEST_DATA', 'path']);
    expect(await moveFolder(from, `${from}/x`)).toEqual([400, 'INVALID_REQUEST_DATA', 'path']);
    const tooLong = `${uniqueName('long')}/`.padEnd(MAX_NAME_LENGTH - 5, 'x');
    expect(await moveFolder(from, tooLong)).toEqual([400, 'VALUE_OUT_OF_BOUNDS', 'path']);
    const tooDeep = `${uniqueName('deep')}${'/x'.repeat(30)}`;
    expect(await moveFolder(from, tooDeep)).toEqual([400, 'VALUE_OUT_OF_BOUNDS', 'path']);
    expect(await moveFolder(from, `${from}//x`)).toEqual([400, 'VALUE_INCORRECT_FORMAT', 'path']);
    expect(await state()).toEqual(before);
    expect(await dataOf(`${from}/sub/a`)).toEqual({ was: `${from}/sub/a` });
  });

  test('leaves an empty folder below room for a name', async () => {
    const from = uniqueName('empty');
    await vault.call('POST', FOLDERS, { body: { path: `${from}/sub` } });
    expect(await moveFolder(from, `${uniqueName('deep')}${'/x'.repeat(30)}`)).toEqual([
      400,
      'VALUE_OUT_OF_BOUNDS',
      'path',
    ]);
    expect(await moveFolder(from, `${uniqueName('deep')}${'/x'.repeat(29)}`)).toEqual(moved);
  });

  test(`has at most ${MAX_MOVED} secrets in it`, async () => {
    const from = uniqueName('many');
    await create(`${from}/sub/first`);
    await vault.superuser.query(
      `INSERT INTO secrets (id, name, folder_id, read_roles, write_roles, current_version, created_at, created_by,
                            updated_at, updated_by)
       SELECT gen_random_uuid(), $2 || '/sub/' || n, $1, '{}', '{}', 1, now(), '', now(), ''
       FROM generate_series(1, $3) AS n`,
      [await idOf(`${from}/sub`), from, MAX_MOVED],
    );
    expect(await moveFolder(from, `${from}-moved`)).toEqual([409, 'MOVE_TOO_LARGE', 'path']);
    await vault.call('DELETE', pathOf(`${from}/sub/7`));
    expect(await moveFolder(from, `${from}-moved`)).toEqual(moved);
    expect((await idsBelow(`${from}-moved/sub/`)).length).toBe(MAX_MOVED);
    expect(await idsBelow(`${from}/`)).toEqual([]);
    // Tests below read whole tables.
    await vault.superuser.query('DELETE FROM secrets WHERE name ^@ $1', [`${from}-moved/`]);
  });
});

describe('a secret that is moved', () => {
  const move = async (
    from: string,
    to: string,
    options: { as?: string; headers?: object; prefix?: string } = {},
  ) => {
    const { as = manager, headers = {}, prefix = MOVE } = options;
    return vault.call('POST', pathOf(from, prefix), {
      as,
      headers: headers as Record<string, string>,
      body: { name: to },
    });
  };

  test('has another name and is otherwise what it was', async () => {
    const [from, to] = [uniqueName('from'), `${uniqueName('new')}/é/to`];
    await create(from);
    await vault.call('PUT', pathOf(from), { body: { data: { v: 2 } } });
    const ids = await idsBelow(from);
    const before = await untouched(ids);
    const answer = await move(from, to.normalize('NFD'));
    expect([answer.status, answer.body, answer.headers['etag']]).toEqual([200, { name: to }, '"3"']);
    expect(await untouched(ids)).toEqual(before);
    expect([await dataOf(from), await dataOf(to)]).toEqual([404, { v: 2 }]);
    await create(from);
    const records = (await vault.trail()).filter(({ name }) => name === 'Secret-moved');
    expect(records.at(-1)?.message).toMatchObject({ secret: from, newSecret: to, secretID: ids[0] });
  });

  test('is refused where it cannot be', async () => {
    const [from, taken] = [uniqueName('from'), uniqueName('taken')];
    await create(from, { read_roles: [vault.role, reader], write_roles: [reader] });
    await create(taken);
    const told = ({ status, body }: Awaited<ReturnType<typeof move>>) => [
      status,
      body['error_code'],
      body['property'],
    ];
    expect(told(await move(from, taken))).toEqual([409, 'VALUE_DUPLICATE', 'name']);
    expect(told(await move(from, 'a//b'))).toEqual([400, 'VALUE_INCORRECT_FORMAT', 'name']);
    expect(told(await move(uniqueName('absent'), from))).toEqual([404, 'OBJECT_NOT_FOUND', undefined]);
    const asWriter = await vault.issuer.bearer({ roles: [reader.id], permissions: ['vault-add'] });
    expect(told(await move(from, uniqueName('x'), { as: asWriter }))).toEqual([
      403,
      'PERMISSION_DENIED',
      undefined,
    ]);
    const stranger = await vault.issuer.bearer({ permissions: ['vault-add'] });
    expect(told(await move(from, uniqueName('x'), { as: stranger }))).toEqual([
      404,
      'OBJECT_NOT_FOUND',
      undefined,
    ]);
    expect(told(await move(from, uniqueName('x'), { headers: { 'if-match': '"9"' } }))).toEqual([
      412,
      'PRECONDITION_FAILED',
      undefined,
    ]);
    expect(await dataOf(from)).toEqual({ was: from });
  });

  test('of many that are to have one name, one gets it, also when another writes it meanwhile', async () => {
    const [to, ...names] = Array.from({ length: 7 }, () => `${uniqueName('race')}/x`) as [
      string,
      ...string[],
    ];
    for (const name of names) await create(name);
    const answers = await Promise.all([
      ...names.map(name => move(name, to)),
      vault.call('PUT', pathOf(names[0] ?? ''), { body: { data: { was: names[0] } } }),
    ]);
    expect(answers.map(({ status }) => status).filter(status => ![200, 404, 409].includes(status))).toEqual(
      [],
    );
    const winners = names.filter((_name, index) => answers[index]?.status === 200);
    expect(winners).toHaveLength(1);
    expect(await dataOf(to)).toEqual({ was: winners[0] });
    for (const name of names) {
      expect(await dataOf(name)).toEqual(winners.includes(name) ? 404 : { was: name });
    }
  });

  test('moves once under an idempotency key', async () => {
    const [from, to] = [uniqueName('from'), uniqueName('to')];
    await create(from);
    const headers = { 'idempotency-key': randomUUID() };
    const answers = [await move(from, to, { headers }), await move(from, to, { headers })];
    expect(answers.map(({ status, body }) => [status, body])).toEqual([
      [200, { name: to }],
      [200, { name: to }],
    ]);
  });

  test('stays among the names of its owner, who alone may move it', async () => {
    const owner = randomUUID();
    const as = await vault.issuer.bearer({ sub: owner });
    const own = `/vault/api/v1/user/${owner}`;
    const prefix = `${own}/move/secrets`;
    const [from, to] = [uniqueName('mine'), 'some/where/else'];
    await vault.call('POST', `${own}/secrets`, { as, body: { name: from, data: { v: 1 } } });
    const other = await vault.issuer.bearer({ permissions: ['vault-add'] });
    expect((await move(from, to, { as: other, prefix })).status).toBe(404);
    expect((await move(from, to, { as, prefix })).status).toBe(200);
    const { body } = await vault.call('GET', pathOf(to, `${own}/secrets`), { as });
    expect([body['name'], body['data']]).toEqual([to, { v: 1 }]);
  });
});

describe('what meets a move that is under way', () => {
  test('a secret that is added to the folder lies in the folder of its name', async () => {
    const from = uniqueName('from');
    await create(`${from}/a`);
    let answer: ReturnType<TestVault['call']> | undefined;
    await vault.superuser.transaction(async tx => {
      await tx.query('UPDATE folders SET path = $2 WHERE path = $1', [from, `${from}-moved`]);
      await tx.query('UPDATE secrets SET name = $2 WHERE name = $1', [`${from}/a`, `${from}-moved/a`]);
      const body = { name: `${from}/late`, data: { was: 'late' }, read_roles: [vault.role] };
      answer = vault.call('POST', SECRETS, { body });
      await untilBlocked(vault.superuser);
    });
    expect((await answer)?.status).toBe(201);
    expect(await dataOf(`${from}/late`)).toEqual({ was: 'late' });
  });

  test('a secret that is moved into the folder, too', async () => {
    const [from, single] = [uniqueName('from'), uniqueName('single')];
    await create(`${from}/a`);
    await create(single);
    let answer: ReturnType<TestVault['call']> | undefined;
    await vault.superuser.transaction(async tx => {
      await tx.query('UPDATE folders SET path = $2 WHERE path = $1', [from, `${from}-moved`]);
      await tx.query('UPDATE secrets SET name = $2 WHERE name = $1', [`${from}/a`, `${from}-moved/a`]);
      answer = vault.call('POST', pathOf(single, MOVE), { body: { name: `${from}/late` } });
      await untilBlocked(vault.superuser);
    });
    expect((await answer)?.status).toBe(200);
    expect(await dataOf(`${from}/late`)).toEqual({ was: single });
  });

  /** A secret that is being added to the folder while `work` asks for a move. */
  const whileAdding = (folder: string, name: string, work: () => void) =>
    vault.superuser.transaction(async tx => {
      await tx.query(
        `INSERT INTO secrets (id, name, folder_id, read_roles, write_roles, current_version, created_at, created_by,
                              updated_at, updated_by)
         SELECT gen_random_uuid(), path || '/' || $2, id, '{}', '{}', 1, now(), '', now(), ''
         FROM folders WHERE path = $1 FOR KEY SHARE`,
        [folder, name],
      );
      work();
      await untilBlocked(vault.superuser);
    });

  test('a secret that was being added moves along, or stays with all others when it cannot', async () => {
    const from = uniqueName('from');
    await create(`${from}/a`);
    let answer: ReturnType<typeof moveFolder> | undefined;
    const move = (to: string) => () => {
      answer = moveFolder(from, to);
    };
    await whileAdding(from, 'late', move(`${from}-moved`));
    expect(await answer).toEqual(moved);
    expect(await idsBelow(`${from}-moved/late`)).toHaveLength(1);

    await create(`${from}/a`);
    const long = 'x'.repeat(MAX_NAME_LENGTH - from.length - 1);
    await whileAdding(from, long, move(`${from}-longer`));
    expect(await answer).toEqual([400, 'VALUE_OUT_OF_BOUNDS', 'path']);
    expect(await idsBelow(`${from}/`)).toHaveLength(2);
  });

  test('a folder that is added below gets the rights that count when it is there', async () => {
    const top = uniqueName('top');
    await vault.call('POST', FOLDERS, { body: { path: top } });
    let added: ReturnType<TestVault['call']> | undefined;
    let changed: ReturnType<TestVault['call']> | undefined;
    const id = await idOf(top);
    await vault.superuser
      .transaction(async tx => {
        // The maker waits for this row when it has decided already what the new folder inherits.
        await tx.query(
          `INSERT INTO folders (id, path, read_roles, write_roles, effective_read_roles, effective_write_roles,
                                created_at, created_by, updated_at, updated_by)
           VALUES (gen_random_uuid(), $1, '{}', '{}', '{}', '{}', now(), '', now(), '')`,
          [`${top}/sub`],
        );
        added = vault.call('POST', FOLDERS, { body: { path: `${top}/sub` } });
        await untilBlocked(vault.superuser);
        changed = vault.call('PUT', `${FOLDERS}/${id}`, { body: { read_roles: [reader] } });
        await Promise.race([changed, untilBlockedTwice()]);
        throw new Error('undone');
      })
      .catch((error: unknown) => expect(error).toEqual(new Error('undone')));
    expect([(await added)?.status, (await changed)?.status]).toEqual([201, 200]);
    const { body } = await vault.call('GET', `${FOLDERS}/${await idOf(`${top}/sub`)}`);
    expect(body['effective_read_roles']).toEqual([reader]);
  });

  async function untilBlockedTwice(): Promise<void> {
    for (let blocked = 0; blocked < 2;) {
      const [row] = await vault.superuser.query<{ blocked: number }>(
        `SELECT count(*)::integer AS blocked FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      blocked = row?.blocked ?? 0;
    }
  }
});

describe('what fails', () => {
  const state = async () => ({
    folders: await vault.superuser.query('SELECT * FROM folders ORDER BY id'),
    secrets: await vault.superuser.query('SELECT * FROM secrets ORDER BY id'),
    schemas: await vault.superuser.query('SELECT * FROM schemas ORDER BY id'),
  });

  test('in the midst of a move has moved nothing, and the move can be made again', async () => {
    const from = uniqueName('from');
    for (const name of ['a', 'b', 'sub/c']) await create(`${from}/${name}`);
    const before = await state();
    await vault.superuser.transaction(async tx => {
      // Folders are renamed by then, and some of the secrets.
      await tx.query('SELECT 1 FROM secrets WHERE name = $1 FOR UPDATE', [`${from}/sub/c`]);
      const answer = moveFolder(from, `${from}-moved`);
      await untilBlocked(vault.superuser);
      await cutConnections(vault.superuser);
      expect((await answer).slice(0, 2)).toEqual([503, 'DATABASE_ERROR']);
    });
    expect(await state()).toEqual(before);
    while ((await vault.call('GET', SECRETS)).status !== 200);
    expect(await moveFolder(from, `${from}-moved`)).toEqual(moved);
  });

  test('to be recorded is not done', async () => {
    const [from, schema] = [uniqueName('from'), uniqueName('s').slice(0, 30)];
    await create(`${from}/a`);
    await vault.call('POST', FOLDERS, { body: { path: `${from}/empty` } });
    await vault.call('POST', SCHEMAS, { body: { name: schema, properties: [] } });
    const [id, empty] = [await idOf(from), await idOf(`${from}/empty`)];
    const requests: [string, string, object?][] = [
      ['GET', FOLDERS],
      ['GET', `${FOLDERS}/${id}`],
      ['GET', `${FOLDERS}/${randomUUID()}`],
      ['POST', FOLDERS, { path: uniqueName('new') }],
      ['PUT', `${FOLDERS}/${id}`, { read_roles: [reader] }],
      ['PUT', `${FOLDERS}/${id}`, { path: `${from}-moved` }],
      ['DELETE', `${FOLDERS}/${empty}`],
      ['POST', pathOf(`${from}/a`, MOVE), { name: uniqueName('to') }],
      ['POST', SCHEMAS, { name: 'new', properties: [] }],
      ['PUT', `${SCHEMAS}/${schema}`, { title: 'Other' }],
      ['DELETE', `${SCHEMAS}/${schema}`],
    ];
    const before = await state();
    await vault.superuser.query('REVOKE INSERT ON outbox FROM strongroom_vault');
    try {
      for (const [method, path, body] of requests) {
        const answer = await vault.call(method, path, { body });
        expect([method, path, answer.status, answer.body['error_code']]).toEqual([
          method,
          path,
          503,
          'AUDIT_UNAVAILABLE',
        ]);
      }
      expect(await state()).toEqual(before);
    } finally {
      await vault.superuser.query('GRANT INSERT ON outbox TO strongroom_vault');
    }
  });
});
