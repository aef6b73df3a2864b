import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { fileOf, filesOf, FILES, type Files } from './files.ts';
import { pathOf, SECRETS, startTestVault, uniqueName, type TestVault } from './support.ts';

const CALLERS = ['none', 'reader', 'writer', 'both', 'manager'] as const;
type Who = (typeof CALLERS)[number];

let vault: TestVault;
let files: Files;
let bearers: Record<Who, string>;
let lists: { read_roles: object[]; write_roles: object[] };

const caller = { sub: randomUUID(), sid: randomUUID(), name: 'the auditee' };

beforeAll(async () => {
  vault = await startTestVault();
  files = await filesOf(vault);
  const [reader, writer] = [vault.addRole('reader'), vault.addRole('writer')];
  const bearer = (roles: string[], ...permissions: string[]) =>
    vault.issuer.bearer({ ...caller, roles, permissions });
  bearers = {
    none: await bearer([], 'vault-add'),
    reader: await bearer([reader.id]),
    writer: await bearer([writer.id]),
    both: await bearer([reader.id, writer.id]),
    manager: await bearer([], 'vault-manage'),
  };
  lists = { read_roles: [vault.role, reader], write_roles: [writer] };
});
afterAll(() => vault.stop());

/** A secret with a file, that only the callers of above may use. */
async function create(): Promise<{ name: string; fileID: string }> {
  const name = uniqueName('guarded');
  await vault.call('POST', SECRETS, { body: { name, data: { hidden: 'plum-7141' }, ...lists } });
  const stored = await files.put(name, Buffer.from('plum-7142'));
  return { name, fileID: String(fileOf(stored)['id']) };
}

const path = (name: string) => pathOf(name, FILES);

/** Statuses in the order of CALLERS, and what an allowed act leaves on the record. */
const MATRIX: [method: string, statuses: number[], events: string[]][] = [
  ['GET', [404, 200, 403, 200, 403], ['File-read']],
  ['PUT', [404, 403, 200, 200, 200], ['Secret-updated', 'File-stored']],
  ['DELETE', [404, 403, 200, 200, 200], ['Secret-updated', 'File-removed']],
];

describe('a file of a secret with one read and one write role', () => {
  test.each(MATRIX)('%s', async (method, statuses, events) => {
    for (const [index, who] of CALLERS.entries()) {
      const { name, fileID } = await create();
      const before = await files.rows();
      const id = randomUUID();
      const response = await fetch(`${vault.url}${path(name)}`, {
        method,
        headers: { authorization: bearers[who], 'x-request-id': id, 'x-forwarded-for': '192.0.2.7' },
        ...(method === 'PUT' ? { body: 'plum-7143' } : {}),
      });
      const text = await response.text();
      expect([who, response.status]).toEqual([who, statuses[index]]);
      const records = (await vault.trail()).filter(record => record.message['requestID'] === id);
      const message = {
        userID: caller.sub,
        sessionID: caller.sid,
        remoteAddress: '192.0.2.7',
        secret: name,
      };
      if (response.status !== 200) {
        expect(text).not.toContain('plum');
        expect(await files.rows()).toEqual(before);
        const reason = response.status === 404 ? 'OBJECT_NOT_FOUND' : 'PERMISSION_DENIED';
        expect(records).toMatchObject([{ name: 'Secret-access-denied', message: { ...message, reason } }]);
        continue;
      }
      expect(text.includes('plum-7142')).toBe(method === 'GET');
      // A writer need not be a reader, and does not become one by writing.
      expect(text).not.toContain('plum-7141');
      expect(records.map(record => record.name)).toEqual(events);
      for (const record of records) {
        expect(record.message).toMatchObject({
          ...message,
          secretID: expect.stringMatching(/^[0-9a-f-]{36}$/),
        });
        expect(record.message['secretVersion']).toBe(method === 'GET' ? '2' : '3');
        expect(JSON.stringify(record)).not.toContain('plum');
      }
      if (method === 'GET') expect(records[0]?.message['fileID']).toBe(fileID);
      if (method === 'PUT') expect(records[1]?.message).toMatchObject({ size: '9' });
    }
  });

  test.each(['GET', 'PUT', 'DELETE'])('%s without a token: 401, whatever is sent', async method => {
    const { name } = await create();
    const before = await files.rows();
    const body = method === 'PUT' ? { body: Buffer.alloc(1_000_000) } : {};
    for (const as of [null, 'Bearer x']) {
      expect((await vault.call(method, path(name), { as, ...body })).status).toBe(401);
    }
    expect(await files.rows()).toEqual(before);
  });
});

test('an act that cannot be recorded does not happen', async () => {
  const { name } = await create();
  const before = await files.rows();
  await vault.superuser.query('ALTER TABLE outbox RENAME TO elsewhere');
  const answers = [
    await files.put(name, Buffer.from('x')),
    await vault.call('DELETE', path(name)),
    await vault.call('GET', path(name), { as: files.as }),
  ];
  await vault.superuser.query('ALTER TABLE elsewhere RENAME TO outbox');
  expect(answers.map(({ status, body }) => [status, body['error_code']])).toEqual(
    answers.map(() => [503, 'AUDIT_UNAVAILABLE']),
  );
  expect(await files.rows()).toEqual(before);
});

test('what is in a file, what it is called and its hash are in no table, on no bus and in no error', async () => {
  const marker = `canary-${randomBytes(12).toString('hex')}`;
  const name = await files.create();
  const query = `?field=${marker}-field&filename=${marker}-name`;
  const type = { 'content-type': `text/${marker}`, 'idempotency-key': randomUUID() };
  const stored = await files.put(name, Buffer.from(marker), query, type);
  expect(stored.status).toBe(200);
  const hash = String(fileOf(stored)['sha256']);
  expect((await files.get(name, query)).bytes.toString()).toBe(marker);
  const refusals = [
    await files.put(name, Buffer.from(marker), `${query}/..`, type),
    await files.put(name, Buffer.from(marker), query, { 'content-type': marker }),
    await vault.call('PUT', pathOf(name), { body: { data: { [marker]: { file: { id: marker } } } } }),
    await vault.call('GET', `${path(name)}?field=${marker}`, { as: files.as }),
    await vault.call('GET', `${path(name)}?field=${marker}&version=${marker}`, { as: files.as }),
    await vault.call('PUT', `${path(name)}?field=${marker}`, { as: bearers.none, body: marker }),
  ];
  expect(refusals.map(({ status }) => status)).toEqual([400, 400, 400, 404, 400, 404]);
  await vault.trail();
  const rows = await vault.superuser.query<{ row: string }>(
    `SELECT t::text AS row FROM files t UNION ALL SELECT t::text FROM file_chunks t
     UNION ALL SELECT t::text FROM version_files t UNION ALL SELECT t::text FROM secret_versions t
     UNION ALL SELECT t::text FROM idempotency_keys t UNION ALL SELECT t::text FROM outbox t`,
  );
  const places = {
    rows: rows.map(({ row }) => row).join(),
    bus: JSON.stringify(vault.events),
    refusals: JSON.stringify(refusals),
  };
  expect(places.rows).toContain(String(fileOf(stored)['id']));
  for (const value of [marker, hash]) {
    for (const form of [value, Buffer.from(value).toString('hex'), Buffer.from(value).toString('base64')]) {
      for (const [place, text] of Object.entries(places)) {
        expect([place, text.includes(form)]).toEqual([place, false]);
      }
    }
  }
});
