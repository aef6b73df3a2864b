import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { cloudEvent } from '@strongroom/contracts/cloud-event';
import { ROLE_CHANGED } from '@strongroom/contracts/role-events';
import { pathOf, SECRETS, startTestVault, uniqueName, type TestVault } from './support.ts';

/** What vault needs of auth: who calls, and what roles are called. */

let now = new Date('2026-02-01T00:00:00Z');
let vault: TestVault;

beforeAll(async () => {
  vault = await startTestVault({ now: () => now });
});
afterAll(() => vault.stop());

async function create(): Promise<string> {
  const name = uniqueName('named');
  expect((await vault.call('POST', SECRETS, { body: { name, read_roles: [vault.role] } })).status).toBe(201);
  return name;
}

/** Reads until the role has this name; ends by the test's own deadline. */
async function untilNamed(name: string, roleName: string): Promise<void> {
  for (;;) {
    const { body } = await vault.call('GET', pathOf(name));
    if ((body['read_roles'] as { name: string }[])[0]?.name === roleName) return;
  }
}

describe('routes', () => {
  test('without a token, only those of the fixed list answer', async () => {
    const { body } = await vault.call('GET', '/openapi.json', { as: null });
    const paths = body['paths'] as Record<string, Record<string, { security: unknown[] }>>;
    const open: string[] = [];
    for (const [template, methods] of Object.entries(paths)) {
      for (const [method, { security }] of Object.entries(methods)) {
        const path = template.replaceAll(/\{\w+\}/g, 'x');
        const answer = await vault.call(method.toUpperCase(), path, { as: null });
        if (security.length === 0) open.push(`${method} ${template}`);
        else {
          // Other dialects have errors of their own.
          const code = path.startsWith('/vault/') ? 'UNAUTHENTICATED' : undefined;
          expect([path, answer.status, answer.body['error_code']]).toEqual([path, 401, code]);
          expect(answer.headers['www-authenticate']).toBe('Bearer');
        }
      }
    }
    expect(open).toEqual(['get /vault/api/v1/status', 'get /SecretServer/api/v1/healthcheck']);
    for (const path of ['/healthz', '/readyz', '/openapi.json', '/vault/api/v1/status']) {
      expect((await vault.call('GET', path, { as: null })).status).toBe(200);
    }
  });

  test('a stranger is refused before the body is looked at', async () => {
    const body = Buffer.alloc(8 * 1_048_576);
    expect((await vault.call('POST', SECRETS, { as: null, body: '{' })).status).toBe(401);
    const reader = await vault.issuer.bearer();
    expect((await vault.call('POST', SECRETS, { as: reader, body: body.subarray(0, 10) })).status).toBe(403);
  });

  test.each([
    ['no scheme', 'token'],
    ['another scheme', 'Basic YTpi'],
    ['no token', 'Bearer '],
    ['no JWT', 'Bearer a.b.c'],
  ])('%s', async (_what, as) => {
    expect((await vault.call('GET', SECRETS, { as })).status).toBe(401);
  });

  test('a token ends with its time, also one that was used before', async () => {
    const as = await vault.issuer.bearer();
    expect((await vault.call('GET', SECRETS, { as })).status).toBe(200);
    const issued = now;
    now = new Date(issued.getTime() + 600_000);
    expect((await vault.call('GET', SECRETS, { as })).status).toBe(401);
    now = issued;
  });

  test('status says what contract 0.9 says', async () => {
    const { body } = await vault.call('GET', '/vault/api/v1/status', { as: null });
    expect(body).toEqual({
      variant: 'Strongroom',
      version: expect.any(String),
      api_version: 'v1',
      status: 'RUNNING',
      status_message: 'OK',
      app_id: 'vault',
      'server-mode': 'PRODUCTION',
      status_details: [],
      start_time: now.toISOString(),
    });
  });
});

describe('role names', () => {
  test('follow the event that auth sends', async () => {
    const name = await create();
    await untilNamed(name, 'everything');
    vault.role.name = 'renamed';
    await vault.bus.publish([
      cloudEvent('auth', ROLE_CHANGED, 'f0000000-0000-4000-8000-000000000000', now, {
        roleId: vault.role.id,
      }),
    ]);
    await untilNamed(name, 'renamed');
  });

  test('are asked anew after a while when no event came', async () => {
    const name = await create();
    vault.role.name = 'renamed again';
    expect((await vault.call('GET', pathOf(name))).body['read_roles']).toMatchObject([{ name: 'renamed' }]);
    now = new Date(now.getTime() + 31_000);
    await untilNamed(name, 'renamed again');
  });

  test('are remembered while auth is away; only what needs auth is refused', async () => {
    const name = await create();
    await vault.issuer.stop();
    now = new Date(now.getTime() + 31_000);
    expect((await vault.call('GET', pathOf(name))).body['read_roles']).toEqual([vault.role]);
    expect((await vault.call('PUT', pathOf(name), { body: { data: { v: 2 } } })).status).toBe(200);
    const unknown = [{ id: 'f0000000-0000-4000-8000-000000000001' }];
    const { status, body } = await vault.call('PUT', pathOf(name), { body: { write_roles: unknown } });
    expect([status, body['error_code']]).toEqual([503, 'INTRA_SERVICE_COMMUNICATION_ERROR']);
    expect((await vault.call('GET', pathOf(name))).body['write_roles']).toEqual([]);
  });
});
