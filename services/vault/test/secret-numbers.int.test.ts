import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { METADATA, pathOf, SECRETS, startTestVault, uniqueName, type TestVault } from './support.ts';

let vault: TestVault;
beforeAll(async () => {
  vault = await startTestVault();
});
afterAll(() => vault.stop());

const path = (number: number) => `/vault/api/v1/secret/numbers/${number}`;

async function secret(more: object) {
  const name = `${uniqueName('team')}/db`;
  const body = { name, data: { pass: 'p' }, ...more };
  expect((await vault.call('POST', SECRETS, { body })).status).toBe(201);
  return { name, number: Number((await vault.call('GET', pathOf(name, METADATA))).body['number']) };
}

test('tells readers which secret a number means, also when it is deleted', async () => {
  const { name, number } = await secret({ read_roles: [vault.role], write_roles: [vault.role] });
  const first = await vault.call('GET', path(number));
  expect([first.status, first.body]).toEqual([200, { id: expect.any(String), name, number }]);
  const deleted = await vault.call('DELETE', `/SecretServer/api/v1/secrets/${number}`);
  expect(deleted.status).toBe(200);
  expect((await vault.call('GET', path(number))).body).toEqual(first.body);
});

test('is silent to everybody else, in the words for what is not there', async () => {
  const writersRole = { id: randomUUID(), name: 'writers' };
  vault.issuer.roles.push(writersRole);
  const { number } = await secret({ read_roles: [vault.role], write_roles: [writersRole] });
  const [writer, stranger] = [
    await vault.issuer.bearer({ sub: randomUUID(), roles: [writersRole.id] }),
    await vault.issuer.bearer({ sub: randomUUID(), roles: [] }),
  ];
  const absent = await vault.call('GET', path(2_000_000_000));
  for (const as of [writer, stranger]) {
    const answer = await vault.call('GET', path(number), { as });
    expect([answer.status, answer.body['error_code'], answer.body['error_message']]).toEqual([
      404,
      absent.body['error_code'],
      absent.body['error_message'],
    ]);
  }
  // Whoever may write knows of it elsewhere: the refusal is this route's.
  expect(
    (await vault.call('GET', `/SecretServer/api/v1/secrets/${number}/state`, { as: writer })).status,
  ).toBe(200);
  expect((await vault.call('GET', path(number), { as: null })).status).toBe(401);
});
