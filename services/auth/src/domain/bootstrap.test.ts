import { describe, expect, test } from '@jest/globals';
import { isPermission } from '@strongroom/contracts/permissions';
import { BOOTSTRAP_ADMIN_ROLES, BOOTSTRAP_API_CLIENT, BOOTSTRAP_ROLES, parseBootstrap } from './bootstrap.ts';

const secret = 'x'.repeat(43);
const credentials = {
  base_url: 'https://127.0.0.1:8443',
  ca_file: 'tls/ca.pem',
  admin: { username: 'admin', password: secret },
  oauth_client: { id: 'privx-external', secret },
  api_client: { id: 'a0000000-0000-4000-8000-000000000000', secret },
};

describe('parseBootstrap', () => {
  test('reads credentials.json', () => {
    expect(parseBootstrap(JSON.stringify(credentials))).toMatchObject({
      admin: credentials.admin,
      oauth_client: credentials.oauth_client,
      api_client: credentials.api_client,
    });
  });

  test.each<[string, unknown]>([
    ['no object', 'text'],
    ['nothing', {}],
    ['no administrator', { ...credentials, admin: undefined }],
    ['a short password', { ...credentials, admin: { username: 'admin', password: 'short' } }],
    ['a user name with a line break', { ...credentials, admin: { username: 'a\nb', password: secret } }],
    ['no secret', { ...credentials, oauth_client: { id: 'privx-external' } }],
    ['an id that is no UUID', { ...credentials, api_client: { id: 'client', secret } }],
    ['a number as secret', { ...credentials, api_client: { ...credentials.api_client, secret: 5 } }],
  ])('refuses %s', (_what, value) => {
    expect(parseBootstrap(JSON.stringify(value))).toBeUndefined();
  });

  test('refuses broken JSON without an error that could quote it', () => {
    expect(parseBootstrap(`{"admin":"${secret}`)).toBeUndefined();
  });
});

test('what the first start makes fits together', () => {
  const names = BOOTSTRAP_ROLES.map(role => role.name);
  expect(new Set(names).size).toBe(names.length);
  expect(names).toEqual(expect.arrayContaining([...BOOTSTRAP_API_CLIENT.roles, ...BOOTSTRAP_ADMIN_ROLES]));
  expect(BOOTSTRAP_ROLES.flatMap(role => role.permissions).every(isPermission)).toBe(true);
});
