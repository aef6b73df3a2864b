import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseMysqlAccount, quoteAccount, quoteLiteral } from './mysql-account.ts';

test.each([
  ['app', 'app', '%'],
  ['app@10.0.%', 'app', '10.0.%'],
  ['a@b@LOCALHOST', 'a@b', 'localhost'],
  ["o'brien@%", "o'brien", '%'],
])('%s', (account, user, host) => expect(parseMysqlAccount(account)).toEqual({ user, host }));

/** Reads as the server does under NO_BACKSLASH_ESCAPES: the literal, and what stands behind it. */
function readLiteral(text: string): [string, string] {
  const literal = /^'((?:[^']|'')*)'/.exec(text);
  if (literal === null) throw new Error('no literal');
  return [(literal[1] ?? '').replaceAll("''", "'"), text.slice(literal[0].length)];
}

test('whatever a text holds, the server reads that text and nothing behind it', () => {
  const hostile = fc.string({ unit: fc.constantFrom("'", '\\', '"', '`', '@', ';', '-', ' ', 'a') });
  fc.assert(
    fc.property(hostile, hostile, (user, host) => {
      expect(readLiteral(quoteLiteral(user))).toEqual([user, '']);
      const [readUser, rest] = readLiteral(quoteAccount({ user, host }));
      expect(readUser).toBe(user);
      expect(rest[0]).toBe('@');
      expect(readLiteral(rest.slice(1))).toEqual([host, '']);
    }),
  );
});
