import { createRemoteJWKSet, type CompactVerifyGetKey } from 'jose';
import type { Logger } from '@strongroom/log/logger';

const RENEW_MS = 10 * 60_000;
const RETRY_MS = 60_000;

export interface AuthKeysOptions {
  /** Base address of auth. */
  authUrl: string;
  now: () => Date;
  log: Logger;
}

/**
 * The keys by which auth signs. They are asked for again every ten minutes, and when a token names one that is not
 * known; but what is known holds for as long as auth does not answer, so that a token is good without it. They never
 * come from the cache: whoever can write there must not be able to sign.
 */
export function keysOfAuth({ authUrl, now, log }: AuthKeysOptions): CompactVerifyGetKey {
  const keys = createRemoteJWKSet(new URL(`${authUrl}/auth/api/v1/oauth/jwks`), {
    cacheMaxAge: Number.POSITIVE_INFINITY,
  });
  let renewAtMs = now().getTime() + RENEW_MS;

  async function renew(): Promise<void> {
    try {
      await keys.reload();
    } catch (error) {
      renewAtMs = now().getTime() + RETRY_MS;
      log.error("auth's keys could not be renewed; those that are known hold", error);
    }
  }

  return (header, token) => {
    const time = now().getTime();
    if (time >= renewAtMs && keys.jwks() !== undefined) {
      renewAtMs = time + RENEW_MS;
      void renew();
    }
    return keys(header, token);
  };
}
