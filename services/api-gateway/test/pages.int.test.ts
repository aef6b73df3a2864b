import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Gateway } from '../src/service.ts';
import { fakeUpstream, send, startTestGateway, type FakeUpstream } from './harness.ts';

const OWN_POLICY = "default-src 'none'; script-src 'self'";
const asked: string[] = [];
let auth: FakeUpstream;
let gateway: Gateway;

beforeAll(async () => {
  auth = await fakeUpstream((request, response) => {
    asked.push(request.url ?? '');
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.setHeader('content-security-policy', OWN_POLICY);
    response.setHeader('x-frame-options', 'SAMEORIGIN');
    response.end('<!doctype html>');
  });
  gateway = await startTestGateway(auth.origin);
});

afterAll(async () => {
  await gateway.stop();
  await auth.close();
});

test.each(['/auth/login?token=a%2Fb%3Dc', '/auth/password-reset?token=x'])(
  '%s comes from auth under its own policy and else under the gateway’s headers',
  async target => {
    const answer = await send(gateway.url, target);
    expect(asked.at(-1)).toBe(target);
    expect([answer.status, answer.body]).toEqual([200, '<!doctype html>']);
    expect(answer.headers['content-security-policy']).toBe(OWN_POLICY);
    expect(answer.headers).toMatchObject({
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    });
  },
);

test.each(['/auth/api/v1/login', '/auth/assets/0/login.js', '/vault/api/v1/secrets/x'])(
  'no answer at %s says what a browser may run',
  async target => {
    const answer = await send(gateway.url, target);
    expect(answer.status).toBe(200);
    expect(answer.headers['content-security-policy']).not.toContain('script-src');
  },
);

test.each(['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration'])(
  '%s comes from auth',
  async target => {
    expect((await send(gateway.url, target)).status).toBe(200);
    expect(asked.at(-1)).toBe(target);
  },
);
