import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  METADATA,
  pathOf,
  SEARCH,
  SECRETS,
  startTestVault,
  uniqueName,
  type Answer,
  type TestVault,
} from './support.ts';

let vault: TestVault;
const caller = { sub: randomUUID(), sid: randomUUID(), name: 'the auditee' };
let manager: string;
let stranger: string;

beforeAll(async () => {
  vault = await startTestVault();
  const permissions = ['vault-add', 'vault-manage'];
  manager = await vault.issuer.bearer({ ...caller, roles: [vault.role.id], permissions });
  stranger = await vault.issuer.bearer(caller);
});
afterAll(() => vault.stop());

const lists = () => ({ read_roles: [vault.role], write_roles: [vault.role] });

async function create(): Promise<string> {
  const name = uniqueName('audited');
  const body = { name, data: { v: 'plum-5510' }, ...lists() };
  expect((await vault.call('POST', SECRETS, { body })).status).toBe(201);
  return name;
}

/** Makes the call and returns its only record. */
async function recorded(as: string, method: string, path: string, body?: unknown) {
  const id = randomUUID();
  const answer = await vault.call(method, path, {
    as,
    headers: { 'x-request-id': id, 'x-forwarded-for': '192.0.2.7' },
    ...(body === undefined ? {} : { body }),
  });
  const records = (await vault.trail()).filter(record => record.message['requestID'] === id);
  expect(records).toHaveLength(1);
  expect(JSON.stringify(records)).not.toContain('plum-5510');
  return { answer, record: records[0]! };
}

describe('every answered call on secrets leaves exactly one record', () => {
  const who = {
    'SSH-PrivX-service': 'vault',
    userID: caller.sub,
    username: caller.name,
    sessionID: caller.sid,
    remoteAddress: '192.0.2.7',
  };
  const acts: [
    what: string,
    method: string,
    path: (name: string) => string,
    event: string,
    body: object | undefined,
  ][] = [
    ['read', 'GET', pathOf, 'Secret-read', undefined],
    ['describe', 'GET', name => pathOf(name, METADATA), 'Secret-metadata-read', undefined],
    ['write data', 'PUT', pathOf, 'Secret-updated', { data: { v: 'plum-5510' } }],
    ['write roles', 'PUT', pathOf, 'Secret-updated', { read_roles: null }],
    ['delete', 'DELETE', pathOf, 'Secret-deleted', undefined],
  ];

  test('create', async () => {
    const body = { name: uniqueName('audited'), data: { v: 'plum-5510' } };
    const { answer, record } = await recorded(manager, 'POST', SECRETS, body);
    expect(answer.status).toBe(201);
    expect(record).toMatchObject({ name: 'Secret-created', message: { ...who, secret: body.name } });
  });

  test.each(acts)('%s', async (_what, method, path, event, body) => {
    const name = await create();
    const { answer, record } = await recorded(manager, method, path(name), body);
    expect(answer.status).toBe(200);
    expect(record).toMatchObject({ name: event, message: { ...who, secret: name } });
    expect(record.message['secretID']).toMatch(/^[0-9a-f-]{36}$/);
  });

  test.each(acts)('%s, refused to a stranger', async (_what, method, path, _event, body) => {
    const name = await create();
    const { answer, record } = await recorded(stranger, method, path(name), body);
    expect(answer.status).toBe(404);
    expect(record.name).toBe('Secret-access-denied');
    expect(record.message).toMatchObject({ ...who, secret: name, reason: 'OBJECT_NOT_FOUND' });
  });

  test('a refusal for lack of rights says so, and so does a name that is taken', async () => {
    const name = await create();
    const reader = await vault.issuer.bearer({ ...caller, permissions: ['vault-manage'] });
    const reading = await recorded(reader, 'GET', pathOf(name));
    expect(reading.record.name).toBe('Secret-access-denied');
    expect(reading.record.message).toMatchObject({ ...who, secret: name, reason: 'PERMISSION_DENIED' });

    const adder = await vault.issuer.bearer({ ...caller, permissions: ['vault-add'] });
    const adding = await recorded(adder, 'POST', SECRETS, { name });
    expect(adding.answer.status).toBe(409);
    expect(adding.record.name).toBe('Secret-access-denied');
    expect(adding.record.message).toMatchObject({ ...who, secret: name, reason: 'VALUE_DUPLICATE' });
  });

  test.each([
    ['GET', SECRETS, undefined, ''],
    ['POST', SEARCH, { keywords: 'au,dit' }, 'au dit'],
    ['POST', SEARCH, { filter: 'personal' }, ''],
    ['POST', SEARCH, { owner_id: ['someone'] }, ''],
  ] as const)('%s %s %j', async (method, path, body, keywords) => {
    const { answer, record } = await recorded(manager, method, path, body);
    expect(answer.status).toBe(200);
    const found = String(answer.body['count']);
    expect(record).toMatchObject({ name: 'Secrets-listed', message: { ...who, keywords, found } });
  });

  test('a request id that is none is replaced, and the answer to an error names it', async () => {
    const { body } = await vault.call('GET', pathOf(uniqueName('absent')), {
      headers: { 'x-request-id': 'not an id' },
    });
    expect(body['request_id']).toMatch(/^[0-9a-f-]{36}$/);
    const records = (await vault.trail()).filter(
      ({ message }) => message['requestID'] === body['request_id'],
    );
    expect(records).toHaveLength(1);
  });
});

test('records of many reads at once are all there', async () => {
  const name = await create();
  const ids = Array.from({ length: 50 }, () => randomUUID());
  const answers = await Promise.all(
    ids.map(id => vault.call('GET', pathOf(name), { headers: { 'x-request-id': id } })),
  );
  expect(answers.map(answer => answer.status)).toEqual(ids.map(() => 200));
  const recorded = (await vault.trail()).map(record => record.message['requestID']);
  expect(ids.filter(id => recorded.filter(found => found === id).length !== 1)).toEqual([]);
});

describe('while no record can be written', () => {
  async function withoutOutbox(breakIt: string, repair: string, work: () => Promise<void>) {
    await vault.superuser.query(breakIt);
    try {
      await work();
    } finally {
      await vault.superuser.query(repair);
    }
  }
  const faults: [string, string, string][] = [
    ['the outbox is gone', 'ALTER TABLE outbox RENAME TO gone', 'ALTER TABLE gone RENAME TO outbox'],
    [
      'it cannot be written',
      'REVOKE INSERT ON outbox FROM strongroom_vault',
      'GRANT INSERT ON outbox TO strongroom_vault',
    ],
  ];
  const expectUnavailable = ({ status, body, headers, text }: Answer) => {
    expect([status, body['error_code']]).toEqual([503, 'AUDIT_UNAVAILABLE']);
    expect(headers['retry-after']).toBe('1');
    expect(text).not.toContain('plum-5510');
  };

  test.each(faults)(
    'because %s: reads are not answered, and go on afterwards',
    async (_what, breakIt, repair) => {
      const name = await create();
      await withoutOutbox(breakIt, repair, async () => {
        for (const path of [pathOf(name), pathOf(name, METADATA), SECRETS, pathOf(uniqueName('absent'))]) {
          expectUnavailable(await vault.call('GET', path));
        }
        expectUnavailable(await vault.call('POST', SEARCH, { body: { keywords: 'audited' } }));
        expectUnavailable(await vault.call('GET', pathOf(name), { as: stranger }));
      });
      expect((await vault.call('GET', pathOf(name))).body['data']).toEqual({ v: 'plum-5510' });
    },
  );

  test.each(faults)('because %s: nothing is written', async (_what, breakIt, repair) => {
    const name = await create();
    const fresh = uniqueName('unrecorded');
    const writes: [string, string, unknown?][] = [
      ['POST', SECRETS, { name: fresh, data: { v: 'plum-5510' }, ...lists() }],
      ['PUT', pathOf(name), { data: { v: 2 } }],
      ['PUT', pathOf(name), { read_roles: [] }],
      ['DELETE', pathOf(name)],
    ];
    await withoutOutbox(breakIt, repair, async () => {
      for (const [method, path, body] of writes) expectUnavailable(await vault.call(method, path, { body }));
    });
    expect((await vault.call('GET', pathOf(fresh))).status).toBe(404);
    expect((await vault.call('GET', pathOf(name))).body).toMatchObject({
      data: { v: 'plum-5510' },
      ...lists(),
    });
    expect((await vault.call('PUT', pathOf(name), { body: { data: { v: 2 } } })).status).toBe(200);
  });
});
