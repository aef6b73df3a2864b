import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestAuth, uniqueName, type TestAuth } from './support.ts';

const TRUSTED = '/local-user-store/api/v1/trusted-clients';
let now = new Date('2026-06-01T08:00:00.500Z');
let auth: TestAuth;

beforeAll(async () => {
  auth = await startTestAuth({ now: () => now });
});
afterAll(() => auth.stop());

const pathOf = (id: unknown) => `${TRUSTED}/${String(id)}`;

async function create(body: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
  const answer = await auth.call('POST', TRUSTED, {
    body: { type: 'EXTENDER', name: uniqueName('client'), ...body },
  });
  expect(answer.status).toBe(201);
  return (await auth.call('GET', pathOf(answer.body['id']))).body;
}

/** As the Go SDK sends what is unset. */
const UNSET = {
  id: '',
  secret: '',
  access_group_id: '',
  permissions: null,
  subnets: null,
  registered: false,
  allow_repeated_registration: false,
  extender_address: null,
  group_id: '',
  routing_prefix: '',
  extender_mode: '',
};

describe('a trusted client (contract 5.2)', () => {
  test('is what Terraform makes of an extender', async () => {
    const name = uniqueName('extender');
    const made = await auth.call('POST', TRUSTED, {
      body: { ...UNSET, type: 'EXTENDER', name, enabled: true, routing_prefix: 'rp1' },
    });
    const path = pathOf(made.body['id']);
    expect([made.status, made.headers.get('location')]).toEqual([201, path]);
    const author = auth.secrets.bootstrap.api_client.id;
    const first = (await auth.call('GET', path)).body;
    expect(first).toEqual({
      ...UNSET,
      id: made.body['id'],
      type: 'EXTENDER',
      name,
      enabled: true,
      routing_prefix: 'rp1',
      subnets: ['0.0.0.0/0', '::/0'],
      extender_address: [],
      permissions: ['privx-extender'],
      secret: expect.stringMatching(/^[\w-]{43}$/),
      oauth_client_id: made.body['id'],
      oauth_client_secret: expect.stringMatching(/^[\w-]{43}$/),
      created: now.toISOString(),
      author,
      updated: now.toISOString(),
      updated_by: author,
    });
    now = new Date(now.getTime() + 1_000);
    const body = {
      ...first,
      routing_prefix: 'rp2',
      secret: 'x',
      oauth_client_secret: 'y',
      permissions: ['all'],
      registered: true,
    };
    expect((await auth.call('PUT', path, { body })).status).toBe(200);
    expect((await auth.call('GET', path)).body).toEqual({
      ...first,
      routing_prefix: 'rp2',
      updated: now.toISOString(),
    });
    expect((await auth.call('DELETE', path)).status).toBe(200);
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const answer = await auth.call(method, path, method === 'PUT' ? { body: { name } } : {});
      expect([answer.status, answer.body['error_code']]).toEqual([404, 'OBJECT_NOT_FOUND']);
    }
  });

  test('is what Terraform makes of a carrier', async () => {
    const sent = {
      type: 'CARRIER',
      enabled: true,
      access_group_id: 'group',
      routing_prefix: 'carriera',
      web_proxy_address: '0.0.0.0',
      web_proxy_extender_route_patterns: ['route_pattern_a'],
      subnets: ['10.10.0.0/16'],
      extender_address: ['10.10.10.10'],
    };
    expect(await create({ ...sent, permissions: ['privx-carrier'] })).toMatchObject({
      ...sent,
      permissions: ['privx-carrier'],
    });
  });

  test.each([
    ['8080', '8080'],
    [8080, '8080'],
    ['', ''],
  ])('the port of the proxy, %j, is text', async (sent, read) => {
    expect((await create({ type: 'CARRIER', web_proxy_port: sent }))['web_proxy_port']).toBe(read);
  });

  test('what the platform does not act on is kept', async () => {
    const sent = {
      data: 'line\nline',
      group_id: 'g',
      extender_mode: 'passive',
      extender_ssh_address: 'ssh.example',
      extender_ssh_port: 2222,
      extender_public_key: 'ssh-ed25519 AAAA',
      allow_repeated_registration: true,
      enabled: false,
    };
    const made = await create(sent);
    expect(made).toMatchObject(sent);
    expect(made).not.toHaveProperty('web_proxy_port');
    expect(made).not.toHaveProperty('web_proxy_extender_route_patterns');
    await auth.call('PUT', pathOf(made['id']), { body: { name: made['name'] } });
    expect((await auth.call('GET', pathOf(made['id']))).body).toMatchObject({
      enabled: false,
      type: 'EXTENDER',
      group_id: '',
    });
  });

  test('names are taken within a type', async () => {
    const { name } = await create();
    const twin = await auth.call('POST', TRUSTED, {
      body: { type: 'EXTENDER', name: ` ${String(name).toUpperCase()}` },
    });
    expect([twin.status, twin.body['error_code'], twin.body['property']]).toEqual([
      409,
      'VALUE_DUPLICATE',
      'name',
    ]);
    await create({ type: 'CARRIER', name });
  });

  test('the list finds all of them, and extenders have one of their own', async () => {
    const extender = await create({ extender_ssh_port: 22 });
    const carrier = await create({ type: 'CARRIER' });
    const all = (await auth.call('GET', TRUSTED)).body as { count: number; items: Record<string, unknown>[] };
    expect(all.count).toBe(all.items.length);
    expect(all.items.filter(({ id }) => id === extender['id'] || id === carrier['id'])).toHaveLength(2);
    expect(all.items.find(({ id }) => id === carrier['id'])).toEqual(carrier);
    const extenders = await auth.call('GET', '/local-user-store/api/v1/extender-clients');
    const items = extenders.body['items'] as Record<string, unknown>[];
    expect(items.find(({ name }) => name === extender['name'])).toEqual({
      type: 'EXTENDER',
      name: extender['name'],
      routing_prefix: '',
      web_proxy_extender_route_patterns: [],
      web_proxy_extender_routes: [],
      extender_mode: '',
      extender_ssh_address: '',
      extender_ssh_port: 22,
      extender_public_key: '',
    });
    expect(items.some(({ name }) => name === carrier['name'])).toBe(false);
    expect(extenders.text).not.toContain(extender['secret']);
  });
});

test.each<[string, Record<string, unknown>]>([
  ['name', { name: null }],
  ['type', { type: 'API_CLIENT' }],
  ['type', { type: 'extender' }],
  ['subnets.1', { subnets: ['10.0.0.0/8', '10.0.0.0/33'] }],
  ['subnets.0', { subnets: ['everywhere'] }],
  ['extender_mode', { extender_mode: 'sideways' }],
  ['extender_ssh_port', { extender_ssh_port: 65_536 }],
  ['web_proxy_port', { web_proxy_port: 65_536 }],
  ['web_proxy_port', { web_proxy_port: '80a' }],
])('a wrong %s: %#', async (property, body) => {
  const { id } = await create();
  for (const answer of [
    await auth.call('POST', TRUSTED, { body: { type: 'EXTENDER', name: uniqueName('wrong'), ...body } }),
    await auth.call('PUT', pathOf(id), { body: { name: uniqueName('wrong'), ...body } }),
  ]) {
    expect([answer.status, answer.body['property']]).toEqual([400, property]);
  }
});

test('a type is needed, and never changes', async () => {
  const without = await auth.call('POST', TRUSTED, { body: { name: uniqueName('x') } });
  expect([without.status, without.body['error_code'], without.body['property']]).toEqual([
    400,
    'REQUIRED_VALUE_MISSING',
    'type',
  ]);
  const { id, name } = await create();
  const other = await auth.call('PUT', pathOf(id), { body: { name, type: 'ICAP' } });
  expect([other.status, other.body['property']]).toEqual([400, 'type']);
});

describe('secrets', () => {
  test('are for those who may change the client, are recorded, and rest sealed', async () => {
    const made = await create();
    const { bearer } = await auth.clientWith('settings-view');
    const secrets = [made['secret'], made['oauth_client_secret']].map(String);
    for (const path of [pathOf(made['id']), TRUSTED]) {
      const seen = await auth.call('GET', path, { as: bearer });
      expect(seen.status).toBe(200);
      for (const secret of secrets) expect(seen.text).not.toContain(secret);
    }
    const rows = await auth.superuser.query(
      'SELECT t::text, encode(sealed_secret, $1), encode(sealed_oauth_secret, $1) FROM trusted_clients t',
      ['escape'],
    );
    const records = await auth.trail();
    for (const secret of secrets) expect(JSON.stringify([rows, auth.events])).not.toContain(secret);
    expect(
      records.filter(({ message }) => message['trustedClientID'] === made['id']).map(({ name }) => name),
    ).toEqual(['Trusted-client-added', 'Trusted-client-secrets-read']);
  });

  test('need a record: without one they are not shown', async () => {
    const made = await create();
    await auth.superuser.query('ALTER TABLE outbox RENAME TO gone');
    const answers = [await auth.call('GET', pathOf(made['id'])), await auth.call('GET', TRUSTED)];
    await auth.superuser.query('ALTER TABLE gone RENAME TO outbox');
    for (const { status, text } of answers) {
      expect(status).toBe(503);
      expect(text).not.toContain(made['secret']);
    }
  });

  test('without a permission nothing is shown or changed', async () => {
    const { id } = await create();
    const { bearer } = await auth.clientWith('settings-view');
    const { bearer: other } = await auth.clientWith('hosts-manage', 'sources-manage');
    for (const [method, path, body, as] of [
      ['GET', TRUSTED, undefined, other],
      ['GET', '/local-user-store/api/v1/extender-clients', undefined, other],
      ['GET', pathOf(id), undefined, other],
      ['POST', TRUSTED, { type: 'ICAP', name: 'x' }, bearer],
      ['PUT', pathOf(id), { name: 'x' }, bearer],
      ['DELETE', pathOf(id), undefined, bearer],
    ] as const) {
      expect([method, (await auth.call(method, path, { as, body })).status]).toEqual([method, 403]);
    }
  });
});
