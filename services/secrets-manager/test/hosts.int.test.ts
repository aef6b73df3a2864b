import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { HostBody } from '../src/routes/host-body.ts';
import {
  addRole,
  anyHost,
  HOSTS,
  MASK,
  readHost,
  WHITELISTS,
  withoutStamps,
  type Json,
} from './host-support.ts';
import { startTestSecretsManager, uniqueName, type TestSecretsManager } from './support.ts';

let sm: TestSecretsManager;
const roles: { id: string; name: string }[] = [];
const whitelists: { id: string; name: string }[] = [];

beforeAll(async () => {
  sm = await startTestSecretsManager();
  roles.push(addRole(sm), addRole(sm));
  for (const name of [uniqueName('w'), uniqueName('w')]) {
    whitelists.push({ id: await sm.create(WHITELISTS, { name, type: 'glob' }), name });
  }
});
afterAll(() => sm.stop());

const put = (id: string, body: unknown) => sm.call('PUT', `${HOSTS}/${id}`, { body });

describe('a host', () => {
  const id = () => roles.map(role => role.id);

  test('comes back as it was sent, and putting back what was read changes nothing', async () => {
    const host = anyHost(HostBody, { roles: id(), whitelists: whitelists.map(whitelist => whitelist.id) });
    await fc.assert(
      fc.asyncProperty(host, async sent => {
        const hostId = await sm.create(HOSTS, sent);
        const read = await readHost(sm, hostId);
        expect(read).toMatchObject(expected(sent));
        expect((await put(hostId, read)).status).toBe(200);
        expect(withoutStamps(await readHost(sm, hostId))).toEqual(withoutStamps(read));
        await sm.call('DELETE', `${HOSTS}/${hostId}`);
      }),
      { numRuns: 60 },
    );
  });

  /** What was sent, but for what is null, masked or named by the server. */
  function expected(value: unknown, name = ''): object {
    const each = (inner: unknown, key: string): unknown => {
      if (key === 'passphrase') return inner === '' ? '' : MASK;
      if (key === 'disabled') return inner === '' ? 'false' : inner === 'true' ? 'BY_ADMIN' : inner;
      return typeof inner === 'object' && inner !== null ? expected(inner, key) : inner;
    };
    if (Array.isArray(value)) return value.map(item => each(item, name));
    return Object.fromEntries(
      Object.entries(value as Json).flatMap(([key, inner]) =>
        inner === null ? [] : [[key, each(inner, key)]],
      ),
    );
  }

  test('that says nothing has all that clients read without asking', async () => {
    const answer = await sm.call('POST', HOSTS, { body: {} });
    expect(answer.status).toBe(201);
    const hostId = String(answer.body['id']);
    expect(answer.headers.get('location')).toBe(`${HOSTS}/${hostId}`);
    expect(await readHost(sm, hostId)).toMatchObject({
      id: hostId,
      common_name: '',
      addresses: [],
      principals: [],
      services: [],
      tags: [],
      audit_enabled: false,
      disabled: 'false',
      deployable: false,
      updated_by: sm.caller.sub,
    });
    expect(await readHost(sm, hostId)).not.toHaveProperty('password_rotation');
  });

  test("takes what Go's SDK sends: nulls, read-only members and times before all time", async () => {
    const hostId = await sm.create(HOSTS, {
      id: '',
      common_name: 'go',
      ssh_host_public_keys: null,
      toch: null,
      status: null,
      created: '',
      services: [
        {
          service: 'SSH',
          port: 22,
          status: '',
          created: '0001-01-01T00:00:00Z',
          updated: '0001-01-01T00:00:00Z',
          db: {},
          rds_lb: {},
          rds_broker: {},
        },
      ],
      principals: [
        {
          principal: 'root',
          passphrase: '',
          roles: null,
          applications: null,
          command_restrictions: { enabled: false, default_whitelist: {}, whitelists: null },
        },
      ],
    });
    const { services, principals } = await readHost(sm, hostId);
    expect((services as Json[])[0]).not.toHaveProperty('created');
    expect(principals).toMatchObject([
      {
        roles: [],
        applications: [],
        command_restrictions: { enabled: false, default_whitelist: { id: '', name: '' }, whitelists: [] },
      },
    ]);
  });

  test('shows names of roles and whitelists in the order sent, whatever names were sent', async () => {
    const [one, two] = roles;
    const [first, second] = whitelists;
    const principals = [
      {
        principal: 'root',
        roles: [{ id: two?.id.toUpperCase(), name: 'wrong' }, { id: one?.id }],
        command_restrictions: {
          enabled: true,
          default_whitelist: { id: second?.id },
          whitelists: [{ whitelist: { id: first?.id }, roles: [{ id: one?.id }] }],
        },
      },
    ];
    const hostId = await sm.create(HOSTS, { principals });
    expect((await readHost(sm, hostId))['principals']).toMatchObject([
      {
        roles: [two, one],
        command_restrictions: {
          default_whitelist: second,
          whitelists: [{ whitelist: first, roles: [one] }],
        },
      },
    ]);
  });

  test('keeps a role that was deleted, and says that it was', async () => {
    const role = addRole(sm);
    const principals = [{ principal: 'root', roles: [{ id: role.id }] }];
    const hostId = await sm.create(HOSTS, { principals });
    sm.issuer.roles.splice(sm.issuer.roles.indexOf(role), 1);
    const fresh = addRole(sm);
    // Naming a role that is not known here makes the service ask auth anew.
    await sm.create(HOSTS, { principals: [{ roles: [{ id: fresh.id }] }] });
    const read = await readHost(sm, hostId);
    expect(read['principals']).toMatchObject([{ roles: [{ id: role.id, name: '', deleted: true }] }]);
    expect((await put(hostId, read)).status).toBe(200);
    const { status, body } = await sm.call('POST', HOSTS, { body: { principals } });
    expect([status, body['property']]).toEqual([400, 'principals.0.roles.0.id']);
  });

  test('is replaced: what a later body leaves out is gone, but not its administrative state', async () => {
    const hostId = await sm.create(HOSTS, {
      common_name: 'before',
      comment: 'gone',
      external_id: `ext-${randomUUID()}`,
      deployable: true,
      disabled: 'BY_ADMIN',
      tofu: true,
    });
    expect((await put(hostId, { common_name: 'after', disabled: '' })).status).toBe(200);
    expect(await readHost(sm, hostId)).toMatchObject({
      common_name: 'after',
      comment: '',
      external_id: '',
      tofu: false,
      deployable: true,
      disabled: 'BY_ADMIN',
    });
  });

  test('is disabled and made deployable by calls of their own', async () => {
    const hostId = await sm.create(HOSTS, { common_name: 'state', comment: 'stays' });
    const set = (what: string, value: boolean) =>
      sm.call('PUT', `${HOSTS}/${hostId}/${what}`, { body: { [what]: value } });
    expect((await set('disabled', true)).status).toBe(200);
    expect((await set('deployable', true)).status).toBe(200);
    expect(await readHost(sm, hostId)).toMatchObject({
      disabled: 'BY_ADMIN',
      deployable: true,
      comment: 'stays',
    });
    await set('disabled', false);
    await set('deployable', false);
    expect(await readHost(sm, hostId)).toMatchObject({ disabled: 'false', deployable: false });
  });

  test('has an external id of its own, and may keep it', async () => {
    const external_id = `ext-${randomUUID()}`;
    const hostId = await sm.create(HOSTS, { external_id });
    expect((await put(hostId, { external_id, comment: 'again' })).status).toBe(200);
    const { status, body } = await sm.call('POST', HOSTS, { body: { external_id } });
    expect([status, body['error_code'], body['property']]).toEqual([409, 'VALUE_DUPLICATE', 'external_id']);
  });

  test('that is gone is not found by any call', async () => {
    const hostId = await sm.create(HOSTS, {});
    expect((await sm.call('DELETE', `${HOSTS}/${hostId}`)).status).toBe(200);
    for (const [method, path, body] of [
      ['GET', '', undefined],
      ['PUT', '', {}],
      ['DELETE', '', undefined],
      ['PUT', '/disabled', { disabled: true }],
      ['PUT', '/deployable', { deployable: true }],
    ] as const) {
      const answer = await sm.call(method, `${HOSTS}/${hostId}${path}`, body === undefined ? {} : { body });
      expect([answer.status, answer.body['error_code']]).toEqual([404, 'OBJECT_NOT_FOUND']);
    }
  });
});

describe('a passphrase', () => {
  const stored = async (id: string) => {
    const [row] = await sm.superuser.query<{ sealed: Buffer | null }>(
      'SELECT sealed_passphrases AS sealed FROM hosts WHERE id = $1',
      [id],
    );
    return row?.sealed;
  };

  test('is shown as a mask wherever the host is shown; sent back, the mask keeps it', async () => {
    const common_name = uniqueName('masked');
    const hostId = await sm.create(HOSTS, {
      common_name,
      addresses: ['masked.example'],
      services: [{ service: 'SSH', address: '', port: 22 }],
      principals: [{ principal: 'root', passphrase: 'plum-3307' }, { principal: 'none' }],
    });
    const answers = [
      await sm.call('GET', `${HOSTS}/${hostId}`),
      await sm.call('GET', `${HOSTS}?limit=1000`),
      await sm.call('POST', `${HOSTS}/search`, { body: { common_name: [common_name] } }),
      await sm.call('POST', `${HOSTS}/resolve`, {
        body: { service: 'SSH', address: 'masked.example', port: 22 },
      }),
    ];
    for (const { text } of answers) {
      expect(text).toContain(MASK);
      expect(text).not.toContain('plum-3307');
    }
    expect((await put(hostId, answers[0]?.body)).status).toBe(200);
    expect((await readHost(sm, hostId))['principals']).toMatchObject([
      { passphrase: MASK },
      { passphrase: '' },
    ]);
    expect(await stored(hostId)).toBeInstanceOf(Buffer);
    await put(hostId, { principals: [{ principal: 'root', passphrase: '' }] });
    expect((await readHost(sm, hostId))['principals']).toMatchObject([{ passphrase: '' }]);
    expect(await stored(hostId)).toBeNull();
  });

  test('opens only on its own host', async () => {
    const body = { principals: [{ principal: 'root', passphrase: 'plum-9911' }] };
    const [one, other] = [await sm.create(HOSTS, body), await sm.create(HOSTS, body)];
    await sm.superuser.query(
      'UPDATE hosts SET sealed_passphrases = (SELECT sealed_passphrases FROM hosts WHERE id = $2) WHERE id = $1',
      [one, other],
    );
    const { status, body: answer } = await put(one, await readHost(sm, one));
    expect([status, answer['error_code']]).toEqual([500, 'DECRYPTION_FAILED']);
  });

  test('a mask for a principal that has none is refused', async () => {
    const { status, body } = await sm.call('POST', HOSTS, {
      body: { principals: [{ principal: 'root' }, { principal: 'x', passphrase: MASK }] },
    });
    expect([status, body['property']]).toEqual([400, 'principals.1.passphrase']);
  });

  test('is in no column, no event and no error', async () => {
    const marker = `canary${randomUUID()}`;
    const principals = [{ principal: 'root', passphrase: marker, rotate: true }];
    const hostId = await sm.create(HOSTS, { principals });
    await put(hostId, { principals });
    const refused = await put(hostId, { principals: [...principals, { roles: [{ id: randomUUID() }] }] });
    const broken = await put(hostId, { principals: [{ passphrase: [marker] }] });
    expect([refused.status, broken.status]).toEqual([400, 400]);
    expect(refused.text + broken.text).not.toContain(marker);
    const tables = ['hosts', 'accounts', 'host_secrets', 'outbox'] as const;
    const rows = [
      await sm.superuser.query('SELECT hosts::text AS row FROM hosts'),
      await sm.superuser.query('SELECT accounts::text AS row FROM accounts'),
      await sm.superuser.query('SELECT host_secrets::text AS row FROM host_secrets'),
      await sm.superuser.query('SELECT outbox::text AS row FROM outbox'),
    ];
    expect(rows).toHaveLength(tables.length);
    const dump = JSON.stringify([rows, await sm.trail()]);
    expect(dump).toContain(hostId);
    expect(dump).not.toContain(marker);
    // A bytea is dumped in hexadecimal digits.
    expect(dump).not.toContain(Buffer.from(marker).toString('hex'));
  });
});

test('many changes of one host at once leave one of them whole', async () => {
  const hostId = await sm.create(HOSTS, { common_name: 'race' });
  const bodies = Array.from({ length: 8 }, (_, index) => ({
    common_name: `race-${index}`,
    comment: `race-${index}`,
    principals: [{ principal: `race-${index}`, passphrase: `pass-${index}` }],
  }));
  const answers = await Promise.all(bodies.map(body => put(hostId, body)));
  expect(answers.map(({ status }) => status)).toEqual(bodies.map(() => 200));
  const { common_name, comment, principals } = await readHost(sm, hostId);
  expect(comment).toBe(common_name);
  expect(principals).toMatchObject([{ principal: common_name, passphrase: MASK }]);
});
