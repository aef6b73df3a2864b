import { describe, expect, test } from '@jest/globals';
import { MAX_FIELD_BODY_BYTES, MAX_FILE_BYTES, MAX_FILE_FORM_BYTES } from '@strongroom/contracts/limits';
import { isInternal, isSignIn, matchRoute, maxBodyBytesAt } from './routes.ts';

describe('matchRoute', () => {
  test.each([
    ['/auth/api/v1', 'auth'],
    ['/auth/login', 'auth'],
    ['/auth/password-reset', 'auth'],
    ['/auth/assets/0123456789abcdef/login.js', 'auth'],
    ['/.well-known/oauth-authorization-server', 'auth'],
    ['/.well-known/openid-configuration', 'auth'],
    ['/local-user-store/api/v1/users', 'auth'],
    ['/role-store/api/v1/roles', 'auth'],
    ['/vault/api/v1/secrets/a%2Fb', 'vault'],
    ['/vault/api/v1/', 'vault'],
    ['/secrets-manager/api/v1/password-policies', 'secrets-manager'],
    ['/host-store/api/v1/hosts', 'secrets-manager'],
    ['/monitor-service/api/v1/auditevents', 'monitor'],
    ['/SecretServer/api/v1/users/current', 'auth'],
    ['/SecretServer/api/v1/secrets/7', 'vault'],
    ['/SecretServer/api/v1/secrets/7/expire', 'vault'],
    ['/SecretServer/api/v1/secrets/7/fields/state', 'vault'],
    ['/SecretServer/internals/secret-detail/7/generate-password/password', 'vault'],
    ['/SecretServer/api/v1/secrets/7/state', 'secrets-manager'],
    ['/SecretServer/api/v1/secrets/7/check-out', 'secrets-manager'],
    ['/SecretServer/internals/secret-detail/7/change-password-now', 'secrets-manager'],
    ['/SecretServer/api/v1/secrets/7/audits', 'monitor'],
    ['/SecretServer/api/v1/secrets/7/fields/audits', 'vault'],
    ['/SecretServer/api/v1/secrets/7/constructor', 'vault'],
    ['/SecretServer/api/v1/folders/7/audits', 'vault'],
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
    '/workflow-engine/api/v1/requests',
    '/readyz',
    '/auth/readyz',
    '/auth',
    '/auth/loginx',
    '/.well-known',
    '/.well-known/acme-challenge/x',
    '/x/vault/api/v1',
  ])('%s is served by nobody', path => {
    expect(matchRoute(path)).toBeUndefined();
  });
});

test.each([
  ['/auth/api/v1/revocations', true],
  ['/auth/api/v1/revocations/', true],
  ['/auth/api/v1/Revocations', true],
  ['/auth/api/v1/revocation%73', true],
  ['/auth/api/v1/revocations/x', false],
  ['/auth/api/v1/oauth/jwks', false],
  ['/vault/api/v1/secrets/100%25', false],
])('%s is internal: %p', (path, internal) => {
  expect(isInternal(path)).toBe(internal);
});

test.each([
  ['/vault/api/v1/files/secrets/a', MAX_FILE_BYTES],
  ['/vault/api/v1/user/0190f3a2-1111-7222-8333-444455556666/files/secrets/a', MAX_FILE_BYTES],
  ['/BeyondTrust/api/public/v3/secrets-safe/folders/1/secrets/file', MAX_FILE_FORM_BYTES],
  ['/BeyondTrust/api/public/v3/secrets-safe/secrets/1/file', MAX_FILE_FORM_BYTES],
  ['/BeyondTrust/api/public/v3/secrets-safe/secrets/1/text', 1_000],
  ['/SecretServer/api/v1/secrets/1/fields/file', MAX_FIELD_BODY_BYTES],
  ['/SecretServer/api/v1/secrets/1', 1_000],
  ['/vault/api/v1/filesystem/a', 1_000],
  ['/vault/api/v1/secrets/files/a', 1_000],
  ['/vault/api/v1/user/secrets/a/files/b', 1_000],
  ['/auth/api/v1/files/a', 1_000],
])('a body at %s may have %i bytes where the setting says 1000', (path, bytes) => {
  expect(maxBodyBytesAt(path, 1_000)).toBe(bytes);
});

test('only pages keep their own policy', () => {
  expect(matchRoute('/auth/login')?.hasPages).toBe(true);
  expect(matchRoute('/auth/password-reset')?.hasPages).toBe(true);
  expect(matchRoute('/auth/api/v1/login')?.hasPages).toBeUndefined();
});

describe('isSignIn', () => {
  test.each([
    '/auth/api/v1/oauth/token',
    '/auth/api/v1/oauth/clientcredentials/privx-external/token',
    '/auth/api/v1/login',
    '/auth/api/v1/login/mfa',
    '/auth/api/v1/login/mfa/totp/confirm',
    '/auth/api/v1/login/passkey/options',
    '/auth/api/v1/token/login',
    '/auth/api/v1/password/reset',
    '/auth/api/v1/login/',
    '/auth/api/v1/LOGIN',
    '/auth/api/v1/oauth/%74oken',
    '/auth/api/v1/oauth/clientcredentials/%70rivx-external/TOKEN/',
  ])('POST %s', path => {
    expect(isSignIn('POST', path)).toBe(true);
    expect(isSignIn('GET', path)).toBe(false);
    expect(isSignIn('PUT', path)).toBe(false);
  });

  test.each(['/auth/api/v1/password', '/auth/api/v1/Password/'])('PUT %s', path => {
    expect(isSignIn('PUT', path)).toBe(true);
    expect(isSignIn('GET', path)).toBe(false);
  });

  test.each([
    ['POST', '/auth/api/v1/logout'],
    ['POST', '/auth/api/v1/loginx'],
    ['POST', '/auth/api/v1/oauth/authorize'],
    ['POST', '/auth/api/v1/oauth/clientcredentials/a/b/token'],
    ['POST', '/auth/api/v1/oauth/tokens'],
    ['POST', '/vault/api/v1/secrets'],
    ['PUT', '/vault/api/v1/secrets/password'],
    ['DELETE', '/auth/api/v1/password'],
    [undefined, '/auth/api/v1/login'],
  ])('%s %s is none', (method, path) => {
    expect(isSignIn(method, path)).toBe(false);
  });
});
