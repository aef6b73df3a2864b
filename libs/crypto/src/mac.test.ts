import { describe, expect, test } from '@jest/globals';
import { createMac, sameMac } from './mac.ts';
import { SecretBytes } from './secret-bytes.ts';

describe('createMac', () => {
  test.each([
    [
      '4.2',
      Buffer.alloc(20, 0x0b),
      'Hi There',
      'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
    ],
    [
      '4.3',
      Buffer.from('Jefe'),
      'what do ya want for nothing?',
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    ],
    [
      '4.7, a key longer than a block',
      Buffer.alloc(131, 0xaa),
      'Test Using Larger Than Block-Size Key - Hash Key First',
      '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
    ],
  ])('is HMAC-SHA-256: RFC 4231, %s', (_case, key, text, expected) => {
    expect(createMac(new SecretBytes(key))(text).toString('hex')).toBe(expected);
  });
});

describe('sameMac', () => {
  test('finds any changed bit, and another length', () => {
    const mac = createMac(new SecretBytes(Buffer.alloc(32, 1)))('text');
    expect(sameMac(mac, Buffer.from(mac))).toBe(true);
    for (let bit = 0; bit < 256; bit += 1) {
      const changed = Buffer.from(mac);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(sameMac(mac, changed)).toBe(false);
    }
    expect(sameMac(mac, mac.subarray(1))).toBe(false);
    expect(sameMac(mac, Buffer.alloc(0))).toBe(false);
  });
});
