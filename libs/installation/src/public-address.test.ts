import { expect, test } from '@jest/globals';
import { baseUrlOf, isHostName } from './public-address.ts';

test.each([
  ['127.0.0.1', 'https://localhost:8443'],
  ['0.0.0.0', 'https://localhost:8443'],
  ['::', 'https://localhost:8443'],
  ['::1', 'https://[::1]:8443'],
  ['192.0.2.7', 'https://192.0.2.7:8443'],
  ['vault.example.org', 'https://vault.example.org:8443'],
])('listening on %s, clients are told %s', (host, url) => {
  expect(baseUrlOf(host, 8443)).toBe(url);
});

test.each(['', '-a', 'a-', 'a..b', 'a_b', 'a b', 'ä', 'a'.repeat(64)])('%j is no host name', name => {
  expect(isHostName(name)).toBe(false);
});
