import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { KEY_BYTES } from './aead.ts';
import {
  openValue,
  PACKED_HEAD_BYTES,
  packedHead,
  packEnvelope,
  rewrapDataKey,
  sealValue,
  unpackEnvelope,
  type Envelope,
  type ValueAddress,
} from './envelope.ts';
import { createKeyring, type Keyring } from './keyring.ts';
import { SecretBytes } from './secret-bytes.ts';

const newKey = (): SecretBytes => new SecretBytes(randomBytes(KEY_BYTES));
const failed = expect.objectContaining({ code: 'DECRYPTION_FAILED', kind: 'internal' });

const key1 = newKey();
const key2 = newKey();
const before = createKeyring(new Map([[1, key1]]), 1);
const after = createKeyring(
  new Map([
    [1, key1],
    [2, key2],
  ]),
  2,
);
const address: ValueAddress = {
  schema: 'vault',
  table: 'versions',
  objectId: 'a',
  version: 1,
  field: 'data',
};
const secret = Buffer.from('a secret');

describe('an envelope', () => {
  test('opens at its own address, packed or not', () => {
    const anyAddress = fc.record({
      schema: fc.string(),
      table: fc.string(),
      objectId: fc.string(),
      version: fc.nat(),
      field: fc.string(),
    });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), anyAddress, (plaintext, place) => {
        const envelope = sealValue(before, plaintext, place);
        expect(openValue(before, envelope, place)).toEqual(Buffer.from(plaintext));
        expect(openValue(before, unpackEnvelope(packEnvelope(envelope)), place)).toEqual(
          Buffer.from(plaintext),
        );
        expect(unpackEnvelope(packEnvelope(envelope))).toEqual(envelope);
      }),
    );
  });

  test('has a data key of its own: nothing of two equal values is equal', () => {
    const one = sealValue(before, secret, address);
    const other = sealValue(before, secret, address);
    expect(one.wrappedKey.equals(other.wrappedKey)).toBe(false);
    expect(one.ciphertext.equals(other.ciphertext)).toBe(false);
    expect(() => openValue(before, { ...one, ciphertext: other.ciphertext }, address)).toThrow(failed);
  });

  test.each([
    ['object', { objectId: 'b' }],
    ['version', { version: 2 }],
    ['table', { table: 'files' }],
    ['field', { field: 'name' }],
    ['schema', { schema: 'auth' }],
  ])('moved to another %s is refused, whole or in part', (_what, change) => {
    const there = { ...address, ...change };
    const own = sealValue(before, secret, there);
    const moved = sealValue(before, secret, address);
    expect(() => openValue(before, moved, there)).toThrow(failed);
    expect(() => openValue(before, { ...own, ciphertext: moved.ciphertext }, there)).toThrow(failed);
    expect(() => openValue(before, { ...own, wrappedKey: moved.wrappedKey }, there)).toThrow(failed);
  });

  test.each(['', ',', '/', ':', '|', '\0', '"', '","', '\\', '\\"', '\n'])(
    'is refused at an address whose parts, joined by %j, are the same text',
    glue => {
      const from = { ...address, table: `a${glue}b`, objectId: 'c' };
      const to = { ...address, table: 'a', objectId: `b${glue}c` };
      const moved = sealValue(before, secret, from);
      expect(() => openValue(before, moved, to)).toThrow(failed);
      const number = sealValue(before, secret, { ...address, objectId: `a${glue}1`, version: 2 });
      expect(() => openValue(before, number, { ...address, objectId: 'a', version: 12 })).toThrow(failed);
    },
  );

  test('with any one bit flipped is refused, packed', () => {
    const packed = packEnvelope(sealValue(before, secret, address));
    for (let bit = 0; bit < packed.length * 8; bit += 1) {
      const copy = Buffer.from(packed);
      copy[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => openValue(before, unpackEnvelope(copy), address)).toThrow(failed);
    }
  });

  test('cut to any shorter length is refused, packed', () => {
    const packed = packEnvelope(sealValue(before, secret, address));
    for (let length = 0; length < packed.length; length += 1) {
      expect(() => openValue(before, unpackEnvelope(packed.subarray(0, length)), address)).toThrow(failed);
    }
  });
});

describe('a keyring', () => {
  test('after rotation reads old values, writes new ones under the new key, and the old ring cannot read these', () => {
    const old = sealValue(before, secret, address);
    const fresh = sealValue(after, secret, address);
    expect([old.keyId, fresh.keyId]).toEqual([1, 2]);
    expect(openValue(after, old, address)).toEqual(secret);
    expect(openValue(after, fresh, address)).toEqual(secret);
    expect(() => openValue(before, fresh, address)).toThrow(failed);
  });

  test('refuses a value under the id of another of its keys', () => {
    const envelope = sealValue(after, secret, address);
    expect(() => openValue(after, { ...envelope, keyId: 1 }, address)).toThrow(failed);
    expect(() => openValue(after, { ...envelope, keyId: 3 }, address)).toThrow(failed);
  });

  test('does not change when the map that it was made from does', () => {
    const keys = new Map([[1, key1]]);
    const ring = createKeyring(keys, 1);
    const envelope = sealValue(ring, secret, address);
    keys.clear();
    expect(openValue(ring, envelope, address)).toEqual(secret);
  });

  test('needs its active key', () => {
    expect(() => createKeyring(new Map([[1, key1]]), 2)).toThrow(failed);
  });

  test('tells every failure alike', () => {
    const envelope = sealValue(before, secret, address);
    const faults: (() => unknown)[] = [
      () => openValue(before, { ...envelope, keyId: 9 }, address),
      () => openValue(before, { ...envelope, wrappedKey: Buffer.alloc(0) }, address),
      () => openValue(before, { ...envelope, ciphertext: Buffer.alloc(99) }, address),
      () => openValue(createKeyring(new Map([[1, key2]]), 1), envelope, address),
      () => unpackEnvelope(Buffer.alloc(200, 7)),
    ];
    const told = faults.map(fault => {
      try {
        return fault();
      } catch (error) {
        return String(error);
      }
    });
    expect(new Set(told)).toEqual(new Set(['AppError: A stored value could not be opened']));
  });

  test('prints no key', () => {
    const ring: Keyring = after;
    const envelope: Envelope = sealValue(ring, secret, address);
    const printed = JSON.stringify([ring, { ...envelope, keys: [key1, key2] }]);
    for (const key of [key1, key2]) {
      for (const form of ['hex', 'base64', 'base64url'] as const) {
        expect(printed).not.toContain(key.reveal().toString(form));
      }
    }
  });
});

describe('a data key that is wrapped anew', () => {
  test('opens the same ciphertext, by the new key alone', () => {
    const envelope = sealValue(before, secret, address);
    const rewrapped = rewrapDataKey(after, envelope, address);
    expect(rewrapped.keyId).toBe(2);
    expect(openValue(createKeyring(new Map([[2, key2]]), 2), { ...envelope, ...rewrapped }, address)).toEqual(
      secret,
    );
    expect(() => openValue(after, { ...envelope, wrappedKey: rewrapped.wrappedKey }, address)).toThrow(
      failed,
    );
  });

  test('is bound to its address as before', () => {
    const envelope = sealValue(before, secret, address);
    expect(() => rewrapDataKey(after, envelope, { ...address, version: 2 })).toThrow(failed);
    const rewrapped = { ...envelope, ...rewrapDataKey(after, envelope, address) };
    expect(() => openValue(after, rewrapped, { ...address, version: 2 })).toThrow(failed);
  });

  test('stands at the head of a packed envelope, before the untouched rest', () => {
    const envelope = sealValue(before, secret, address);
    const packed = packEnvelope(envelope);
    const rewrapped = Buffer.concat([
      packedHead(rewrapDataKey(after, envelope, address)),
      packed.subarray(PACKED_HEAD_BYTES),
    ]);
    expect(rewrapped).toHaveLength(packed.length);
    expect(openValue(after, unpackEnvelope(rewrapped), address)).toEqual(secret);
  });
});
