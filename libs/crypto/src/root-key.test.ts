import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { randomToken } from './random.ts';
import { fingerprint, parseRootKey } from './root-key.ts';
import { SecretBytes } from './secret-bytes.ts';

const key = Buffer.from(Array.from({ length: 32 }, (_, index) => 255 - index * 7));
const text = key.toString('base64url');

describe('parseRootKey', () => {
  test.each([
    ['plain', text],
    ['padded', `${text}=`],
    ['with a line break, as a file has it', `${text}\n`],
    ['between blanks', `  ${text}\r\n`],
    ['of zeros', 'A'.repeat(43)],
  ])('takes 32 bytes as base64url, %s', (_what, given) => {
    const parsed = parseRootKey(given);
    expect(parsed?.reveal()).toEqual(given.startsWith('A') ? Buffer.alloc(32) : key);
  });

  test('takes every key that the platform makes', () => {
    for (let count = 0; count < 100; count += 1) {
      const token = randomToken();
      expect(parseRootKey(token)?.reveal().toString('base64url')).toBe(token);
    }
  });

  test.each([
    ['nothing', ''],
    ['a shorter text', text.slice(1)],
    ['a longer text', `${text}A`],
    ['a key of 33 bytes', Buffer.alloc(33).toString('base64url')],
    ['plain base64', `${text.slice(0, 41)}+/`],
    ['hexadecimal', key.toString('hex')],
    ['two paddings', `${text}==`],
    ['a blank inside', `${text.slice(0, 20)} ${text.slice(21)}`],
    ['two lines', `${text}\n${text}`],
    ['other letters', 'é'.repeat(43)],
  ])('refuses %s', (_what, given) => {
    expect(parseRootKey(given)).toBeUndefined();
  });
});

describe('fingerprint', () => {
  test('is the same for the same key, in this release and the next', () => {
    expect(fingerprint(new SecretBytes(Buffer.alloc(32)))).toBe('41398fa54433e540');
    expect(fingerprint(new SecretBytes(key))).toBe(fingerprint(new SecretBytes(Buffer.from(key))));
  });

  test('tells keys apart and shows neither the key nor its plain hash', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), bytes => {
        const mark = fingerprint(new SecretBytes(bytes));
        expect(mark).toMatch(/^[0-9a-f]{16}$/);
        expect(mark).not.toBe(fingerprint(new SecretBytes(key)));
        expect(Buffer.from(bytes).toString('hex')).not.toContain(mark);
        expect(createHash('sha256').update(bytes).digest('hex')).not.toContain(mark);
      }),
    );
  });
});
