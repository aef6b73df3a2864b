import { describe, expect, test } from '@jest/globals';
import { isSignIn, matchRoute } from './routes.ts';

describe('matchRoute', () => {
  test.each([
    ['/auth/api/v1', 'auth'],
    ['/local-user-store/api/v1/users', 'auth'],
    ['/role-store/api/v1/roles', 'auth'],
    ['/vault/api/v1/secrets/a%2Fb', 'vault'],
    ['/vault/api/v1/', 'vault'],
    ['/secrets-manager/api/v1/password-policies', 'secrets-manager'],
    ['/monitor-service/api/v1/auditevents', 'monitor'],
  ])('%s is served by %s', (path, upstream) => {
    expect(matchRoute(path)?.upstream).toBe(upstream);
  });

  test.each([
    '/',
    '/vault/api/v10',
    '/vault/api/v1secrets',
    '/vault/api',
    '/VAULT/api/v1',
    '/v%61ult/api/v1',
    '/host-store/api/v1/hosts',
    '/readyz',
    '/auth/readyz',
    '/x/vault/api/v1',
  ])('%s is served by nobody', path => {
    expect(matchRoute(path)).toBeUndefined();
  });
});

describe('isSignIn', () => {
  test.each([
    '/auth/api/v1/oauth/token',
    '/auth/api/v1/login',
    '/auth/api/v1/token/login',
    '/auth/api/v1/login/',
    '/auth/api/v1/LOGIN',
    '/auth/api/v1/oauth/%74oken',
  ])('POST %s', path => {
    expect(isSignIn('POST', path)).toBe(true);
    expect(isSignIn('GET', path)).toBe(false);
  });

  test('nothing else', () => {
    expect(isSignIn('POST', '/auth/api/v1/logout')).toBe(false);
    expect(isSignIn('POST', '/vault/api/v1/secrets')).toBe(false);
  });
});
