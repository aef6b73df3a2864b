import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { KEY_BYTES, open, OVERHEAD_BYTES, seal, sealWithNonce } from './aead.ts';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const bytes = (maxLength: number) => fc.uint8Array({ maxLength });
const failed = expect.objectContaining({ code: 'DECRYPTION_FAILED' });

/** McGrew and Viega, The Galois/Counter Mode of Operation, appendix B: the cases with 256-bit keys and 96-bit IVs. */
const KEY = 'feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308';
const IV = 'cafebabefacedbaddecaf888';
const PLAINTEXT =
  'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72' +
  '1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255';
const CIPHERTEXT =
  '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa' +
  '8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad';
const vectors = [
  {
    number: 13,
    key: '00'.repeat(32),
    iv: '00'.repeat(12),
    p: '',
    a: '',
    c: '',
    t: '530f8afbc74536b9a963b4f1c4cb738b',
  },
  {
    number: 14,
    key: '00'.repeat(32),
    iv: '00'.repeat(12),
    p: '00'.repeat(16),
    a: '',
    c: 'cea7403d4d606b6e074ec5d3baf39d18',
    t: 'd0d1c8a799996bf0265b98b5d48ab919',
  },
  { number: 15, key: KEY, iv: IV, p: PLAINTEXT, a: '', c: CIPHERTEXT, t: 'b094dac5d93471bdec1a502270e3cc6c' },
  {
    number: 16,
    key: KEY,
    iv: IV,
    p: PLAINTEXT.slice(0, 120),
    a: 'feedfacedeadbeeffeedfacedeadbeefabaddad2',
    c: CIPHERTEXT.slice(0, 120),
    t: '76fc6ece0f4e1768cddf8853bb2d551b',
  },
];

describe('AES-256-GCM', () => {
  test.each(vectors)('test case $number', ({ key, iv, p, a, c, t }) => {
    const sealed = sealWithNonce(hex(key), hex(iv), hex(p), hex(a));
    expect(sealed.toString('hex')).toBe(iv + c + t);
    expect(open(hex(key), sealed, hex(a)).toString('hex')).toBe(p);
  });

  test('opens what it sealed', () => {
    fc.assert(
      fc.property(bytes(300), bytes(60), (plaintext, associatedData) => {
        const key = randomBytes(KEY_BYTES);
        const sealed = seal(key, plaintext, associatedData);
        expect(sealed).toHaveLength(plaintext.length + OVERHEAD_BYTES);
        expect(open(key, sealed, associatedData)).toEqual(Buffer.from(plaintext));
      }),
    );
  });

  test('never repeats a nonce', () => {
    const key = randomBytes(KEY_BYTES);
    const nonces = Array.from({ length: 1_000 }, () =>
      seal(key, Buffer.alloc(0), Buffer.alloc(0)).toString('hex', 0, 12),
    );
    expect(new Set(nonces).size).toBe(1_000);
  });
});

describe('a sealed value is refused', () => {
  const key = randomBytes(KEY_BYTES);
  const associatedData = Buffer.from('associated data');
  const sealed = seal(key, Buffer.from('a secret'), associatedData);

  /** Each copy of `original` with one bit flipped. */
  function* withOneBitFlipped(original: Buffer): Generator<Buffer> {
    for (let bit = 0; bit < original.length * 8; bit += 1) {
      const copy = Buffer.from(original);
      copy[bit >> 3]! ^= 1 << (bit & 7);
      yield copy;
    }
  }

  test('with any one bit of nonce, ciphertext, tag, associated data or key flipped', () => {
    for (const copy of withOneBitFlipped(sealed)) {
      expect(() => open(key, copy, associatedData)).toThrow(failed);
    }
    for (const copy of withOneBitFlipped(associatedData))
      expect(() => open(key, sealed, copy)).toThrow(failed);
    for (const copy of withOneBitFlipped(key))
      expect(() => open(copy, sealed, associatedData)).toThrow(failed);
  });

  test('cut to any shorter length, at either end, or lengthened', () => {
    for (let length = 0; length < sealed.length; length += 1) {
      expect(() => open(key, sealed.subarray(0, length), associatedData)).toThrow(failed);
      expect(() => open(key, sealed.subarray(sealed.length - length), associatedData)).toThrow(failed);
    }
    expect(() => open(key, Buffer.concat([sealed, Buffer.alloc(1)]), associatedData)).toThrow(failed);
  });

  test('under a key of another length', () => {
    expect(() => open(key.subarray(0, 16), sealed, associatedData)).toThrow(failed);
    expect(() => seal(key.subarray(0, 16), Buffer.alloc(1), associatedData)).toThrow('Invalid key length');
  });
});
