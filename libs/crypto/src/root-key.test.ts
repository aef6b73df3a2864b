import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { randomToken } from './random.ts';
import { fingerprint, parseRootKey, staticRootKey, UnknownRootKeyError } from './root-key.ts';
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

describe('root keys in memory', () => {
  const [current, next] = [new SecretBytes(key), new SecretBytes(Buffer.alloc(32, 9))];
  const keyEncryptionKey = new SecretBytes(Buffer.alloc(32, 1));
  const row = Buffer.from('row 1');

  test('wrap and unwrap by name, for one place', async () => {
    const provider = staticRootKey(current, () => next);
    expect(await provider.names()).toEqual({ current: fingerprint(current), next: fingerprint(next) });
    for (const name of [fingerprint(current), fingerprint(next)]) {
      const wrapped = await provider.wrap(name, keyEncryptionKey, row);
      expect((await provider.unwrap(name, wrapped, row)).reveal()).toEqual(keyEncryptionKey.reveal());
      const failed = { code: 'DECRYPTION_FAILED' };
      await expect(provider.unwrap(name, wrapped, Buffer.from('row 2'))).rejects.toMatchObject(failed);
    }
    const wrapped = await provider.wrap(fingerprint(current), keyEncryptionKey, row);
    await expect(provider.unwrap(fingerprint(next), wrapped, row)).rejects.toMatchObject({
      code: 'DECRYPTION_FAILED',
    });
  });

  test('do not know a name that was never given', async () => {
    const provider = staticRootKey(current);
    expect(await provider.names()).toEqual({ current: fingerprint(current), next: undefined });
    await expect(provider.wrap(fingerprint(next), keyEncryptionKey, row)).rejects.toThrow(
      UnknownRootKeyError,
    );
    await expect(provider.unwrap(fingerprint(next), Buffer.alloc(60), row)).rejects.toThrow(
      UnknownRootKeyError,
    );
  });

  test('take the next one when it comes, and know it still when it is gone again', async () => {
    let file: SecretBytes | undefined;
    const provider = staticRootKey(current, () => file);
    const wrapped = await staticRootKey(next).wrap(fingerprint(next), keyEncryptionKey, row);
    await expect(provider.unwrap(fingerprint(next), wrapped, row)).rejects.toThrow(UnknownRootKeyError);
    file = next;
    expect((await provider.unwrap(fingerprint(next), wrapped, row)).reveal()).toEqual(
      keyEncryptionKey.reveal(),
    );
    file = undefined;
    expect(await provider.names()).toEqual({ current: fingerprint(current), next: undefined });
    expect((await provider.unwrap(fingerprint(next), wrapped, row)).reveal()).toEqual(
      keyEncryptionKey.reveal(),
    );
  });
});
