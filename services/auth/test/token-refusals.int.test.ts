import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  basic,
  passwordGrant as grant,
  randomSecret,
  startTestAuth,
  type CallOptions,
  type TestAuth,
} from './support.ts';

let auth: TestAuth;
let oauth: string;

beforeAll(async () => {
  auth = await startTestAuth();
  const { id, secret } = auth.secrets.bootstrap.oauth_client;
  oauth = basic(id, secret);
});
afterAll(() => auth.stop());

const post = (form: string | undefined, as: string | null = oauth, headers?: CallOptions['headers']) =>
  auth.postToken(form, as, headers);

describe('refusals carry both shapes (contract 0.5, RFC 6749 5.2)', () => {
  const expectRefusal = async (answer: ReturnType<typeof post>, status: number, error: string) => {
    const { status: given, body, headers } = await answer;
    expect([given, body['error']]).toEqual([status, error]);
    expect(body).toEqual({
      error,
      error_description: body['error_message'],
      error_code: error.toUpperCase(),
      error_message: expect.any(String),
      request_id: expect.any(String),
    });
    // 401 names its scheme (RFC 6749, 5.2).
    expect(headers.get('www-authenticate')).toBe(status === 401 ? 'Basic' : null);
  };
  const mine = () => {
    const { id, secret } = auth.secrets.bootstrap.api_client;
    return grant(id, secret);
  };

  test('of an OAuth client that is not known or not proven', async () => {
    const { id, secret } = auth.secrets.bootstrap.oauth_client;
    const credentials = [
      basic(id, randomSecret()),
      basic(id, ''),
      basic(id, `${secret} `),
      basic('nobody', secret),
      basic('', secret),
      basic(`${id}\0`, secret),
      basic('\ud800', secret),
      `Basic ${Buffer.from(id).toString('base64')}`,
      'Basic ***',
      'Basic ',
      `Bearer ${secret}`,
      oauth.replace('Basic', 'Digest'),
      null,
    ];
    for (const as of credentials) await expectRefusal(post(mine(), as), 401, 'invalid_client');
  });

  test('of an API client that is not known or not proven', async () => {
    const { id, secret } = auth.secrets.bootstrap.api_client;
    const forms = [
      grant(id, randomSecret()),
      grant(id, ''),
      grant(randomUUID(), secret),
      grant('not-an-id', secret),
      grant(`{${id}}`, secret),
      grant(`${id}\0`, secret),
      grant("' OR true --", secret),
      `grant_type=password&username=${id}`,
      `grant_type=password&password=${secret}`,
      'grant_type=password',
    ];
    for (const form of forms) await expectRefusal(post(form), 400, 'invalid_grant');
  });

  test('of people: the password grant is for API clients only', async () => {
    const { username, password } = auth.secrets.bootstrap.admin;
    await expectRefusal(post(grant(username, password)), 400, 'invalid_grant');
    const [user] = await auth.superuser.query<{ id: string }>('SELECT id FROM users');
    await expectRefusal(post(grant(user!.id, password)), 400, 'invalid_grant');
  });

  test('of a grant type that is unknown', async () => {
    for (const type of ['implicit', 'PASSWORD', 'password ', 'constructor']) {
      await expectRefusal(post(`grant_type=${encodeURIComponent(type)}`), 400, 'unsupported_grant_type');
    }
  });

  test('of a request without grant type, in another form, or with a field that appears twice', async () => {
    const { id, secret } = auth.secrets.bootstrap.api_client;
    const json = JSON.stringify({ grant_type: 'password', username: id, password: secret });
    await expectRefusal(post(json, oauth, { 'content-type': 'application/json' }), 400, 'invalid_request');
    await expectRefusal(post(''), 400, 'invalid_request');
    await expectRefusal(post(undefined), 400, 'invalid_request');
    await expectRefusal(post(`username=${id}&password=${secret}`), 400, 'invalid_request');
    await expectRefusal(post(`${mine()}&username=${id}`), 400, 'invalid_request');
    await expectRefusal(post(`${mine()}&scope=a&scope=b`), 400, 'invalid_request');
  });

  test('a field beyond all bounds is refused as well, and repeated nowhere', async () => {
    const long = 'plum'.repeat(300);
    const { status, body, text } = await post(grant(randomUUID(), long));
    expect([status, body['property']]).toEqual([400, 'password']);
    expect(text).not.toContain('plumplum');
    expect((await post(grant(randomUUID(), 'x'.repeat(2_000_000)))).status).toBe(413);
  });
});
