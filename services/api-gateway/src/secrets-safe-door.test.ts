import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { targetFault } from './request-target.ts';
import { secretsSafeTarget } from './secrets-safe-door.ts';

const P = '/BeyondTrust/api/public/v3';

describe('secretsSafeTarget', () => {
  test.each([
    [`${P}/Auth/SignAppIn`, `${P}/auth/signappin`],
    [`${P}/secrets-safe/folders/`, `${P}/secrets-safe/folders`],
    [
      `${P}/Secrets-Safe/Secrets/0190F3A2-1111-7222-8333-444455556666/`,
      `${P}/secrets-safe/secrets/0190f3a2-1111-7222-8333-444455556666`,
    ],
    ['/beyondtrust/API/Public/V3//Secrets-Safe//Safes', `${P}/secrets-safe/safes`],
    ['/eEye.RetinaCS.Server/api/public/v3/auth/signout', `${P}/auth/signout`],
    [`${P}/secrets-safe/secrets?Title=A%2FB&Path=/X/`, `${P}/secrets-safe/secrets?Title=A%2FB&Path=/X/`],
    [`${P}/secrets-safe/secrets?a=b?c`, `${P}/secrets-safe/secrets?a=b?c`],
    [`${P}/secrets-safe/secrets/&version=3.0`, `${P}/secrets-safe/secrets?version=3.0`],
    [`${P}/secrets-safe/secrets&version=3.0?title=T`, `${P}/secrets-safe/secrets?version=3.0&title=T`],
    [P, P],
    [`${P}/`, P],
  ])('%s is %s', (target, known) => {
    expect(secretsSafeTarget(target)).toBe(known);
    expect(secretsSafeTarget(known)).toBe(known);
  });

  test.each([
    '/',
    '',
    '*',
    '/BeyondTrust',
    '/BeyondTrust/api/public/v4/secrets-safe',
    '/BeyondTrust/api/public/v31',
    '/api/public/v3/secrets-safe',
    '/x/BeyondTrust/api/public/v3/secrets-safe',
    '/Beyond%54rust/api/public/v3',
    '/vault/api/v1/secrets//a',
    '/vault/api/v1/secrets/a&version=3.0',
  ])('%s is none of its paths', target => {
    expect(secretsSafeTarget(target)).toBeUndefined();
  });

  test.each([
    '/../vault',
    '/%2e%2e/vault',
    '/secrets-safe/a%2Fb',
    '/secrets-safe/%5C',
    '/secrets-safe/%00',
    '/..',
  ])('%s is refused as it is everywhere', rest => {
    expect(targetFault(secretsSafeTarget(`${P}${rest}`) ?? '')).toBeDefined();
  });

  test('no path leaves the prefix', () => {
    const piece = fc.constantFrom(
      '/',
      '//',
      'Auth',
      '..',
      '.',
      '%2F',
      '%2e',
      'a',
      '&',
      '?',
      '?/',
      '&version=3.1',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), pieces => {
        const known = secretsSafeTarget(`${P}/${pieces.join('')}`);
        expect(known?.startsWith(P)).toBe(true);
        expect(secretsSafeTarget(known ?? '')).toBe(known);
        if (targetFault(known ?? '') === undefined) {
          expect(new URL(known ?? '', 'http://host').pathname.startsWith(P)).toBe(true);
        }
      }),
    );
  });
});
