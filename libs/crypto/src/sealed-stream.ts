import { randomBytes } from 'node:crypto';
import { KEY_BYTES, open, seal } from './aead.ts';
import { decryptionFailed } from './crypto-errors.ts';
import { associatedData, type ValueAddress } from './envelope.ts';
import type { Keyring } from './keyring.ts';
import { SecretBytes } from './secret-bytes.ts';

/** Bytes of plaintext in a chunk; the last one of a stream may have fewer. */
export const CHUNK_BYTES = 65_536;

/** How a data key lies in the database. Re-keying changes these two and nothing else. */
export interface WrappedKey {
  readonly keyId: number;
  readonly wrappedKey: Buffer;
}

/** A fresh data key for one stream. */
export function createDataKey(
  keyring: Keyring,
  address: ValueAddress,
): { wrapped: WrappedKey; dataKey: SecretBytes } {
  const dataKey = new SecretBytes(randomBytes(KEY_BYTES));
  const { keyId, wrapped } = keyring.wrap(dataKey.reveal(), associatedData(address, 'key'));
  return { wrapped: { keyId, wrappedKey: wrapped }, dataKey };
}

export const openDataKey = (
  keyring: Keyring,
  { keyId, wrappedKey }: WrappedKey,
  address: ValueAddress,
): SecretBytes => new SecretBytes(keyring.unwrap(keyId, wrappedKey, associatedData(address, 'key')));

/** A small value that stands beside a stream, such as what it is called, under the stream's own key. */
export const sealBeside = (dataKey: SecretBytes, value: Uint8Array, address: ValueAddress): Buffer =>
  seal(dataKey.reveal(), value, associatedData(address, 'value'));

export const openBeside = (dataKey: SecretBytes, sealed: Uint8Array, address: ValueAddress): Buffer =>
  open(dataKey.reveal(), sealed, associatedData(address, 'value'));

/**
 * Seals bytes that are too many to hold at once, as chunks of CHUNK_BYTES. Each is bound to its number and to whether
 * it is the last, so that chunks cannot be left out, added, swapped or moved to another stream unnoticed (the STREAM
 * construction of Hoang, Reyhanitabar, Rogaway and Vizár, with random nonces). Nothing at all becomes one empty chunk.
 */
export async function* sealStream(
  dataKey: SecretBytes,
  plaintext: AsyncIterable<Uint8Array>,
  address: ValueAddress,
): AsyncGenerator<Buffer, void, undefined> {
  const chunk = Buffer.alloc(CHUNK_BYTES);
  let filled = 0;
  let index = 0;
  const sealChunk = (isLast: boolean) =>
    seal(dataKey.reveal(), chunk.subarray(0, filled), associatedData(address, 'chunk', index, isLast));
  try {
    for await (const piece of plaintext) {
      for (let offset = 0; offset < piece.length;) {
        // Only now is it certain that the full chunk is not the last.
        if (filled === CHUNK_BYTES) {
          yield sealChunk(false);
          index += 1;
          filled = 0;
        }
        const taken = piece.subarray(offset, offset + CHUNK_BYTES - filled);
        chunk.set(taken, filled);
        filled += taken.length;
        offset += taken.length;
      }
    }
    yield sealChunk(true);
  } finally {
    chunk.fill(0);
  }
}

/**
 * Opens what `sealStream` made, chunk by chunk, each in one piece as it was sealed. What was yielded is genuine and in
 * its place; that it is the whole is certain only once the generator has ended. Throws `decryptionFailed` otherwise.
 */
export async function* openStream(
  dataKey: SecretBytes,
  sealed: AsyncIterable<Uint8Array>,
  address: ValueAddress,
): AsyncGenerator<Buffer, void, undefined> {
  let held: Uint8Array | undefined;
  let index = 0;
  const openChunk = (chunk: Uint8Array, isLast: boolean) =>
    open(dataKey.reveal(), chunk, associatedData(address, 'chunk', index, isLast));
  for await (const next of sealed) {
    if (held !== undefined) {
      yield openChunk(held, false);
      index += 1;
    }
    held = next;
  }
  if (held === undefined) throw decryptionFailed();
  yield openChunk(held, true);
}
