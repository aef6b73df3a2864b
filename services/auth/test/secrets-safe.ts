import type { Answer, CallOptions, TestAuth } from './support.ts';

/** Clients of Secrets Safe, as the gateway leads them to auth. */

export const API = '/BeyondTrust/api/public/v3/auth';
export const KEYS = '/auth/api/v1/api-keys';

export interface Key {
  readonly id: string;
  readonly key: string;
}

export async function makeKey(
  auth: TestAuth,
  subjectId: string,
  members: Record<string, unknown> = {},
): Promise<Key> {
  const { status, body, text } = await auth.call('POST', KEYS, {
    body: { name: 'key', subject_id: subjectId, ...members },
  });
  if (status !== 201) throw new Error(`no key: ${text}`);
  return { id: String(body['id']), key: String(body['key']) };
}

export const askToken = (auth: TestAuth, fields: Record<string, string>): Promise<Answer> =>
  auth.call('POST', `${API}/connect/token`, {
    as: null,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ grant_type: 'client_credentials', ...fields }).toString(),
  });

/** As clients do it: an empty body that is called JSON. */
export const signAppIn = (
  auth: TestAuth,
  as: string,
  headers: CallOptions['headers'] = {},
): Promise<Answer> =>
  auth.call('POST', `${API}/signappin`, { as, headers: { 'content-type': 'application/json', ...headers } });

export const psAuth = (key: string, runas: string): string => `PS-Auth key=${key};runas=${runas};`;

export const setCookieOf = ({ headers }: Answer): string => headers.get('set-cookie') ?? '';
/** What a cookie jar sends back. */
export const cookieOf = (answer: Answer): string => setCookieOf(answer).split(';')[0] ?? '';

export const signOut = (
  auth: TestAuth,
  cookie: string,
  headers: CallOptions['headers'] = {},
): Promise<Answer> => auth.call('POST', `${API}/signout`, { as: null, headers: { cookie, ...headers } });

/** The token that the cookie is, as other routes take it. */
export const bearerIn = (cookie: string): string => `Bearer ${cookie.slice(cookie.indexOf('=') + 1)}`;
