import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { caller, createFolder, secretOf } from './secrets-safe.ts';
import { startTestVault, uniqueName, type TestVault } from './support.ts';

/** secrets-manager, as far as it makes passwords by the policy of number 3. */
let manager: Server;
let isAway = false;
let asked: (string | undefined)[] = [];
let vault: TestVault;
let call: ReturnType<typeof caller>;
let secrets: string;

beforeAll(async () => {
  manager = createServer((request, response) => {
    asked.push(request.headers.authorization);
    const isRule = request.url === '/secrets-manager/api/v1/password-policies/numbers/3/generate';
    if (isAway) response.writeHead(503).end();
    else if (isRule && request.method === 'POST')
      response.end(JSON.stringify({ password: `made-${asked.length}` }));
    else
      response.writeHead(404).end(JSON.stringify({ error_code: 'OBJECT_NOT_FOUND', error_message: 'none' }));
  });
  await new Promise<void>(resolve => manager.listen(0, '127.0.0.1', resolve));
  vault = await startTestVault({
    secretsManagerUrl: `http://127.0.0.1:${(manager.address() as AddressInfo).port}`,
  });
  call = caller(vault);
  secrets = `/folders/${(await createFolder(vault, uniqueName('safe'))).id}/secrets`;
});
afterAll(async () => {
  await vault.stop();
  await new Promise(resolve => manager.close(resolve));
});

const credential = (more: object) => ({ Title: uniqueName('t'), Username: 'u', ...more });

test('a password is made by the policy of that number, with the rights of who asks, and shown to who may read', async () => {
  const as = await vault.issuer.bearer({ permissions: ['vault-add'], roles: [vault.role.id] });
  asked = [];
  const made = await call('POST', secrets, { as, body: credential({ PasswordRuleId: 3 }) });
  expect([made.status, secretOf(made).Password, asked]).toEqual([201, 'made-1', [as]]);
  const { Id } = secretOf(made);
  const put = await call('PUT', `/secrets/${Id}`, { body: credential({ PasswordRuleID: 3 }) });
  expect([put.status, secretOf(put).Password]).toEqual([200, 'made-2']);
  expect(secretOf(await call('GET', `/secrets/${Id}`)).Password).toBe('made-2');
});

test('a session asks by its cookie', async () => {
  const bearer = await vault.issuer.bearer({ permissions: ['vault-add'], roles: [vault.role.id] });
  asked = [];
  const headers = { cookie: `StrongroomSession=${bearer.slice('Bearer '.length)}` };
  const made = await call('POST', secrets, { as: null, headers, body: credential({ PasswordRuleID: 3 }) });
  expect([made.status, asked]).toEqual([201, [bearer]]);
});

test('a password that is stated counts before a rule, and 0 is none', async () => {
  asked = [];
  const made = await call('POST', secrets, { body: credential({ Password: 'p', PasswordRuleID: 3 }) });
  expect([made.status, secretOf(made).Password]).toEqual([201, 'p']);
  expect((await call('POST', secrets, { body: credential({ PasswordRuleID: 0 }) })).status).toBe(400);
  expect(asked).toEqual([]);
});

test('a number of no policy is 400, and while secrets-manager is away nothing is made', async () => {
  const unknown = await call('POST', secrets, { body: credential({ PasswordRuleID: 4 }) });
  expect([unknown.status, unknown.body]).toEqual([400, { error: expect.stringContaining('password rule') }]);
  isAway = true;
  const body = credential({ PasswordRuleID: 3 });
  expect((await call('POST', secrets, { body })).status).toBe(503);
  isAway = false;
  expect((await call('POST', secrets, { body })).status).toBe(201);
});
