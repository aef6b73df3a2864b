import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { decryptionFailed } from './crypto-errors.ts';

/**
 * AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce.
 * Sealed form: nonce (12 bytes) | ciphertext | tag (16 bytes).
 *
 * A random nonce allows 2^32 messages under one key before collisions matter. Data keys seal one value
 * each; a key-encryption key wraps one data key per written version and is rotated long before that.
 */
export const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
export const OVERHEAD_BYTES = NONCE_BYTES + TAG_BYTES;

/** `associatedData` is required: it binds the ciphertext to the one place where it may be opened. */
export function seal(key: Uint8Array, plaintext: Uint8Array, associatedData: Uint8Array): Buffer {
  return sealWithNonce(key, randomBytes(NONCE_BYTES), plaintext, associatedData);
}

/** For published test vectors only; everything else uses `seal`, which never repeats a nonce. */
export function sealWithNonce(
  key: Uint8Array,
  nonce: Uint8Array,
  plaintext: Uint8Array,
  associatedData: Uint8Array,
): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(associatedData);
  const body = cipher.update(plaintext);
  cipher.final();
  return Buffer.concat([nonce, body, cipher.getAuthTag()]);
}

export function open(key: Uint8Array, sealed: Uint8Array, associatedData: Uint8Array): Buffer {
  if (sealed.length < OVERHEAD_BYTES) throw decryptionFailed();
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(associatedData);
    decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
    const plaintext = decipher.update(sealed.subarray(NONCE_BYTES, sealed.length - TAG_BYTES));
    decipher.final();
    return plaintext;
  } catch (error) {
    throw decryptionFailed(error);
  }
}
