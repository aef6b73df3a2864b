import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import type { SecretBytes } from './secret-bytes.ts';

/** HMAC-SHA-256 (RFC 2104, FIPS 198-1) over the UTF-8 bytes of a text: 32 bytes. */
export type Mac = (text: string) => Buffer;

export function createMac(key: SecretBytes): Mac {
  const secret = createSecretKey(key.reveal());
  return text => createHmac('sha256', secret).update(text, 'utf8').digest();
}

/** Equality whose time tells nothing of where two MACs differ. */
export const sameMac = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && timingSafeEqual(a, b);
