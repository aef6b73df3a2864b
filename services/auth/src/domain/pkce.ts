import { createHash } from 'node:crypto';
import { constantTimeEqual } from '@strongroom/crypto/compare';

/** RFC 7636, 4.1 and 4.2. `plain` is not served: it protects nothing. */
export const CHALLENGE_METHOD = 'S256';

const VERIFIER = /^[A-Za-z0-9\-._~]{43,128}$/;
const CHALLENGE = /^[A-Za-z0-9_-]{43}$/;

export const isChallenge = (text: string): boolean => CHALLENGE.test(text);

export const matchesChallenge = (verifier: string, challenge: string): boolean =>
  VERIFIER.test(verifier) &&
  constantTimeEqual(createHash('sha256').update(verifier).digest('base64url'), challenge);
