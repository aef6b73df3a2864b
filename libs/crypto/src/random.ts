import { randomBytes } from 'node:crypto';

/** 256 random bits as 43 base64url characters: the form of every secret that the platform makes. */
export const randomToken = (): string => randomBytes(32).toString('base64url');
