import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Gateway } from '../src/service.ts';
import { fakeUpstream, sameForAll, send, startTestGateway, type FakeUpstream } from './harness.ts';

let auth: FakeUpstream;
let vault: FakeUpstream;
let gateway: Gateway;
let seen: string[] = [];

const named = (name: string) =>
  fakeUpstream((request, response) => {
    seen.push(`${name} ${request.url ?? ''} ${request.headers.cookie ?? ''}`.trim());
    request.resume();
    request.once('end', () => response.writeHead(200, { 'set-cookie': 'S=1; Path=/; HttpOnly' }).end('{}'));
  });

beforeAll(async () => {
  [auth, vault] = await Promise.all([named('auth'), named('vault')]);
  gateway = await startTestGateway(vault.origin, {
    upstreams: { ...sameForAll(vault.origin), auth: auth.origin },
  });
});
beforeEach(() => {
  seen = [];
});
afterAll(async () => {
  await gateway.stop();
  await auth.close();
  await vault.close();
});

const P = '/BeyondTrust/api/public/v3';

describe('the door of Secrets Safe', () => {
  test.each([
    [`${P}/Auth/SignAppin`, `auth ${P}/auth/signappin`],
    [`${P}/auth/connect/token/`, `auth ${P}/auth/connect/token`],
    [`${P}/Secrets-Safe/Folders/`, `vault ${P}/secrets-safe/folders`],
    [`${P}/secrets-safe/secrets&version=3.0`, `vault ${P}/secrets-safe/secrets?version=3.0`],
  ])('%s arrives as %s', async (path, arrived) => {
    expect((await send(gateway.url, path, { method: 'POST' })).status).toBe(200);
    expect(seen).toEqual([arrived]);
  });

  test('the session comes out and goes in as it is', async () => {
    const { headers } = await send(gateway.url, `${P}/auth/signappin`, { method: 'POST' });
    expect(headers['set-cookie']).toEqual(['S=1; Path=/; HttpOnly']);
    await send(gateway.url, `${P}/secrets-safe/safes`, { headers: { cookie: 'S=1; path=/' } });
    expect(seen[1]).toBe(`vault ${P}/secrets-safe/safes S=1; path=/`);
  });

  test.each([
    [`${P}/ManagedAccounts`, 404],
    [`${P}/TeamPasswords/Folders`, 404],
    [P, 404],
    [`${P}/secrets-safe/%2e%2e/a`, 400],
  ])('%s is refused in the shape of its dialect', async (path, status) => {
    const answer = await send(gateway.url, path);
    expect([answer.status, answer.json()]).toEqual([status, { error: expect.any(String) }]);
    expect(seen).toEqual([]);
  });

  test('sign-ins count into the stricter limit, other requests do not', async () => {
    const strict = await startTestGateway(vault.origin, { signInRateLimitPerSecond: 1 });
    const post = (path: string) => send(strict.url, path, { method: 'POST' });
    const [first, ...limited] = [
      await post(`${P}/Auth/connect/token`),
      await post(`${P}/auth/SignAppIn/`),
      await post(`${P}/Auth/connect/token`),
    ];
    expect(first.status).toBe(200);
    for (const answer of limited) {
      expect([answer.status, answer.json()]).toEqual([429, { error: expect.any(String) }]);
      expect(answer.headers['retry-after']).toBe('1');
    }
    expect((await post(`${P}/auth/signout`)).status).toBe(200);
    await strict.stop();
  });
});
