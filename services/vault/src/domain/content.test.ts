import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { createKeyring } from '@strongroom/crypto/keyring';
import { SecretBytes } from '@strongroom/crypto/secret-bytes';
import { openContent, sealContent } from './content.ts';
import { MAX_DATA_BYTES } from './secret.ts';

const keyring = {
  ...createKeyring(new Map([[1, new SecretBytes(randomBytes(32))]]), 1),
  have: () => undefined,
};
const secret = { id: 'c0000000-0000-4000-8000-000000000001', version: 3 };
const decryptionFailed = expect.objectContaining({ code: 'DECRYPTION_FAILED' });

describe('the content of a version', () => {
  test('opens to what was sealed, for its own secret and version only', async () => {
    const data = { user: 'root', pass: 'hunter2', list: [1, null, { ä: 'ö' }] };
    const envelope = sealContent(keyring, secret, data);
    expect(await openContent(keyring, secret, envelope)).toEqual(data);
    await expect(openContent(keyring, { ...secret, version: 2 }, envelope)).rejects.toThrow(decryptionFailed);
    await expect(
      openContent(keyring, { ...secret, id: 'c0000000-0000-4000-8000-000000000002' }, envelope),
    ).rejects.toThrow(decryptionFailed);
  });

  test('two seals of one content have nothing in common', async () => {
    const [a, b] = [sealContent(keyring, secret, { v: 1 }), sealContent(keyring, secret, { v: 1 })];
    expect(a.ciphertext.equals(b.ciphertext)).toBe(false);
    expect(a.wrappedKey.equals(b.wrappedKey)).toBe(false);
    await expect(openContent(keyring, secret, { ...a, ciphertext: b.ciphertext })).rejects.toThrow(
      decryptionFailed,
    );
  });

  test('may have exactly the limit in bytes of JSON, and no byte more', () => {
    const room = MAX_DATA_BYTES - JSON.stringify({ v: '' }).length;
    expect(() => sealContent(keyring, secret, { v: 'x'.repeat(room) })).not.toThrow();
    const tooLarge = expect.objectContaining({
      kind: 'too_large',
      code: 'OUT_OF_RESOURCES',
      property: 'data',
    });
    expect(() => sealContent(keyring, secret, { v: 'x'.repeat(room + 1) })).toThrow(tooLarge);
    // Bytes, not characters.
    expect(() => sealContent(keyring, secret, { v: 'é'.repeat(room / 2 + 1) })).toThrow(tooLarge);
  });
});
