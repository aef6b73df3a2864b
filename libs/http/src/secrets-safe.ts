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
 * A bearer token or the session's. Some clients send the cookie alone (2.3), others beside it the API key by which they
 * signed in, which opens a session and nothing else, or the token that they signed in with: a session that goes on gets
 * newer tokens, so the one that holds longer counts.
 */
export function credentialsIn(headers: IncomingHttpHeaders): string | undefined {
  const { authorization } = headers;
  const token = sessionTokenIn(headers);
  const session = token === undefined ? undefined : `Bearer ${token}`;
  if (authorization === undefined || /^ps-auth\b/i.test(authorization)) return session;
  if (token === undefined || !/^bearer /i.test(authorization)) return authorization;
  return endOf(token) > endOf(authorization) ? session : authorization;
}

export const sessionTokenIn = ({ cookie = '' }: IncomingHttpHeaders): string | undefined =>
  cookieNamed(cookie, SESSION_COOKIE);

const endOf = (token: string): number => statedIn(token).exp ?? 0;

/** What a token says of itself, which nobody has verified. */
export function statedIn(token: string): {
  readonly exp?: number;
  readonly iat?: number;
  readonly sid?: string;
} {
  try {
    const payload: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    return typeof payload === 'object' && payload !== null ? payload : {};
  } catch {
    return {};
  }
}

/** `Set-Cookie`: at every path, since clients spell them in any case; over TLS alone, where the client came by it. */
export const sessionCookie = (value: string, headers: IncomingHttpHeaders, more = ''): string =>
  `${SESSION_COOKIE}=${value}; Path=/; HttpOnly; SameSite=Strict${
    headers['x-forwarded-proto'] === 'https' ? '; Secure' : ''
  }${more}`;

/** One client sends back all of `Set-Cookie`: what it says beside the session is passed over. */
function cookieNamed(header: string, name: string): string | undefined {
  for (const pair of header.split(';')) {
    const [own = '', value] = pair.split('=', 2);
    if (own.trim() === name && value !== undefined) return value.trim();
  }
  return undefined;
}
