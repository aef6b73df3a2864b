import { open, seal } from './aead.ts';
import { decryptionFailed } from './crypto-errors.ts';
import type { SecretBytes } from './secret-bytes.ts';

/** An immutable set of key-encryption keys by number. Rotation makes a new keyring with one more. */
export interface Keyring {
  /** The key that new writes use. */
  readonly activeId: number;
  readonly ids: readonly number[];
  wrap: (dataKey: Uint8Array, associatedData: Uint8Array) => { keyId: number; wrapped: Buffer };
  unwrap: (keyId: number, wrapped: Uint8Array, associatedData: Uint8Array) => Buffer;
}

export function createKeyring(byId: ReadonlyMap<number, SecretBytes>, activeId: number): Keyring {
  const keys = new Map(byId);
  const active = keys.get(activeId);
  if (active === undefined) throw decryptionFailed();
  return {
    activeId,
    ids: [...keys.keys()],
    wrap: (dataKey, associatedData) => ({
      keyId: activeId,
      wrapped: seal(active.reveal(), dataKey, associatedData),
    }),
    unwrap(keyId, wrapped, associatedData) {
      const key = keys.get(keyId);
      if (key === undefined) throw decryptionFailed();
      return open(key.reveal(), wrapped, associatedData);
    },
  };
}
