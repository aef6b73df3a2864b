import { hkdfSync } from 'node:crypto';
import { KEY_BYTES } from './aead.ts';
import { SecretBytes } from './secret-bytes.ts';

/**
 * A key of its own for one purpose: HKDF-SHA-256 (RFC 5869) without salt, which a uniformly random `key` does not
 * need. `purpose` tells keys of one origin apart; nobody who has one learns another.
 */
export const deriveKey = (key: SecretBytes, purpose: string, bytes = KEY_BYTES): SecretBytes =>
  new SecretBytes(Buffer.from(hkdfSync('sha256', key.reveal(), '', purpose, bytes)));
