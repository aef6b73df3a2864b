import type { IncomingHttpHeaders } from 'node:http';
import { secretsSafeError } from '@strongroom/errors/secrets-safe-error';
import { Members, Type } from '@strongroom/schema/types';
import type { Dialect } from './dialect.ts';
import { lenient, lenientQuery } from './lenient.ts';

/**
 * BeyondTrust Secrets Safe's API (contracts/secrets-safe.md). The gateway leads all its paths below here, in lower case
 * from there on.
 */
export const SECRETS_SAFE: Dialect = {
  prefix: '/BeyondTrust/api/public/v3',
  readQuery: (schema, raw) => lenientQuery(schema, raw),
  readBody: lenient,
  readCredentials: credentialsIn,
  writeError: secretsSafeError,
  ErrorBody: Members({ error: Type.String() }, { description: 'Answer to every request that fails' }),
};

/** The session that `Auth/SignAppIn` opens. Its value is an access token of ours. */
export const SESSION_COOKIE = 'StrongroomSession';

/**
 * A bearer token, or else the session's. Some clients send the cookie alone (2.3), others beside it the API key by which
 * they signed in: that opens a session and nothing else.
 */
function credentialsIn({ authorization, cookie }: IncomingHttpHeaders): string | undefined {
  if (authorization !== undefined && !/^ps-auth\b/i.test(authorization)) return authorization;
  const token = cookieNamed(cookie ?? '', SESSION_COOKIE);
  return token === undefined ? undefined : `Bearer ${token}`;
}

/** One client sends back all of `Set-Cookie`: what it says beside the session is passed over. */
function cookieNamed(header: string, name: string): string | undefined {
  for (const pair of header.split(';')) {
    const [own = '', value] = pair.split('=', 2);
    if (own.trim() === name && value !== undefined) return value.trim();
  }
  return undefined;
}
