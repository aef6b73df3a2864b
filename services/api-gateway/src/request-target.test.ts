import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { pathOf, targetFault } from './request-target.ts';

const SECRETS = '/vault/api/v1/secrets/';

const ACCEPTED = [
  '/',
  '/vault/api/v1/secrets/a%2Fb%20c',
  '/vault/api/v1/secrets/a%2fb',
  '/vault/api/v1/secrets/a/b',
  '/vault/api/v1/secrets/a%2F',
  '/vault/api/v1/metadata/secrets/a%2Fb',
  '/vault/api/v1/user/0190f3a2-1111-7222-8333-444455556666/secrets/a%2Fb',
  '/vault/api/v1/user/0190f3a2-1111-7222-8333-444455556666/metadata/secrets/a%2Fb',
  '/vault/api/v1/files/secrets/a%2Fb',
  '/vault/api/v1/move/secrets/a%2Fb',
  '/vault/api/v1/secret/data/a%2Fb',
  '/secrets-manager/api/v1/rotate/0198c0de-0000-7000-8000-000000000001/a%2Fb',
  '/secrets-manager/api/v1/heartbeat/0198c0de-0000-7000-8000-000000000001/a%2Fb',
  '/secrets-manager/api/v1/set-password/0198c0de-0000-7000-8000-000000000001/a%2Fb',
  '/vault/api/v1/secret/keys/a%2Fb',
  '/vault/api/v1/secrets/%C3%A4%F0%9F%94%91',
  '/vault/api/v1/secrets/...',
  '/vault/api/v1/secrets/.hidden',
  '/vault/api/v1/secrets/a..b',
  '/vault/api/v1/secrets/%252e%252e',
  '/vault/api/v1/secrets/a%255cb',
  '/vault/api/v1/secrets?',
  '/vault/api/v1/secrets?offset=0&limit=100',
  '/vault/api/v1/secrets?filter=a%2Fb%5c/../..//[x]|y',
  "/vault/api/v1/secrets/a!$&'()*+,;=:@~-_",
];

const REFUSED: readonly (readonly [string, string])[] = [
  ['empty', ''],
  ['no slash', 'vault'],
  ['asterisk form', '*'],
  ['absolute form', 'http://other/vault/api/v1'],
  ['network path', '//other/vault/api/v1'],
  ['empty segment', '/vault//api/v1'],
  ['empty segment at the end', '/vault/api/v1/secrets//'],
  ['encoded empty segment', `${SECRETS}a%2F%2Fb`],
  ['empty segment, half encoded', `${SECRETS}%2Fa`],
  ['raw backslash', '/vault\\api'],
  ['encoded backslash', `${SECRETS}a%5cb`],
  ['encoded backslash, upper case', `${SECRETS}a%5Cb`],
  ['truncated triplet', `${SECRETS}a%2`],
  ['lone percent', `${SECRETS}100%`],
  ['not hex', `${SECRETS}%zz`],
  ['surrogate', `${SECRETS}%ED%A0%80`],
  ['overlong slash', `${SECRETS}..%C0%AF..`],
  ['overlong dot', `${SECRETS}%C0%AE%C0%AE`],
  ['overlong in three bytes', `${SECRETS}%E0%80%AF`],
  ['beyond Unicode', `${SECRETS}%F4%90%80%80`],
  ['cut-off sequence', `${SECRETS}%E2%82`],
  ['latin-1', `${SECRETS}%E4`],
  ['NUL', `${SECRETS}a%00`],
  ['line feed', `${SECRETS}a%0Ab`],
  ['delete', `${SECRETS}a%7F`],
  ['C1 control', `${SECRETS}a%C2%85`],
  ['raw control', `${SECRETS}a\u0001`],
  ['raw line feed at the end', `${SECRETS}a\n`],
  ['raw space', `${SECRETS}a b`],
  ['raw non-ASCII', `${SECRETS}ä`],
  ['fragment', `${SECRETS}a#b`],
  ['fragment in the query', `${SECRETS}a?x#b`],
  ['dot', '/vault/./api'],
  ['dot at the end', '/vault/api/.'],
  ['two dots', '/auth/../vault/api/v1'],
  ['two dots at the end', `${SECRETS}..`],
  ['encoded dots', `${SECRETS}%2e%2E`],
  ['half-encoded dots', `${SECRETS}.%2e/x`],
  ['dots between encoded slashes', `${SECRETS}a%2F..%2Fb`],
  ['dots after an encoded slash', `${SECRETS}a%2f..`],
  ['dots before an encoded slash', `${SECRETS}..%2Fb`],
  ['encoded slash elsewhere', '/vault/api/v1/search%2Fsecrets'],
  ['encoded slash in a user id', '/auth/api/v1/users/a%2fb'],
  ['encoded slash in the owner of a secret', '/vault/api/v1/user/a%2Fb/secrets/c'],
  ['encoded slash after an owner', '/vault/api/v1/user%2Fa/secrets/c'],
  ['encoded slash in what versioned secrets have', '/vault/api/v1/secret/other/a%2Fb'],
  ['encoded slash instead of the border', '/vault/api/v1/secrets%2Fa'],
  ['encoded slash under an encoded prefix', '/vault/api/v1/%73ecrets/a%2Fb'],
  ['malformed query', '/vault/api/v1/secrets?a=%'],
  ['broken UTF-8 in the query', '/vault/api/v1/secrets?a=%FF'],
  ['NUL in the query', '/vault/api/v1/secrets?a=%00'],
  ['raw non-ASCII in the query', '/vault/api/v1/secrets?a=ä'],
  ['too long', `/${'a'.repeat(8192)}`],
];

describe('targetFault', () => {
  test.each(ACCEPTED)('accepts %s', target => {
    expect(targetFault(target)).toBeUndefined();
  });

  test.each(REFUSED)('refuses: %s', (_what, target) => {
    expect(targetFault(target)).toEqual(expect.any(String));
  });

  test('accepts 8192 characters', () => {
    expect(targetFault(`/${'a'.repeat(8191)}`)).toBeUndefined();
  });

  test('repeats nothing of the target in its words', () => {
    for (const [, target] of REFUSED) expect(targetFault(target)).not.toContain(SECRETS);
    expect(targetFault('/canary-7f3a\\')).not.toContain('canary');
  });

  test('every name of a secret passes that no two readers could read differently', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 200 }), name => {
        fc.pre(isPlainName(name));
        expect(targetFault(SECRETS + encodeURIComponent(name))).toBeUndefined();
      }),
      { numRuns: 2000 },
    );
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('/', '.', '%', ' ', 'a', '?', '#', 'ä'), minLength: 1 }),
        name => {
          fc.pre(isPlainName(name));
          expect(targetFault(SECRETS + encodeURIComponent(name))).toBeUndefined();
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('no accepted path holds what decodes to a dot segment, an empty one, a backslash or a control', () => {
    const piece = fc.constantFrom(
      ...[
        '/',
        '.',
        '..',
        '%2e',
        '%2E',
        '%2f',
        '%2F',
        '%5c',
        '%5C',
        '%00',
        '%0d',
        '%7f',
        '%25',
        '%252e',
        '%c0%ae',
      ],
      ...['%ed%a0%80', '%', '\\', '//', 'a', 'vault', '%C3%A4', ';', ' '],
    );
    const prefix = fc.constantFrom('/', SECRETS, '/vault/api/v1/metadata/secrets/', '/auth/api/v1/');
    let accepted = 0;
    fc.assert(
      fc.property(prefix, fc.array(piece, { maxLength: 8 }), (start, pieces) => {
        const target = start + pieces.join('');
        if (targetFault(target) !== undefined) return;
        accepted += 1;
        const segments = decodeURIComponent(pathOf(target)).split('/').slice(1);
        expect(segments.filter(segment => segment === '.' || segment === '..')).toEqual([]);
        expect(segments.slice(0, -1)).not.toContain('');
        expect(segments.join('/')).not.toMatch(/[\\\p{Cc}]/u);
      }),
      { numRuns: 5000 },
    );
    expect(accepted).toBeGreaterThan(200);
  });
});

/** Well-formed Unicode without controls and backslashes, whose segments are neither dots nor empty. */
function isPlainName(name: string): boolean {
  if (/[\\\p{Cc}\p{Cs}]/u.test(name) || encodeURIComponent(name).length > 8000) return false;
  const segments = name.split('/');
  return segments.every((segment, index) => {
    const isLast = index > 0 && index === segments.length - 1;
    return segment !== '.' && segment !== '..' && (segment !== '' || isLast);
  });
}
