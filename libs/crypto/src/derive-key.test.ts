import { describe, expect, test } from '@jest/globals';
import { deriveKey } from './derive-key.ts';
import { SecretBytes } from './secret-bytes.ts';

describe('deriveKey', () => {
  test('is HKDF-SHA-256: RFC 5869, A.3', () => {
    expect(
      deriveKey(new SecretBytes(Buffer.alloc(22, 0x0b)), '', 42)
        .reveal()
        .toString('hex'),
    ).toBe('8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8');
  });

  test('gives another key for another purpose, and for another key', () => {
    const key = new SecretBytes(Buffer.alloc(32, 7));
    const derived = [
      deriveKey(key, 'one'),
      deriveKey(key, 'two'),
      deriveKey(new SecretBytes(Buffer.alloc(32, 8)), 'one'),
    ].map(each => each.reveal().toString('hex'));
    expect(new Set(derived).size).toBe(3);
    expect(deriveKey(key, 'one').reveal().toString('hex')).toBe(derived[0]);
    expect(derived[0]).toHaveLength(64);
  });
});
