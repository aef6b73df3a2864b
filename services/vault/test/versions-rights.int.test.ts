import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestVault, uniqueName, versioned, type TestVault } from './support.ts';

/** Who may do what on the versioned API, and what of it is on the record. */

const CALLERS = ['none', 'adder', 'reader', 'writer', 'folder reader', 'folder writer', 'manager'] as const;
type Who = (typeof CALLERS)[number];

let vault: TestVault;
let bearers: Record<Who, string>;
let reader: { id: string; name: string };
let writer: { id: string; name: string };
const folder = uniqueName('guarded');
const caller = { sub: randomUUID(), sid: randomUUID(), name: 'the auditee' };

beforeAll(async () => {
  vault = await startTestVault();
  reader = vault.addRole('reader');
  writer = vault.addRole('writer');
  const [folderReader, folderWriter, other] = ['fr', 'fw', 'other'].map(name => vault.addRole(name).id);
  const bearer = (roles: (string | undefined)[], ...permissions: string[]) =>
    vault.issuer.bearer({ ...caller, roles: roles.map(String), permissions });
  bearers = {
    none: await bearer([other], 'roles-manage', 'settings-manage'),
    adder: await bearer([other], 'vault-add'),
    reader: await bearer([reader.id]),
    writer: await bearer([writer.id]),
    'folder reader': await bearer([folderReader]),
    'folder writer': await bearer([folderWriter]),
    manager: await bearer([], 'vault-manage'),
  };
  await create();
  await vault.superuser.query(
    `UPDATE folders SET read_roles = $2, effective_read_roles = $2, write_roles = $3, effective_write_roles = $3
     WHERE path = $1`,
    [folder, [folderReader], [folderWriter]],
  );
});
afterAll(() => vault.stop());

/** Two versions, the first one deleted. */
async function create(): Promise<string> {
  const name = `${folder}/${uniqueName('s')}`;
  const body = { data: { marker: 'plum-7141' }, read_roles: [reader], write_roles: [writer] };
  expect((await vault.call('POST', versioned('data', name), { body })).status).toBe(200);
  await vault.call('POST', versioned('delete', name), { body: { versions: [1] } });
  await vault.call('POST', versioned('data', name), { body: { data: { marker: 'plum-7142' } } });
  return name;
}

type Call = (name: string) => [method: string, path: string, body?: unknown];
const versions = { versions: [1, 2] };
/** Expected statuses in the order of CALLERS. 404: the caller may not even know of it. */
const MATRIX: [string, Call, number[], string][] = [
  ['read', name => ['GET', versioned('data', name)], [404, 404, 200, 403, 200, 403, 403], 'Secret-read'],
  [
    'read an older one',
    name => ['GET', `${versioned('data', name)}?version=1`],
    [404, 404, 404, 403, 404, 403, 403],
    'Secret-access-denied',
  ],
  [
    'read one that never was',
    name => ['GET', `${versioned('data', name)}?version=9`],
    [404, 404, 404, 403, 404, 403, 403],
    'Secret-access-denied',
  ],
  [
    'write',
    name => ['POST', versioned('data', name), { data: {} }],
    [403, 403, 403, 200, 403, 200, 200],
    'Secret-updated',
  ],
  [
    'write with other roles',
    name => ['POST', versioned('data', name), { data: {}, read_roles: [writer] }],
    [403, 403, 403, 403, 403, 403, 200],
    'Secret-updated',
  ],
  [
    'delete the newest',
    name => ['DELETE', versioned('data', name)],
    [404, 404, 403, 200, 403, 200, 200],
    'Secret-versions-deleted',
  ],
  [
    'delete',
    name => ['POST', versioned('delete', name), versions],
    [404, 404, 403, 200, 403, 200, 200],
    'Secret-versions-deleted',
  ],
  [
    'undelete',
    name => ['POST', versioned('undelete', name), versions],
    [404, 404, 403, 200, 403, 200, 200],
    'Secret-versions-undeleted',
  ],
  [
    'destroy',
    name => ['POST', versioned('destroy', name), versions],
    [404, 404, 403, 403, 403, 403, 200],
    'Secret-versions-destroyed',
  ],
  [
    'describe',
    name => ['GET', versioned('metadata', name)],
    [404, 404, 200, 200, 200, 200, 200],
    'Secret-metadata-read',
  ],
  [
    'set limits',
    name => ['POST', versioned('metadata', name), { max_versions: 1 }],
    [404, 404, 403, 200, 403, 200, 200],
    'Secret-versioning-modified',
  ],
  [
    'delete for good',
    name => ['DELETE', versioned('metadata', name)],
    [404, 404, 403, 403, 403, 403, 200],
    'Secret-deleted',
  ],
];

describe('on a secret with roles of its own, in a folder with roles', () => {
  test.each(MATRIX)('%s', async (_what, makeCall, expected, event) => {
    for (const [index, who] of CALLERS.entries()) {
      const name = await create();
      const state = () =>
        vault.superuser.query(
          `SELECT s.*, v.* FROM secrets s JOIN secret_versions v ON v.secret_id = s.id
           WHERE s.name = $1 ORDER BY v.version`,
          [name],
        );
      const before = await state();
      const [method, path, body] = makeCall(name);
      const id = randomUUID();
      const answer = await vault.call(method, path, {
        as: bearers[who],
        headers: { 'x-request-id': id },
        ...(body === undefined ? {} : { body }),
      });
      expect([who, answer.status]).toEqual([who, expected[index]]);
      if (answer.status !== 200) {
        expect(answer.text).not.toContain('plum-');
        expect(await state()).toEqual(before);
      }
      const records = (await vault.trail()).filter(({ message }) => message['requestID'] === id);
      expect(records.map(record => record.name)).toEqual([
        answer.status === 200 ? event : 'Secret-access-denied',
      ]);
      expect(records[0]?.message).toMatchObject({ userID: caller.sub, secret: name });
      expect(JSON.stringify(records)).not.toContain('plum-');
    }
  });

  test('what the caller may not know of reads like what is not there', async () => {
    const hidden = await create();
    const absent = `${folder}/${uniqueName('s')}`;
    for (const [, makeCall] of MATRIX) {
      const bodies = [];
      for (const name of [hidden, absent]) {
        const [method, path, body] = makeCall(name);
        const options = { as: bearers.none, ...(body === undefined ? {} : { body }) };
        const { request_id, ...rest } = (await vault.call(method, path, options)).body;
        expect(request_id).toEqual(expect.any(String));
        bodies.push(rest);
      }
      expect(bodies[0]).toEqual(bodies[1]);
    }
  });

  test('of a deleted version its metadata is for those who may read, and for nobody else', async () => {
    const name = await create();
    for (const who of CALLERS) {
      const { body } = await vault.call('GET', `${versioned('data', name)}?version=1`, { as: bearers[who] });
      expect([who, 'metadata' in body]).toEqual([who, who === 'reader' || who === 'folder reader']);
    }
  });

  test('the records tell which versions, and how they are kept', async () => {
    const name = await create();
    await vault.call('POST', versioned('delete', name), { body: { versions: [1, 2, 9] } });
    await vault.call('POST', versioned('destroy', name), { body: { versions: [2, 1] } });
    const body = { max_versions: 1, delete_version_after: '1h', cas_required: true };
    await vault.call('POST', versioned('metadata', name), { body });
    const records = (await vault.trail()).filter(({ message }) => message['secret'] === name).slice(-3);
    expect(records.map(record => record.message['secretVersions'])).toEqual(['2', '1 2', undefined]);
    expect(records[2]?.message).toMatchObject({
      maxVersions: '1',
      deleteVersionAfterSeconds: '3600',
      casRequired: 'true',
      droppedVersions: '1',
    });
  });
});

describe('making a secret by writing it', () => {
  test.each<[Who, number, number]>([
    ['none', 403, 403],
    ['reader', 403, 403],
    ['adder', 200, 403],
    ['folder writer', 403, 403],
    ['manager', 200, 200],
  ])('%s: %i at the top, %i in a folder that names writers', async (who, top, inFolder) => {
    const write = async (name: string) =>
      (await vault.call('POST', versioned('data', name), { as: bearers[who], body: { data: {} } })).status;
    expect([await write(uniqueName('top')), await write(`${folder}/${uniqueName('s')}`)]).toEqual([
      top,
      inFolder,
    ]);
  });

  test('under a name that is taken, by somebody who may not know of it: 409, as on the plain API', async () => {
    const name = uniqueName('top');
    await vault.call('POST', versioned('data', name), { body: { data: {} } });
    for (const body of [{ data: {} }, { data: {}, options: { cas: 0 } }]) {
      const answer = await vault.call('POST', versioned('data', name), { as: bearers.adder, body });
      expect([answer.status, answer.body['error_code']]).toEqual([409, 'VALUE_DUPLICATE']);
    }
    for (const path of [name, uniqueName('absent')]) {
      const body = { data: {}, options: { cas: 1 } };
      const answer = await vault.call('POST', versioned('data', path), { as: bearers.adder, body });
      expect([answer.status, answer.body['error_code']]).toEqual([409, 'VERSION_CONFLICT']);
    }
  });
});
