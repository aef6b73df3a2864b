import { Agent, request } from 'undici';
import type { Credentials } from './standalone.ts';

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  /** Parsed when it is JSON, else undefined. */
  body: Record<string, unknown> | undefined;
  text: string;
}

export interface CallOptions {
  body?: unknown;
  headers?: Record<string, string>;
  /** `null`: without a token. Absent: the client's own. */
  token?: string | null;
}

/** Speaks to the gateway as a program does: over TLS, with the CA of the data directory. */
export interface ApiClient {
  call: (method: string, path: string, options?: CallOptions) => Promise<Answer>;
  /** The password grant as PrivX's Go and Python clients send it. */
  signIn: (id?: string, secret?: string) => Promise<Answer>;
  close: () => Promise<void>;
}

export async function createApiClient(
  target: { baseUrl: string; ca: string; credentials: Credentials },
  connections = 32,
): Promise<ApiClient> {
  const { baseUrl, ca, credentials } = target;
  const dispatcher = new Agent({ connect: { ca }, connections });
  let ownToken = '';

  async function send(
    method: string,
    path: string,
    headers: Record<string, string>,
    body?: string,
  ): Promise<Answer> {
    const response = await request(`${baseUrl}${path}`, {
      dispatcher,
      method: method as 'GET',
      headers,
      body: body ?? null,
    });
    const text = await response.body.text();
    return { status: response.statusCode, headers: response.headers, body: parse(text), text };
  }

  const client: ApiClient = {
    call(method, path, { body, headers, token = ownToken } = {}) {
      const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
      const all = {
        ...(text === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === null || token === '' ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      };
      return send(method, path, all, text);
    },
    signIn(id = credentials.api_client.id, secret = credentials.api_client.secret) {
      const { oauth_client } = credentials;
      const basic = Buffer.from(`${oauth_client.id}:${oauth_client.secret}`).toString('base64');
      const form = new URLSearchParams({ grant_type: 'password', username: id, password: secret });
      return send(
        'POST',
        '/auth/api/v1/oauth/token',
        { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded' },
        form.toString(),
      );
    },
    close: () => dispatcher.close(),
  };
  const granted = await client.signIn();
  if (typeof granted.body?.['access_token'] !== 'string')
    throw new Error(`sign-in failed with ${granted.status}`);
  ownToken = granted.body['access_token'];
  return client;
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
