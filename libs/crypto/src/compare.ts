import { createHash, timingSafeEqual } from 'node:crypto';

/**
 * Equality whose time says nothing about where, or by how much in length, two texts differ:
 * both are hashed first, so that the compared buffers have one length.
 */
export function constantTimeEqual(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text, 'utf8').digest();
  return timingSafeEqual(digest(a), digest(b));
}
