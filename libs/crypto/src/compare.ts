import { createHash, timingSafeEqual } from 'node:crypto';

/**
 * Equality whose time says nothing about where, or by how much in length, two texts differ:
 * both are hashed first, so that the compared buffers have one length. UTF-16, since as UTF-8 all lone
 * surrogates are one character.
 */
export function constantTimeEqual(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text, 'utf16le').digest();
  return timingSafeEqual(digest(a), digest(b));
}
