import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually, roleHandle, runPlatform, type RunningPlatform } from './support.ts';

let running: RunningPlatform;
beforeAll(async () => {
  running = await runPlatform();
});
afterAll(() => running.stop());

const SECRETS = '/vault/api/v1/secrets';
const DIALECT = '/SecretServer/api/v1/secrets';

async function make(): Promise<number> {
  const { client } = running;
  const roles = [await roleHandle(client, 'privx-admin')];
  const body = { name: 'audited', data: { pass: 'p' }, read_roles: roles, write_roles: roles };
  expect((await client.call('POST', SECRETS, { body })).status).toBe(201);
  return Number((await client.call('GET', '/vault/api/v1/metadata/secrets/audited')).body?.['number']);
}

async function audits(id: number) {
  const { status, body } = await running.client.call(
    'GET',
    `/api/v1/secrets/${id}/audits/?sortBy[0].direction=asc`,
  );
  return { status, actions: ((body?.['records'] ?? []) as { action: string }[]).map(({ action }) => action) };
}

const untilThere = (id: number, length: number) =>
  eventually(
    () => audits(id),
    ({ actions }) => actions.length === length,
  );

// Through the gateway, vault, the bus and monitor.
test('the audits of a secret tell its life in every dialect, and not that of another of its name', async () => {
  const { client } = running;
  const id = await make();
  expect((await client.call('GET', `${DIALECT}/${id}?autoComment=because`)).status).toBe(200);
  expect((await client.call('DELETE', `${DIALECT}/${id}`)).status).toBe(200);
  expect(await untilThere(id, 3)).toEqual({ status: 200, actions: ['CREATE', 'VIEW', 'DELETE'] });

  // For good, and another takes the name.
  expect((await client.call('DELETE', `${SECRETS}/audited`)).status).toBe(200);
  const next = await make();
  expect(await untilThere(next, 1)).toEqual({ status: 200, actions: ['CREATE'] });
  expect((await audits(id)).status).toBe(404);
  expect((await client.call('GET', `/api/v1/secrets/${next}/audits`, { token: null })).status).toBe(401);
});
