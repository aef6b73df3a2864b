import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isRedirectUri } from './redirect-uri.ts';

test.each([
  'https://app.example/callback',
  'https://app.example:8443/a/b?keep=1',
  'https://app.example',
  'http://localhost:3000/callback',
  'http://127.0.0.1/callback',
  'http://127.9.9.9:1/',
  'http://[::1]:8000/x',
  'com.example.app:/oauth2redirect',
  'com.example.app://callback',
])('a redirect URI: %s', uri => expect(isRedirectUri(uri)).toBe(true));

test.each([
  '',
  '/callback',
  'app.example/callback',
  'https:app.example',
  'https:///callback',
  'http://app.example/callback',
  'http://localhost.example/callback',
  'http://127.0.0.1.example/callback',
  'https://app.example/#',
  'https://app.example/#x',
  'https://app.example@evil.example/',
  'https://user:word@app.example/',
  'https://*.example/callback',
  'https://app.example/*',
  'https://app.example\\@evil.example/',
  'https://app.example/a b',
  ' https://app.example/',
  'https://app.example/\n',
  'https://äpp.example/',
  'javascript:alert(1)',
  'data:text/html,x',
  'file:///etc/passwd',
  'myapp:/callback',
  'urn:ietf:wg:oauth:2.0:oob',
  'https://',
])('no redirect URI: %j', uri => expect(isRedirectUri(uri)).toBe(false));

test('whatever is one leads to https, to this machine or to an application', () => {
  const part = fc.string({ unit: 'grapheme-ascii', maxLength: 12 });
  const scheme = fc.constantFrom('https://', 'http://', 'https:', 'javascript:', 'com.example:', '//', '');
  fc.assert(
    fc.property(scheme, part, part, (start, host, rest) => {
      const text = `${start}${host}${rest}`;
      if (!isRedirectUri(text)) return;
      const uri = new URL(text);
      expect([uri.username, uri.password, uri.hash]).toEqual(['', '', '']);
      if (uri.protocol === 'http:') expect(uri.hostname).toMatch(/^(localhost|\[::1\]|127\.[\d.]+)$/);
      else expect(uri.protocol).toMatch(/^(https:|[a-z][a-z0-9+-]*\.[a-z0-9.+-]+:)$/);
    }),
    { numRuns: 2_000 },
  );
});
