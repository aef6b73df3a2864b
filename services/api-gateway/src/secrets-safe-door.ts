/**
 * Where clients of Secrets Safe come in (contracts/secrets-safe.md 1.1): paths in any case, slashes doubled or at the
 * end, and `&version=` that some put where no query has begun. Nothing is decoded: what comes out is checked as every
 * target is. No part of these paths is told apart by its case.
 */

export const SECRETS_SAFE_PREFIX = '/BeyondTrust/api/public/v3';

/** The second is what the product was called before. */
const BASE = /^\/(?:beyondtrust|eeye\.retinacs\.server)\/api\/public\/v3(?=\/|$)/i;

/** The target in the one form under which the services know it; undefined: it is none of Secrets Safe's. */
export function secretsSafeTarget(target: string): string | undefined {
  const end = target.search(/[?&]/);
  const path = end === -1 ? target : target.slice(0, end);
  const single = path.replace(/\/+/g, '/').replace(/\/$/, '');
  const below = single.replace(BASE, '');
  if (below === single) return undefined;
  const query = end === -1 ? '' : `?${target.slice(end + 1).replace('?', target[end] === '?' ? '?' : '&')}`;
  return `${SECRETS_SAFE_PREFIX}${below.toLowerCase()}${query}`;
}

export const isAtSecretsSafesDoor = (path: string): boolean =>
  path === SECRETS_SAFE_PREFIX || path.startsWith(`${SECRETS_SAFE_PREFIX}/`);
