import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  METADATA,
  pathOf,
  SECRETS,
  startTestVault,
  uniqueName,
  versioned,
  type TestVault,
} from './support.ts';

/** The versioned API (contract 2.7) and the plain one on the same secrets. */

const START = new Date('2026-05-01T08:00:00.000Z');
const at = (seconds: number) => new Date(START.getTime() + seconds * 1_000);

let clock = START;
let vault: TestVault;

beforeAll(async () => {
  vault = await startTestVault({ now: () => clock });
});
afterAll(() => vault.stop());
beforeEach(() => {
  clock = START;
});

/** A secret with so many versions, `{v: 1}` in the first. */
async function create(versions = 1): Promise<string> {
  const name = uniqueName('kv/deep');
  const body = { data: { v: 1 }, read_roles: [vault.role], write_roles: [vault.role] };
  expect((await vault.call('POST', versioned('data', name), { body })).status).toBe(200);
  for (let v = 2; v <= versions; v += 1) expect((await write(name, { data: { v } })).status).toBe(200);
  return name;
}

const write = (name: string, body: unknown) => vault.call('POST', versioned('data', name), { body });
const read = (name: string, version?: number) =>
  vault.call('GET', versioned('data', name) + (version === undefined ? '' : `?version=${version}`));
const act = (what: 'delete' | 'undelete' | 'destroy', name: string, ...versions: number[]) =>
  vault.call('POST', versioned(what, name), { body: { versions } });
const describeSecret = async (name: string) => (await vault.call('GET', versioned('metadata', name))).body;
const versionsOf = async (name: string) => (await describeSecret(name))['versions'] as { version: number }[];
const refusal = ({ status, body }: { status: number; body: Record<string, unknown> }) => [
  status,
  body['error_code'],
  body['property'],
];

const V = (version: number, created = START) => ({
  version,
  created: created.toISOString(),
  destroyed: false,
});

describe('writing', () => {
  test('makes the secret, and then a version each time; the plain API serves the newest', async () => {
    const name = uniqueName('kv');
    const roles = { read_roles: [{ id: vault.role.id }], write_roles: [{ id: vault.role.id }] };
    const first = await write(name, { data: { v: 1 }, ...roles, tags: ['blue'] });
    expect([first.status, first.body]).toEqual([200, V(1)]);
    clock = at(5);
    const second = await write(name, { data: { v: 2 } });
    expect([second.status, second.body]).toEqual([200, V(2, at(5))]);
    const plain = await vault.call('GET', pathOf(name));
    expect(plain.body).toMatchObject({
      version: 2,
      data: { v: 2 },
      tags: ['blue'],
      read_roles: [vault.role],
    });
    expect((await vault.call('PUT', pathOf(name), { body: { data: { v: 3 } } })).status).toBe(200);
    expect((await read(name)).body).toEqual({ data: { v: 3 }, metadata: V(3, at(5)) });
    expect((await read(name, 0)).body).toEqual({ data: { v: 3 }, metadata: V(3, at(5)) });
    expect((await read(name, 1)).body).toEqual({ data: { v: 1 }, metadata: V(1) });
  });

  test('keeps what is not stated, and changes the rest as PUT does', async () => {
    const name = await create();
    await write(name, { data: { v: 2 }, tags: ['green'], write_roles: null });
    expect((await vault.call('GET', pathOf(name))).body).toMatchObject({
      tags: ['green'],
      read_roles: [vault.role],
      write_roles: [],
    });
  });

  test.each(['a/b c', 'a%2Fb%20c'])('takes the path %j raw and encoded', async suffix => {
    const prefix = uniqueName('path');
    const raw = suffix.includes('%') ? suffix : suffix.replace(' ', '%20');
    const url = `/vault/api/v1/secret/data/${prefix}/${raw}`;
    const body = { data: { ok: true }, read_roles: [vault.role] };
    expect((await vault.call('POST', url, { body })).status).toBe(200);
    expect((await vault.call('GET', pathOf(`${prefix}/a/b c`))).body['data']).toEqual({ ok: true });
  });

  test.each([
    [{}, 'data', 'REQUIRED_VALUE_MISSING'],
    [{ data: null }, 'data', 'VALUE_INCORRECT_TYPE'],
    [{ data: [] }, 'data', 'VALUE_INCORRECT_TYPE'],
    [{ data: {}, options: { cas: -1 } }, 'options.cas', 'VALUE_OUT_OF_BOUNDS'],
    [{ data: {}, options: { cas: 1.5 } }, 'options.cas', 'VALUE_INCORRECT_TYPE'],
    [{ data: {}, options: { cas: '1' } }, 'options.cas', 'VALUE_INCORRECT_TYPE'],
    [{ data: {}, options: { cas: null } }, 'options.cas', 'VALUE_INCORRECT_TYPE'],
    [{ data: {}, options: 1 }, 'options', 'VALUE_INCORRECT_TYPE'],
    [{ data: {}, read_roles: [{ id: randomUUID() }] }, 'read_roles.0.id', 'INVALID_REQUEST_DATA'],
    [{ data: {}, schema: 'nonesuch' }, 'schema', 'INVALID_REQUEST_DATA'],
  ])('refuses %j for its %s', async (body, property, code) => {
    expect(refusal(await write(await create(), body))).toEqual([400, code, property]);
    expect(refusal(await write(uniqueName('kv'), body))).toEqual([400, code, property]);
  });

  test('refuses content above the limit', async () => {
    const name = await create();
    expect(refusal(await write(name, { data: { v: 'x'.repeat(1_048_576) } }))).toEqual([
      413,
      'OUT_OF_RESOURCES',
      'data',
    ]);
    expect(await versionsOf(name)).toHaveLength(1);
  });
});

describe('check-and-set', () => {
  test('0 wants that there is none, n that n is the newest', async () => {
    const name = uniqueName('cas');
    const cas = (version: number) =>
      write(name, { data: { version }, options: { cas: version }, read_roles: [vault.role] });
    const conflict = [409, 'VERSION_CONFLICT', 'options.cas'];
    expect(refusal(await cas(1))).toEqual(conflict);
    expect((await cas(0)).status).toBe(200);
    expect(refusal(await cas(0))).toEqual(conflict);
    expect(refusal(await cas(2))).toEqual(conflict);
    expect(refusal(await cas(9_007_199_254_740_991))).toEqual(conflict);
    expect((await cas(1)).body['version']).toBe(2);
    expect(refusal(await cas(1))).toEqual(conflict);
    await vault.call('DELETE', versioned('data', name));
    expect(refusal(await cas(0))).toEqual(conflict);
    expect((await cas(2)).body['version']).toBe(3);
  });

  test('is demanded of writers on both APIs where the secret demands it', async () => {
    const name = await create();
    await vault.call('POST', versioned('metadata', name), { body: { cas_required: true } });
    const demanded = [400, 'REQUIRED_VALUE_MISSING', 'options.cas'];
    expect(refusal(await write(name, { data: { v: 2 } }))).toEqual(demanded);
    expect(refusal(await vault.call('PUT', pathOf(name), { body: { data: { v: 2 } } }))).toEqual(demanded);
    const any = { body: { data: { v: 2 } }, headers: { 'if-match': '*' } };
    expect(refusal(await vault.call('PUT', pathOf(name), any))).toEqual(demanded);
    expect((await write(name, { data: { v: 2 }, options: { cas: 1 } })).status).toBe(200);
    const etag = String((await vault.call('GET', pathOf(name))).headers['etag']);
    const matching = { body: { data: { v: 3 } }, headers: { 'if-match': etag } };
    expect((await vault.call('PUT', pathOf(name), matching)).status).toBe(200);
    expect((await act('delete', name, 1)).status).toBe(200);
    await vault.call('POST', versioned('metadata', name), { body: { cas_required: false } });
    expect((await write(name, { data: { v: 4 } })).status).toBe(200);
  });

  test('of many writers with the same version on two replicas exactly one wins, in each round', async () => {
    const replica = await vault.startReplica();
    const names = [await create(), uniqueName('cas/new/folder')];
    for (const name of names) {
      const start = ((await describeSecret(name))['metadata'] as { current_version: number } | undefined)
        ?.current_version;
      for (let round = 0; round < 25; round += 1) {
        const cas = (start ?? 0) + round;
        const writers = Array.from({ length: 6 }, (_, index) => index);
        const answers = await Promise.all(
          writers.map(writer => {
            const body = { data: { writer, cas }, options: { cas }, read_roles: [vault.role] };
            return vault.call(
              'POST',
              versioned('data', name),
              { body },
              writer % 2 === 0 ? vault.url : replica.url,
            );
          }),
        );
        const won = writers.filter(writer => answers[writer]?.status === 200);
        const lost = answers.filter(answer => answer.body['error_code'] === 'VERSION_CONFLICT');
        expect([won.length, lost.length]).toEqual([1, writers.length - 1]);
        expect((await read(name)).body).toMatchObject({
          data: { writer: won[0], cas },
          metadata: { version: cas + 1 },
        });
      }
    }
    await replica.stop();
  });
});

describe('a deleted version', () => {
  test('is 404 with its metadata, can be undeleted, and leaves the others readable', async () => {
    const name = await create(3);
    clock = at(60);
    expect(await act('delete', name, 2, 9)).toMatchObject({ status: 200, text: '' });
    const gone = await read(name, 2);
    expect([gone.status, gone.body]).toEqual([
      404,
      {
        error_code: 'OBJECT_NOT_FOUND',
        error_message: 'Secret not found',
        metadata: { ...V(2), deletion_time: at(60).toISOString() },
        request_id: expect.any(String),
      },
    ]);
    expect((await read(name)).body['data']).toEqual({ v: 3 });
    clock = at(90);
    // Deleting again does not move the time.
    await act('delete', name, 2);
    expect((await read(name, 2)).body['metadata']).toMatchObject({ deletion_time: at(60).toISOString() });
    expect((await act('undelete', name, 2)).status).toBe(200);
    expect((await read(name, 2)).body).toEqual({ data: { v: 2 }, metadata: V(2) });
  });

  test('that is the newest reads as absent on the plain API, and the next write goes on from it', async () => {
    for (const again of ['POST', 'PUT', 'versioned'] as const) {
      const name = await create(2);
      expect(await vault.call('DELETE', versioned('data', name))).toMatchObject({ status: 200, text: '' });
      const plain = await vault.call('GET', pathOf(name));
      expect(plain.body).toEqual({
        error_code: 'OBJECT_NOT_FOUND',
        error_message: 'Secret not found',
        request_id: expect.any(String),
      });
      expect((await read(name)).body['metadata']).toMatchObject({ version: 2 });
      expect((await vault.call('GET', pathOf(name, METADATA))).status).toBe(200);
      const body = { name, data: { v: 3 }, read_roles: [vault.role], write_roles: [vault.role] };
      const written =
        again === 'POST'
          ? await vault.call('POST', SECRETS, { body })
          : again === 'PUT'
            ? await vault.call('PUT', pathOf(name), { body })
            : await write(name, { data: { v: 3 } });
      expect([again, written.status]).toEqual([again, again === 'POST' ? 201 : 200]);
      expect((await vault.call('GET', pathOf(name))).body).toMatchObject({ version: 3, data: { v: 3 } });
      expect((await read(name, 1)).body['data']).toEqual({ v: 1 });
    }
  });

  test('that is the newest can be created anew by whoever may write it, and by nobody else', async () => {
    const other = vault.addRole('other');
    const name = await create();
    await vault.call('DELETE', versioned('data', name));
    const post = async (roles: string[], lists: object) => {
      const as = await vault.issuer.bearer({ roles, permissions: ['vault-add'] });
      return vault.call('POST', SECRETS, { as, body: { name, data: { v: 2 }, ...lists } });
    };
    const same = { read_roles: [vault.role], write_roles: [vault.role] };
    expect(refusal(await post([other.id], same))).toEqual([409, 'VALUE_DUPLICATE', 'name']);
    // It would take readers away, which is not a writer's to do.
    expect(refusal(await post([vault.role.id], {}))).toEqual([403, 'PERMISSION_DENIED', undefined]);
    expect((await post([vault.role.id], same)).status).toBe(201);
    expect(refusal(await post([vault.role.id], same))).toEqual([409, 'VALUE_DUPLICATE', 'name']);
  });
});

describe('a destroyed version', () => {
  test('is gone for good, from the table too', async () => {
    const name = await create(2);
    clock = at(30);
    expect(await act('destroy', name, 2, 1_000)).toMatchObject({ status: 200, text: '' });
    const gone = await read(name);
    expect([gone.status, gone.body['metadata']]).toEqual([404, { ...V(2), destroyed: true }]);
    await act('undelete', name, 2);
    await act('delete', name, 2);
    expect((await read(name, 2)).body['metadata']).toEqual({ ...V(2), destroyed: true });
    expect((await vault.call('GET', pathOf(name))).status).toBe(404);
    expect((await read(name, 1)).body['data']).toEqual({ v: 1 });
    const rows = await vault.superuser.query(
      `SELECT v.version, v.ciphertext, v.key_id, v.wrapped_key, v.destroyed_at FROM secret_versions v
       JOIN secrets s ON s.id = v.secret_id WHERE s.name = $1 ORDER BY v.version DESC LIMIT 1`,
      [name],
    );
    expect(rows).toEqual([
      { version: 2, ciphertext: null, key_id: null, wrapped_key: null, destroyed_at: at(30) },
    ]);
    expect((await write(name, { data: { v: 3 } })).body['version']).toBe(3);
  });

  test('may have been deleted before, and shows both', async () => {
    const name = await create(1);
    await act('delete', name, 1);
    await act('destroy', name, 1);
    expect((await versionsOf(name))[0]).toEqual({
      ...V(1),
      deletion_time: START.toISOString(),
      destroyed: true,
    });
  });
});

describe('versions that never were', () => {
  test('are 404 without metadata, as those that were dropped', async () => {
    const name = await create(12);
    for (const version of [1, 2, 13, 2_147_483_647]) {
      const { status, body } = await read(name, version);
      expect([version, status, body['error_message'], 'metadata' in body]).toEqual([
        version,
        404,
        'Secret not found',
        false,
      ]);
    }
    expect((await read(name, 3)).status).toBe(200);
  });

  test.each(['-1', '2147483648', '1e400', '1.5', 'newest', ''])('?version=%s is refused', async version => {
    const answer = await vault.call('GET', `${versioned('data', await create())}?version=${version}`);
    expect([answer.status, answer.body['property']]).toEqual([400, 'version']);
  });

  test.each([
    [{}],
    [{ versions: null }],
    [{ versions: [] }],
    [{ versions: [0] }],
    [{ versions: ['1'] }],
    [{ versions: [2_147_483_648] }],
    [{ versions: Array.from({ length: 1_001 }, () => 1) }],
  ])('%j names none that could be deleted', async body => {
    const name = await create();
    for (const what of ['delete', 'undelete', 'destroy'] as const) {
      const answer = await vault.call('POST', versioned(what, name), { body });
      expect([what, answer.status]).toEqual([what, 400]);
      expect(answer.body['property']).toMatch(/^versions/);
    }
  });
});

describe('metadata', () => {
  test('says how versions are kept, and which there are', async () => {
    const author = randomUUID();
    const as = await vault.issuer.bearer({
      sub: author,
      permissions: ['vault-manage'],
      roles: [vault.role.id],
    });
    const name = uniqueName('kv');
    const body = { data: { v: 1 }, read_roles: [vault.role] };
    await vault.call('POST', versioned('data', name), { as, body });
    clock = at(10);
    const body2 = { max_versions: 3, delete_version_after: '1h30m', cas_required: false };
    const changed = await vault.call('POST', versioned('metadata', name), {
      as,
      body: { ...body2, current_version: 7 },
    });
    const M = {
      created: START.toISOString(),
      created_by: author,
      updated: at(10).toISOString(),
      updated_by: author,
      current_version: 1,
      oldest_version: 1,
      max_versions: 3,
      delete_version_after: '1h30m0s',
      cas_required: false,
    };
    expect([changed.status, changed.body]).toEqual([200, M]);
    expect(await describeSecret(name)).toEqual({ metadata: M, versions: [V(1)] });
    clock = at(20);
    const written = await write(name, { data: { v: 2 } });
    expect(written.body).toEqual({ ...V(2, at(20)), deletion_time: at(20 + 5_400).toISOString() });
    expect((await read(name)).body).toEqual({ data: { v: 2 }, metadata: written.body });
  });

  test('of what is absent or null it keeps what was, and 0 is the default', async () => {
    const name = await create();
    const change = (body: object) => vault.call('POST', versioned('metadata', name), { body });
    await change({ max_versions: 5, delete_version_after: 'P1D', cas_required: true });
    const kept = { max_versions: 5, delete_version_after: '24h0m0s', cas_required: true };
    expect((await change({})).body).toMatchObject(kept);
    const none = { max_versions: null, delete_version_after: null, cas_required: null };
    expect((await change(none)).body).toMatchObject(kept);
    expect((await change({ max_versions: 0, delete_version_after: '0s' })).body).toMatchObject({
      max_versions: 10,
      delete_version_after: '0s',
    });
  });

  test('a lower limit drops the oldest at once, a higher one brings none back', async () => {
    const name = await create(8);
    const limit = async (max: number) => {
      const { body } = await vault.call('POST', versioned('metadata', name), { body: { max_versions: max } });
      return [body['oldest_version'], (await versionsOf(name)).map(({ version }) => version)];
    };
    expect(await limit(3)).toEqual([6, [6, 7, 8]]);
    expect(await limit(5)).toEqual([6, [6, 7, 8]]);
    await write(name, { data: { v: 9 } });
    expect((await versionsOf(name)).map(({ version }) => version)).toEqual([6, 7, 8, 9]);
    expect(await limit(1)).toEqual([9, [9]]);
  });

  test.each([
    [{ max_versions: -1 }, 'max_versions', 'VALUE_OUT_OF_BOUNDS'],
    [{ max_versions: 1_001 }, 'max_versions', 'VALUE_OUT_OF_BOUNDS'],
    [{ max_versions: '3' }, 'max_versions', 'VALUE_INCORRECT_TYPE'],
    [{ delete_version_after: 60 }, 'delete_version_after', 'VALUE_INCORRECT_TYPE'],
    [{ delete_version_after: '' }, 'delete_version_after', 'VALUE_INCORRECT_FORMAT'],
    [{ delete_version_after: '-1h' }, 'delete_version_after', 'VALUE_INCORRECT_FORMAT'],
    [{ delete_version_after: '1500ms' }, 'delete_version_after', 'VALUE_INCORRECT_FORMAT'],
    [{ delete_version_after: '876001h' }, 'delete_version_after', 'VALUE_OUT_OF_BOUNDS'],
    [{ cas_required: 'yes' }, 'cas_required', 'VALUE_INCORRECT_TYPE'],
  ])('refuses %j for its %s', async (body, property, code) => {
    const name = await create();
    const answer = await vault.call('POST', versioned('metadata', name), { body });
    expect(refusal(answer)).toEqual([400, code, property]);
  });

  test('is of a secret that is there: a POST makes none', async () => {
    const name = uniqueName('kv');
    const answer = await vault.call('POST', versioned('metadata', name), { body: { max_versions: 3 } });
    expect(refusal(answer)).toEqual([404, 'OBJECT_NOT_FOUND', undefined]);
    expect((await vault.call('GET', pathOf(name, METADATA))).status).toBe(404);
  });

  test('its DELETE takes the secret and all versions away for good', async () => {
    const name = await create(3);
    expect(await vault.call('DELETE', versioned('metadata', name))).toMatchObject({ status: 200, text: '' });
    for (const version of [undefined, 1]) expect((await read(name, version)).status).toBe(404);
    expect((await vault.call('GET', versioned('metadata', name))).status).toBe(404);
    expect((await vault.call('GET', pathOf(name))).status).toBe(404);
    expect((await write(name, { data: {} })).body['version']).toBe(1);
  });
});

describe('delete_version_after', () => {
  test('deletes versions that are written from then on, each by its own age; undeleting keeps them', async () => {
    const name = await create();
    await vault.call('POST', versioned('metadata', name), { body: { delete_version_after: '60s' } });
    await write(name, { data: { v: 2 } });
    clock = at(30);
    await write(name, { data: { v: 3 } });
    const status = async (version: number) => (await read(name, version)).status;
    const all = async () => [await status(1), await status(2), await status(3)];
    expect(await all()).toEqual([200, 200, 200]);
    clock = at(60);
    expect(await all()).toEqual([200, 404, 200]);
    clock = at(90);
    expect(await all()).toEqual([200, 404, 404]);
    expect((await vault.call('GET', pathOf(name))).status).toBe(404);
    await act('undelete', name, 2);
    clock = at(500);
    expect(await all()).toEqual([200, 200, 404]);
  });
});

describe('acts at once', () => {
  test('deleting, undeleting and writing on two replicas: each happens, and none undoes a write', async () => {
    const replica = await vault.startReplica();
    const name = await create();
    const calls = Array.from({ length: 24 }, (_, index) => {
      const url = index % 2 === 0 ? vault.url : replica.url;
      return index % 3 === 0
        ? vault.call('POST', versioned('data', name), { body: { data: { index } } }, url)
        : vault.call(
            'POST',
            versioned(index % 3 === 1 ? 'delete' : 'undelete', name),
            { body: { versions: [1] } },
            url,
          );
    });
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual(calls.map(() => 200));
    const [row] = await vault.superuser.query<{ revision: string; current_version: number }>(
      'SELECT revision, current_version FROM secrets WHERE name = $1',
      [name],
    );
    expect(row).toEqual({ revision: '25', current_version: 9 });
    await replica.stop();
  });

  test('a POST that is sent again under its idempotency key changes nothing', async () => {
    const name = uniqueName('kv');
    const twice = async (path: string, body: unknown) => {
      const headers = { 'idempotency-key': randomUUID() };
      const answers = [
        await vault.call('POST', path, { body, headers }),
        await vault.call('POST', path, { body, headers }),
      ];
      expect(answers[1]).toMatchObject({ status: 200, text: answers[0]?.text });
      const reused = await vault.call('POST', path, { body: { versions: [7], data: { other: 1 } }, headers });
      expect(refusal(reused)).toEqual([400, 'INVALID_REQUEST_DATA', 'Idempotency-Key']);
    };
    await twice(versioned('data', name), {
      data: { v: 1 },
      read_roles: [vault.role],
      write_roles: [vault.role],
    });
    await twice(versioned('data', name), { data: { v: 2 }, options: { cas: 1 } });
    await twice(versioned('metadata', name), { max_versions: 4 });
    for (const what of ['delete', 'undelete', 'destroy'] as const) {
      await twice(versioned(what, name), { versions: [1] });
    }
    const [row] = await vault.superuser.query(
      'SELECT revision, current_version FROM secrets WHERE name = $1',
      [name],
    );
    expect(row).toEqual({ revision: '6', current_version: 2 });
  });
});
