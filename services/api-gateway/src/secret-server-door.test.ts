import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { targetFault } from './request-target.ts';
import { secretServerTarget } from './secret-server-door.ts';

describe('secretServerTarget', () => {
  test.each([
    ['/SecretServer/api/v1/secrets/1', '/SecretServer/api/v1/secrets/1'],
    ['/api/v1/secrets/1', '/SecretServer/api/v1/secrets/1'],
    ['/api/v1', '/SecretServer/api/v1'],
    ['/api/v1/secrets/', '/SecretServer/api/v1/secrets'],
    ['//oauth2/token', '/SecretServer/oauth2/token'],
    ['/SecretServer//oauth2//token//', '/SecretServer/oauth2/token'],
    ['/secretserver/API/V2/secrets/1/fields/Notes', '/SecretServer/api/v2/secrets/1/fields/Notes'],
    ['/api/v1/secrets/0?secretPath=//a//b/', '/SecretServer/api/v1/secrets/0?secretPath=//a//b/'],
    ['/api/v1/secrets/?a', '/SecretServer/api/v1/secrets?a'],
    ['/internals/secret-detail/1', '/SecretServer/internals/secret-detail/1'],
    ['/SecretServer', '/SecretServer'],
    ['/SecretServer/', '/SecretServer'],
    ['/SecretServer/health', '/SecretServer/health'],
    ['/SecretServer/SecretServer/api/v1/secrets', '/SecretServer/SecretServer/api/v1/secrets'],
    ['/webservices/sswebservice.asmx', '/SecretServer/webservices/sswebservice.asmx'],
  ])('%s is %s', (target, known) => {
    expect(secretServerTarget(target)).toBe(known);
    expect(secretServerTarget(known)).toBe(known);
  });

  test.each([
    '/',
    '',
    '*',
    '/vault/api/v1/secrets//a',
    '//vault/api/v1/secrets',
    '/SecretServers/api/v1',
    '/api/v10/secrets',
    '/api/v4/secrets',
    '/oauth2x',
    '/health',
    '/nonexistent/api/v1/secrets/1',
    '/%61pi/v1/secrets',
    '/api%2Fv1/secrets',
    '/?/api/v1',
    'http://other/api/v1',
  ])('%s is none of its paths', target => {
    expect(secretServerTarget(target)).toBeUndefined();
  });

  test.each([
    '/api/v1/../../vault/api/v1/secrets/a',
    '/SecretServer/../vault/api/v1/secrets/a',
    '/SecretServer/%2e%2e/vault/api/v1',
    '/api/v1/secrets/a%2Fb',
    '/api/v1/secrets/a%5Cb',
    '/api/v1/secrets/%2F/a',
    '/api/v1/secrets/%00',
    '/api/v1/secrets/..',
    '/api/v1/secrets\\1',
  ])('%s is refused as it is everywhere', target => {
    expect(targetFault(secretServerTarget(target) ?? '')).toBeDefined();
  });

  test('nothing but slashes and the prefix is changed, and no path leaves it', () => {
    const piece = fc.constantFrom(
      '/',
      '//',
      'api',
      'API',
      'v1',
      'v2',
      'SecretServer',
      'secrets',
      '..',
      '.',
      '%2F',
      '%2e',
      'a',
      '1',
      '?',
      '?/',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), pieces => {
        const target = `/${pieces.join('')}`;
        const known = secretServerTarget(target);
        if (known === undefined) return;
        expect(known.startsWith('/SecretServer')).toBe(true);
        const bare = (text: string) =>
          text
            .toLowerCase()
            .replace(/^\/*(secretserver)?/, '')
            .replace(/[/]/g, '');
        expect(bare(known)).toBe(bare(target));
        if (targetFault(known) === undefined) {
          expect(new URL(known, 'http://host').pathname.startsWith('/SecretServer')).toBe(true);
        }
      }),
    );
  });
});
