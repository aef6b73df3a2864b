import { createHash, randomBytes } from 'node:crypto';
import { expect } from '@jest/globals';
import { decodeJwt } from 'jose';
import { TOKEN, type Answer, type TestAuth } from './support.ts';

const AUTHORIZE = '/auth/api/v1/oauth/authorize';
const LOGIN = '/auth/api/v1/login';
export const REDIRECT = '/privx/oauth-callback';

export interface Pkce {
  verifier: string;
  challenge: string;
}

export function newPkce(): Pkce {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
}

/** What PrivX's Go client sends to the authorization endpoint (contract 1.3). */
export const goParameters = ({ challenge }: Pkce): Record<string, string> => ({
  client_id: 'privx-ui',
  redirect_uri: REDIRECT,
  response_type: 'code',
  state: 'state-1',
  user_agent: 'privx-sdk-go',
  code_challenge: challenge,
  code_challenge_method: 'S256',
});

/** Redirects are looked at, not followed. */
export function askAuthorization(auth: TestAuth, parameters: Record<string, string>): Promise<Response> {
  const query = new URLSearchParams(parameters).toString();
  return fetch(`${auth.url}${AUTHORIZE}?${query}`, { redirect: 'manual' });
}

/** The token of a fresh authorization request. */
export async function startSignIn(
  auth: TestAuth,
  pkce: Pkce,
  parameters: Record<string, string> = {},
): Promise<string> {
  const answer = await askAuthorization(auth, { ...goParameters(pkce), ...parameters });
  const token = new URL(answer.headers.get('location') ?? '').searchParams.get('token');
  if (answer.status !== 307 || token === null) throw new Error(`no request token: ${answer.status}`);
  return token;
}

export const logIn = (
  auth: TestAuth,
  token: string,
  { username, password } = auth.secrets.bootstrap.admin,
): Promise<Answer> => auth.call('POST', LOGIN, { as: null, body: { username, password, token } });

/** A sign-in after its password, with what was answered to that. */
export async function enterPassword(
  auth: TestAuth,
  person: { username: string; password: string },
  parameters: Record<string, string> = {},
): Promise<{ pkce: Pkce; token: string; answer: Answer }> {
  const pkce = newPkce();
  const token = await startSignIn(auth, pkce, parameters);
  return { pkce, token, answer: await logIn(auth, token, person) };
}

/** One of the steps after the password. */
export const loginStep = (auth: TestAuth, path: string, body: Record<string, unknown>): Promise<Answer> =>
  auth.call('POST', `${LOGIN}/${path}`, { as: null, body });

/** The claims of the token that a completed sign-in is good for. */
export async function claimsOf(
  auth: TestAuth,
  { status, body }: Answer,
  pkce: Pkce,
): Promise<Record<string, unknown>> {
  expect([status, body]).toEqual([200, expect.objectContaining({ state: 'state-1' })]);
  const granted = await exchangeCode(auth, String(body['code']), pkce);
  expect(granted.status).toBe(200);
  return decodeJwt(String(granted.body['access_token']));
}

/** Refused by this code, and without anything that would let somebody in. */
export function expectRefusal({ status, body }: Answer, code: string, expected = 400): void {
  expect([status, body['error_code']]).toEqual([expected, code]);
  for (const member of ['code', 'redirect_to', 'recovery_codes', 'access_token', 'refresh_token']) {
    expect(body).not.toHaveProperty(member);
  }
}

export const exchangeCode = (
  auth: TestAuth,
  code: string,
  { verifier }: Pkce,
  fields: Record<string, string> = {},
  as: string | null = null,
): Promise<Answer> =>
  postForm(
    auth,
    TOKEN,
    {
      client_id: 'privx-ui',
      redirect_uri: REDIRECT,
      grant_type: 'authorization_code',
      code,
      code_verifier: verifier,
      ...fields,
    },
    as,
  );

export const refresh = (
  auth: TestAuth,
  refreshToken: string,
  fields: Record<string, string> = {},
): Promise<Answer> =>
  postForm(auth, TOKEN, {
    client_id: 'privx-ui',
    redirect_uri: REDIRECT,
    grant_type: 'refresh_token',
    refresh_token: refreshToken,
    ...fields,
  });

export function postForm(
  auth: TestAuth,
  path: string,
  fields: Record<string, string>,
  as: string | null = null,
): Promise<Answer> {
  return auth.call('POST', path, {
    as,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
  });
}

export interface PersonTokens {
  bearer: string;
  accessToken: string;
  refreshToken: string;
  body: Record<string, unknown>;
}

/** A whole sign-in by password. */
export async function signInPerson(
  auth: TestAuth,
  person = auth.secrets.bootstrap.admin,
  parameters: Record<string, string> = {},
): Promise<PersonTokens> {
  const pkce = newPkce();
  const entered = await logIn(auth, await startSignIn(auth, pkce, parameters), person);
  const { body, status } = await exchangeCode(auth, String(entered.body['code']), pkce);
  if (status !== 200) throw new Error(`no tokens: ${entered.status} ${status}`);
  const accessToken = String(body['access_token']);
  return {
    bearer: `Bearer ${accessToken}`,
    accessToken,
    refreshToken: String(body['refresh_token']),
    body,
  };
}

/** How many of these answers have this status. */
export const countStatus = (answers: readonly Answer[], status: number): number =>
  answers.filter(answer => answer.status === status).length;
