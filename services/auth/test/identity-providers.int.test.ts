import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestAuth, uniqueName, type TestAuth } from './support.ts';

const PROVIDERS = '/role-store/api/v1/identity-providers';
let now = new Date('2026-06-01T08:00:00.500Z');
let auth: TestAuth;
let directory: string;

const publicKey = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString();

beforeAll(async () => {
  auth = await startTestAuth({ now: () => now });
  const { body } = await auth.call('GET', '/role-store/api/v1/sources');
  directory = (body['items'] as { id: string }[])[0]!.id;
});
afterAll(() => auth.stop());

const pathOf = (id: unknown) => `${PROVIDERS}/${String(id)}`;

const valid = (): Record<string, unknown> => ({
  name: uniqueName('provider'),
  token_type: 'JWT',
  jwt_issuer: uniqueName('issuer'),
  jwt_audience: 'privx',
  jwt_subject_type: 'plain',
  public_key_method: 'static',
  public_keys: [{ key_id: 'key-1', comment: 'first', public_key: publicKey }],
  users_directory: directory,
  enabled: true,
});

async function create(body: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
  const answer = await auth.call('POST', PROVIDERS, { body: { ...valid(), ...body } });
  expect([answer.status, answer.text]).toEqual([201, expect.any(String)]);
  return (await auth.call('GET', pathOf(answer.body['id']))).body;
}

describe('an identity provider (contract 4.6)', () => {
  test('comes back as it was sent, is changed and deleted', async () => {
    const sent = {
      ...valid(),
      jwt_subject_type: 'dn',
      jwt_subject_dn_username_attribute: 'cn',
      custom_attributes: [
        { field_name: 'email', type: 'string_pattern', expected_value: '*@privx.io' },
        { field_name: 'instances', type: 'ip_range', start: '192.168.3.1', end: '192.168.3.254' },
        { field_name: 'instances', type: 'ip_client' },
        { field_name: 'uid', type: 'numeric_range', start: '1001', end: '65535' },
      ],
      x5u_trust_anchor: '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n',
      x5u_prefix: 'https://idp.example/',
    };
    const made = await auth.call('POST', PROVIDERS, { body: { ...sent, id: '', author: '', created: '' } });
    const path = pathOf(made.body['id']);
    expect([made.status, made.headers.get('location')]).toEqual([201, path]);
    const author = auth.secrets.bootstrap.api_client.id;
    const first = (await auth.call('GET', path)).body;
    expect(first).toEqual({
      ...sent,
      id: made.body['id'],
      created: now.toISOString(),
      author,
      updated: now.toISOString(),
      updated_by: author,
    });
    now = new Date(now.getTime() + 1_000);
    expect(
      (await auth.call('PUT', path, { body: { ...first, enabled: undefined, jwt_audience: 'other' } }))
        .status,
    ).toBe(200);
    expect((await auth.call('GET', path)).body).toEqual({
      ...first,
      jwt_audience: 'other',
      updated: now.toISOString(),
    });
    expect((await auth.call('DELETE', path)).status).toBe(200);
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const answer = await auth.call(method, path, method === 'PUT' ? { body: first } : {});
      expect([answer.status, answer.body['error_code']]).toEqual([404, 'OBJECT_NOT_FOUND']);
    }
    const names = (await auth.trail())
      .filter(({ message }) => message['identityProviderID'] === first['id'])
      .map(({ name }) => name);
    expect(names).toEqual([
      'Identity-provider-added',
      'Identity-provider-modified',
      'Identity-provider-removed',
    ]);
  });

  test('is listed and found by its name', async () => {
    const { id, name } = await create({ name: 'Acme 100%' });
    const found = await auth.call('POST', `${PROVIDERS}/search`, { body: { keywords: '100%' } });
    expect(found.body).toMatchObject({ count: 1, items: [{ id, name }] });
    expect((await auth.call('POST', `${PROVIDERS}/search?limit=1`, { body: {} })).body['items']).toHaveLength(
      1,
    );
    const list = (await auth.call('GET', `${PROVIDERS}?sortkey=created&sortdir=DESC&limit=1`)).body;
    expect(list['items']).toMatchObject([{ id }]);
    const twin = await auth.call('POST', PROVIDERS, { body: { ...valid(), name: 'ACME  100%' } });
    expect([twin.status, twin.body['error_code'], twin.body['property']]).toEqual([
      409,
      'VALUE_DUPLICATE',
      'name',
    ]);
  });
});

test.each<[string, Record<string, unknown>]>([
  ['token_type', { token_type: 'SAML' }],
  ['jwt_issuer', { jwt_issuer: '' }],
  ['jwt_audience', { jwt_audience: '' }],
  ['jwt_audience', { jwt_audience: undefined }],
  ['jwt_subject_type', { jwt_subject_type: 'email' }],
  ['jwt_subject_dn_username_attribute', { jwt_subject_type: 'dn' }],
  ['jwt_subject_dn_username_attribute', { jwt_subject_type: 'dn', jwt_subject_dn_username_attribute: 'c n' }],
  ['public_key_method', { public_key_method: 'x5u' }],
  ['public_key_method', { public_key_method: 'x5u-publickey' }],
  ['public_keys', { public_keys: [] }],
  ['public_keys', { public_keys: null }],
  ['public_keys.0.public_key', { public_keys: [{ public_key: 'key' }] }],
  ['jwks_uri', { public_key_method: 'jwks' }],
  ['jwks_uri', { public_key_method: 'jwks', jwks_uri: 'http://idp.example/keys' }],
  ['jwks_uri', { public_key_method: 'jwks', jwks_uri: 'https://user@idp.example/keys' }],
  [
    'custom_attributes.0',
    { custom_attributes: [{ field_name: 'a', type: 'ip_range', start: '9.9.9.9', end: '1.1.1.1' }] },
  ],
  [
    'custom_attributes.0.type',
    { custom_attributes: [{ field_name: 'a', type: 'regex', expected_value: '.*' }] },
  ],
  ['users_directory', { users_directory: randomUUID() }],
  ['users_directory', { users_directory: 'Local users' }],
])('a wrong %s: %#', async (property, body) => {
  const { id } = await create();
  for (const answer of [
    await auth.call('POST', PROVIDERS, { body: { ...valid(), ...body } }),
    await auth.call('PUT', pathOf(id), { body: { ...valid(), ...body } }),
  ]) {
    expect([answer.status, answer.body['property']]).toEqual([400, property]);
  }
});

describe('who answers for the tokens of an issuer', () => {
  test('is one of those who are asked at once', async () => {
    const jwt_issuer = uniqueName('race');
    const answers = await Promise.all(
      [1, 2, 3, 4, 5].map(() => auth.call('POST', PROVIDERS, { body: { ...valid(), jwt_issuer } })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409]);
  });

  test('another audience is another provider; a disabled one does not count until it is enabled', async () => {
    const { jwt_issuer } = await create();
    await create({ jwt_issuer, jwt_audience: 'other' });
    const idle = await create({ jwt_issuer, enabled: false });
    const enabling = await auth.call('PUT', pathOf(idle['id']), { body: { ...idle, enabled: true } });
    expect([enabling.status, enabling.body['property']]).toEqual([409, 'jwt_audience']);
    expect((await auth.call('GET', pathOf(idle['id']))).body['enabled']).toBe(false);
  });
});

describe('permissions', () => {
  test('nobody sets up who may vouch for more than he may himself', async () => {
    const made = await create();
    const { bearer } = await auth.clientWith('sources-manage', 'sources-view');
    const body = { ...made, public_keys: [{ public_key: publicKey }] };
    for (const answer of [
      await auth.call('POST', PROVIDERS, { as: bearer, body: valid() }),
      await auth.call('PUT', pathOf(made['id']), { as: bearer, body }),
    ]) {
      expect([answer.status, answer.body['error_code']]).toEqual([403, 'PERMISSION_DENIED']);
    }
    expect((await auth.call('GET', pathOf(made['id']), { as: bearer })).body).toEqual(made);
    expect((await auth.call('DELETE', pathOf(made['id']), { as: bearer })).status).toBe(200);
  });

  test('without one nothing is shown or changed', async () => {
    const { id } = await create();
    const { bearer } = await auth.clientWith('sources-view');
    const { bearer: other } = await auth.clientWith('roles-manage', 'settings-manage');
    for (const [method, path, body, as] of [
      ['GET', PROVIDERS, undefined, other],
      ['POST', `${PROVIDERS}/search`, {}, other],
      ['GET', pathOf(id), undefined, other],
      ['POST', PROVIDERS, valid(), bearer],
      ['PUT', pathOf(id), valid(), bearer],
      ['DELETE', pathOf(id), undefined, bearer],
    ] as const) {
      expect([method, (await auth.call(method, path, { as, body })).status]).toEqual([method, 403]);
    }
  });
});
