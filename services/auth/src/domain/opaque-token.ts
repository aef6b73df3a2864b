import { createHash } from 'node:crypto';
import { randomToken } from '@strongroom/crypto/random';

/**
 * Codes, refresh tokens and the like: 256 random bits, of which only the digest is stored. They need no slow
 * hash, since nobody can guess them.
 */
export const newOpaqueToken = (): string => randomToken();

export const digestOf = (token: string): Buffer => createHash('sha256').update(token).digest();
