import { createHmac } from 'node:crypto';
import { KEY_BYTES, open, seal } from './aead.ts';
import { SecretBytes } from './secret-bytes.ts';

/**
 * What holds the root key. It wraps and unwraps key-encryption keys and need never show the root key itself, so that
 * a KMS fits as well as a file: hence the asynchronous form, and names instead of keys.
 */
export interface RootKeyProvider {
  /** Names of the root keys that it has now. `next` is the one to change to, once the operator has given it. */
  names: () => Promise<RootKeyNames>;
  /** Rejects with UnknownRootKeyError when it has no root key of this name. */
  wrap: (name: string, key: SecretBytes, associatedData: Uint8Array) => Promise<Buffer>;
  /** Rejects as `wrap` does, and with `DECRYPTION_FAILED` when the root key of this name does not open it. */
  unwrap: (name: string, wrapped: Uint8Array, associatedData: Uint8Array) => Promise<SecretBytes>;
}

export interface RootKeyNames {
  readonly current: string;
  readonly next: string | undefined;
}

export class UnknownRootKeyError extends Error {
  override readonly name = 'UnknownRootKeyError';
}

/** 32 bytes as base64url, the form of `root.key` and of STRONGROOM_ROOT_KEY. Undefined: not such a text. */
export function parseRootKey(text: string): SecretBytes | undefined {
  const trimmed = text.trim();
  if (!/^[A-Za-z0-9_-]{43}=?$/.test(trimmed)) return undefined;
  const bytes = Buffer.from(trimmed, 'base64url');
  return bytes.length === KEY_BYTES ? new SecretBytes(bytes) : undefined;
}

/**
 * Root keys in this process' memory, from a file or the environment. `readNext` is asked each time the next one
 * matters, since its file may come while the process runs, and go again once the operator has put the new key in the
 * old one's place: a key that was seen once stays known.
 */
export function staticRootKey(
  current: SecretBytes,
  readNext: () => SecretBytes | undefined = () => undefined,
): RootKeyProvider {
  const known = new Map([[fingerprint(current), current]]);

  function nextName(): string | undefined {
    const key = readNext();
    if (key === undefined) return undefined;
    const name = fingerprint(key);
    known.set(name, key);
    return name;
  }

  function keyOf(name: string): SecretBytes {
    if (!known.has(name)) nextName();
    const key = known.get(name);
    if (key === undefined) throw new UnknownRootKeyError('there is no root key of this name');
    return key;
  }

  /** What is thrown becomes the rejection that callers of any provider expect. */
  const later = <T>(work: () => T): Promise<T> => Promise.resolve().then(work);

  return {
    names: () => later(() => ({ current: fingerprint(current), next: nextName() })),
    wrap: (name, key, associatedData) =>
      later(() => seal(keyOf(name).reveal(), key.reveal(), associatedData)),
    unwrap: (name, wrapped, associatedData) =>
      later(() => new SecretBytes(open(keyOf(name).reveal(), wrapped, associatedData))),
  };
}

/** Names a root key without telling anything of it: 64 bits of an HMAC under the key itself. */
export function fingerprint(rootKey: SecretBytes): string {
  return createHmac('sha256', rootKey.reveal())
    .update('strongroom root key fingerprint')
    .digest('hex')
    .slice(0, 16);
}
