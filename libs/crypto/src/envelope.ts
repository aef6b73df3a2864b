import { randomBytes } from 'node:crypto';
import { KEY_BYTES, OVERHEAD_BYTES, open, seal } from './aead.ts';
import { decryptionFailed } from './crypto-errors.ts';
import type { Keyring } from './keyring.ts';

/**
 * Envelope encryption: a fresh data key seals one value, the active key-encryption key wraps the data key.
 * Re-keying touches `keyId` and `wrappedKey` only, so the three parts are stored apart where values are
 * large (vault), or packed into one column where they are small (`packEnvelope`).
 */
export interface Envelope {
  keyId: number;
  wrappedKey: Buffer;
  ciphertext: Buffer;
}

/** The one place where a ciphertext may be opened. Moved to any other, it does not open. */
export interface ValueAddress {
  schema: string;
  table: string;
  objectId: string;
  version: number;
  field: string;
}

/** What binds one part of a sealed value to its address; a chunk also to its place among all chunks. */
export function associatedData(
  address: ValueAddress,
  part: 'value' | 'key' | 'chunk',
  ...place: readonly (number | boolean)[]
): Buffer {
  // A JSON array of texts and numbers is unambiguous: no two addresses share an encoding.
  const { schema, table, objectId, version, field } = address;
  return Buffer.from(
    JSON.stringify(['strongroom/1', part, schema, table, objectId, version, field, ...place]),
  );
}

export function sealValue(keyring: Keyring, plaintext: Uint8Array, address: ValueAddress): Envelope {
  const dataKey = randomBytes(KEY_BYTES);
  const ciphertext = seal(dataKey, plaintext, associatedData(address, 'value'));
  const { keyId, wrapped } = keyring.wrap(dataKey, associatedData(address, 'key'));
  dataKey.fill(0);
  return { keyId, wrappedKey: wrapped, ciphertext };
}

export function openValue(keyring: Keyring, envelope: Envelope, address: ValueAddress): Buffer {
  const dataKey = keyring.unwrap(envelope.keyId, envelope.wrappedKey, associatedData(address, 'key'));
  const plaintext = open(dataKey, envelope.ciphertext, associatedData(address, 'value'));
  dataKey.fill(0);
  return plaintext;
}

/** Wraps the data key anew by the active key. The value itself is neither needed nor opened. */
export function rewrapDataKey(
  keyring: Keyring,
  { keyId, wrappedKey }: Omit<Envelope, 'ciphertext'>,
  address: ValueAddress,
): Omit<Envelope, 'ciphertext'> {
  const bound = associatedData(address, 'key');
  const dataKey = keyring.unwrap(keyId, wrappedKey, bound);
  const { keyId: newKeyId, wrapped } = keyring.wrap(dataKey, bound);
  dataKey.fill(0);
  return { keyId: newKeyId, wrappedKey: wrapped };
}

const FORMAT = 1;
const WRAPPED_KEY_BYTES = KEY_BYTES + OVERHEAD_BYTES;
const HEADER_BYTES = 1 + 4;

/** Packed form: format (1 byte) | key id (4 bytes, big-endian) | wrapped key (60 bytes) | ciphertext. */
export function packEnvelope(envelope: Envelope): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt8(FORMAT, 0);
  header.writeUInt32BE(envelope.keyId, 1);
  return Buffer.concat([header, envelope.wrappedKey, envelope.ciphertext]);
}

/** What stands before the ciphertext in the packed form: re-keying replaces it and nothing else. */
export const packedHead = (key: Omit<Envelope, 'ciphertext'>): Buffer =>
  packEnvelope({ ...key, ciphertext: Buffer.alloc(0) });
export const PACKED_HEAD_BYTES = HEADER_BYTES + WRAPPED_KEY_BYTES;

/** Without a look at the rest: of an envelope that was cut short it is something that does not unwrap. */
export const packedWrappedKey = (packed: Buffer): Buffer => packed.subarray(HEADER_BYTES, PACKED_HEAD_BYTES);

export function unpackEnvelope(packed: Buffer): Envelope {
  if (packed.length < HEADER_BYTES + WRAPPED_KEY_BYTES + OVERHEAD_BYTES || packed.readUInt8(0) !== FORMAT) {
    throw decryptionFailed();
  }
  return {
    keyId: packed.readUInt32BE(1),
    wrappedKey: packed.subarray(HEADER_BYTES, HEADER_BYTES + WRAPPED_KEY_BYTES),
    ciphertext: packed.subarray(HEADER_BYTES + WRAPPED_KEY_BYTES),
  };
}
