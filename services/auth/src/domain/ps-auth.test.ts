import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readPsAuth } from './ps-auth.ts';

describe('PS-Auth', () => {
  test.each([
    'PS-Auth key=K;runas=me;',
    'PS-Auth key=K; runas=me; pwd=[p;key=other];',
    'ps-auth Runas = me ;KEY=K',
    'PS-Auth key=K;runas=me;pwd=[a]b];challenge=123456',
    'PS-Auth pwd=[x];key=K;runas=me',
  ])('%s', text => {
    expect(readPsAuth(text)).toEqual({ key: 'K', runas: 'me' });
  });

  test.each([
    '',
    'PS-Auth ',
    'Bearer key=K;runas=me',
    'PS-Auth key=K',
    'PS-Auth runas=me;',
    'PS-Auth key=;runas=me',
    'PS-Auth key=K;key=L;runas=me',
    'PS-Auth key=K;runas=me;RunAs=you',
  ])('is refused without one key and one account: %s', text => {
    expect(readPsAuth(text)).toBeUndefined();
  });

  test('no password changes what is read', () => {
    fc.assert(
      fc.property(fc.string(), password => {
        // Header values have no line breaks.
        fc.pre(!/[\r\n\u2028\u2029]/.test(password));
        expect(readPsAuth(`PS-Auth key=K;runas=me;pwd=[${password}];`)).toEqual({ key: 'K', runas: 'me' });
      }),
    );
  });
});
