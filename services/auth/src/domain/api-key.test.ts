import { describe, expect, test } from '@jest/globals';
import { newApiKey, refusalOf, type ApiKey } from './api-key.ts';

const NOW = new Date('2026-01-02T03:04:05Z');
const ID = '0b6a3c1e-8f0e-4c2b-9d5e-1f2a3b4c5d6e';

const keyOf = (members: Partial<ApiKey> = {}): ApiKey => ({
  id: ID,
  name: 'key',
  subject: { kind: 'user', id: ID, name: 'Build-Server' },
  networks: [],
  expiresAt: null,
  createdAt: NOW,
  createdBy: 'system',
  updatedAt: NOW,
  updatedBy: 'system',
  ...members,
});
const refusal = (key: ApiKey, stated: { runas?: string; address?: string } = {}) =>
  refusalOf(key, { runas: 'build-server', address: '192.0.2.1', now: NOW, ...stated });

test('a key passes the checks of its clients, and is another each time', () => {
  expect(newApiKey()).toMatch(/^[0-9a-f]{128}$/);
  expect(newApiKey()).not.toBe(newApiKey());
});

describe('a key admits', () => {
  test.each(['build-server', 'BUILD-SERVER', 'local\\build-server', 'LOCAL\\\\build-server'])(
    'its account as %s',
    runas => expect(refusal(keyOf(), { runas })).toBeUndefined(),
  );

  test('an API client by name or id', () => {
    const key = keyOf({ subject: { kind: 'api-client', id: ID, name: 'Deploy' } });
    expect(refusal(key, { runas: 'deploy' })).toBeUndefined();
    expect(refusal(key, { runas: ID.toUpperCase() })).toBeUndefined();
  });

  test.each(['192.0.2.1', '::ffff:192.0.2.1'])('from its networks: %s', address =>
    expect(refusal(keyOf({ networks: ['2001:db8::/32', '192.0.2.0/30'] }), { address })).toBeUndefined(),
  );
});

describe('a key refuses', () => {
  test.each(['other', 'corp\\build-server', ID, ''])('another account: %s', runas =>
    expect(refusal(keyOf(), { runas })).toBe('account'),
  );

  test('once it has ended, and not before', () => {
    expect(refusal(keyOf({ expiresAt: NOW }))).toBe('expired');
    expect(refusal(keyOf({ expiresAt: new Date(NOW.getTime() + 1) }))).toBeUndefined();
  });

  test.each([
    ['another network', ['192.0.2.2'], '192.0.2.1'],
    ['what is no address', ['192.0.2.0/24'], 'unknown'],
    ['networks that cannot be read', ['here'], '192.0.2.1'],
  ])('%s', (_what, networks, address) => expect(refusal(keyOf({ networks }), { address })).toBe('address'));
});
