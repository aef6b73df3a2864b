import { randomToken } from '@strongroom/crypto/random';
import { callJson } from '@strongroom/http/client';
import { bodyParser } from '@strongroom/schema/parser';
import { Type } from '@strongroom/schema/types';
import type { Credentials } from './credentials.ts';

const parseToken = bodyParser(Type.Object({ access_token: Type.String() }));
const parseRoles = bodyParser(Type.Object({ items: Type.Array(Type.Object({ id: Type.String() })) }));

const DEADLINE_MS = 10_000;

/** The password grant of the installation's own API client. */
export async function apiToken(authUrl: string, { oauth_client, api_client }: Credentials): Promise<string> {
  const basic = Buffer.from(`${oauth_client.id}:${oauth_client.secret}`).toString('base64');
  const grant = new URLSearchParams({
    grant_type: 'password',
    username: api_client.id,
    password: api_client.secret,
  });
  const answer = await callJson({
    method: 'POST',
    url: `${authUrl}/auth/api/v1/oauth/token`,
    headers: { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded' },
    body: grant.toString(),
    deadlineMs: DEADLINE_MS,
  });
  return parseToken(answer).access_token;
}

/** The secret `example` that clients' own tests expect (contract 12), made as any client would make it. */
export async function storeExampleSecret(
  authUrl: string,
  vaultUrl: string,
  credentials: Credentials,
): Promise<void> {
  const headers = { authorization: `Bearer ${await apiToken(authUrl, credentials)}` };
  const roles = parseRoles(
    await callJson({
      method: 'POST',
      url: `${authUrl}/role-store/api/v1/roles/resolve`,
      headers,
      body: ['privx-admin'],
      deadlineMs: DEADLINE_MS,
    }),
  ).items;
  await callJson({
    method: 'POST',
    url: `${vaultUrl}/vault/api/v1/secrets`,
    headers,
    body: {
      name: 'example',
      data: { username: 'example', password: randomToken() },
      read_roles: roles,
      write_roles: roles,
    },
    deadlineMs: DEADLINE_MS,
  });
}
