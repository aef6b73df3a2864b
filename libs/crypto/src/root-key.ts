import { createHmac } from 'node:crypto';
import { KEY_BYTES } from './aead.ts';
import { SecretBytes } from './secret-bytes.ts';

/**
 * Where the root key comes from. File and environment are one provider, since every setting may be given
 * as a file; a KMS would wrap and unwrap remotely, hence the asynchronous form.
 */
export interface RootKeyProvider {
  rootKey: () => Promise<SecretBytes>;
}

/** 32 bytes as base64url, the form of `root.key` and of STRONGROOM_ROOT_KEY. Undefined: not such a text. */
export function parseRootKey(text: string): SecretBytes | undefined {
  const trimmed = text.trim();
  if (!/^[A-Za-z0-9_-]{43}=?$/.test(trimmed)) return undefined;
  const bytes = Buffer.from(trimmed, 'base64url');
  return bytes.length === KEY_BYTES ? new SecretBytes(bytes) : undefined;
}

export const staticRootKey = (key: SecretBytes): RootKeyProvider => ({
  rootKey: () => Promise.resolve(key),
});

/** Names a root key without telling anything of it: 64 bits of an HMAC under the key itself. */
export function fingerprint(rootKey: SecretBytes): string {
  return createHmac('sha256', rootKey.reveal())
    .update('strongroom root key fingerprint')
    .digest('hex')
    .slice(0, 16);
}
