import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { untilBlocked } from '@strongroom/testing/superuser';
import { fingerprint } from '@strongroom/crypto/root-key';
import { SecretBytes } from '@strongroom/crypto/secret-bytes';
import {
  cutConnections,
  pathOf,
  SECRETS,
  startTestVault,
  uniqueName,
  withTestVault,
  type TestVault,
} from './support.ts';

let vault: TestVault;

beforeAll(async () => {
  vault = await startTestVault();
});
afterAll(() => vault.stop());

async function create(): Promise<string> {
  const name = uniqueName('durable');
  const body = { name, data: { v: 1 }, read_roles: [vault.role] };
  expect((await vault.call('POST', SECRETS, { body })).status).toBe(201);
  return name;
}

/** Until the service has connections again; ends by the test's own deadline. */
async function untilRecovered(name: string): Promise<void> {
  while ((await vault.call('GET', pathOf(name))).status !== 200);
  while ((await vault.call('PUT', pathOf(name), { body: { data: { v: 'after' } } })).status !== 200);
}

describe('when all database connections break', () => {
  test('calls under way end in 503 or success, what was acknowledged is there, and work goes on', async () => {
    const name = await create();
    const names = Array.from({ length: 60 }, () => uniqueName('storm'));
    const calls = names.map(async (fresh, index) => {
      const body = { name: fresh, data: { v: index }, read_roles: [vault.role] };
      const [created, read] = await Promise.all([
        vault.call('POST', SECRETS, { body }),
        vault.call('GET', pathOf(name)),
      ]);
      return { fresh, created, read };
    });
    const cuts = [cutConnections(vault.superuser), cutConnections(vault.superuser)];
    const outcomes = await Promise.all(calls);
    await Promise.all(cuts);
    for (const { created, read } of outcomes) {
      for (const answer of [created, read]) {
        if (answer.status < 300) continue;
        expect(answer.status).toBe(503);
        expect(['DATABASE_ERROR', 'AUDIT_UNAVAILABLE']).toContain(answer.body['error_code']);
      }
    }
    await untilRecovered(name);
    for (const { fresh, created } of outcomes) {
      if (created.status === 201) expect((await vault.call('GET', pathOf(fresh))).status).toBe(200);
    }
  });

  test('a write that is stuck in the database is answered too', async () => {
    const name = await create();
    await vault.superuser.transaction(async tx => {
      await tx.query('SELECT 1 FROM secrets WHERE name = $1 FOR UPDATE', [name]);
      const answer = vault.call('PUT', pathOf(name), { body: { data: { v: 2 } } });
      await untilBlocked(vault.superuser);
      await cutConnections(vault.superuser);
      const { status, body } = await answer;
      expect([status, body['error_code']]).toEqual([503, 'DATABASE_ERROR']);
    });
    await untilRecovered(name);
  });

  test('readiness tells, before and after', async () => {
    // A database that lets nobody in (but its superuser) stands for one that is away.
    const limitConnections = (limit: number) =>
      vault.superuser.query(
        `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I CONNECTION LIMIT ${limit}', current_database()); END $$`,
      );
    const ready = async () => (await vault.call('GET', '/readyz', { as: null })).status;
    expect(await ready()).toBe(200);
    await limitConnections(0);
    await cutConnections(vault.superuser);
    while ((await ready()) !== 503);
    const status = await vault.call('GET', '/vault/api/v1/status', { as: null });
    expect(status.body).toMatchObject({ status: 'ERROR' });
    expect((await vault.call('GET', SECRETS)).status).toBe(503);
    expect((await vault.call('GET', '/healthz', { as: null })).status).toBe(200);
    await limitConnections(-1);
    while ((await ready()) !== 200);
  });
});

test('a stop lets the request under way finish, and refuses new ones', async () => {
  const name = await create();
  const replica = await vault.startReplica();
  let answer: ReturnType<TestVault['call']> | undefined;
  let stopped: Promise<void> | undefined;
  await vault.superuser.transaction(async tx => {
    await tx.query('SELECT 1 FROM secrets WHERE name = $1 FOR UPDATE', [name]);
    answer = vault.call('PUT', pathOf(name), { body: { data: { v: 'last' } } }, replica.url);
    await untilBlocked(vault.superuser);
    stopped = replica.stop();
    await expect(fetch(`${replica.url}/healthz`)).rejects.toThrow();
  });
  expect((await answer)?.status).toBe(200);
  await stopped;
  expect((await vault.call('GET', pathOf(name))).body['data']).toEqual({ v: 'last' });
});

describe('instances that share a database', () => {
  test('open what the other one sealed', async () => {
    const replica = await vault.startReplica();
    const name = await create();
    expect((await vault.call('GET', pathOf(name), {}, replica.url)).body['data']).toEqual({ v: 1 });
    await vault.call('PUT', pathOf(name), { body: { data: { v: 2 } } }, replica.url);
    await replica.stop();
    expect((await vault.call('GET', pathOf(name))).body['data']).toEqual({ v: 2 });
  });

  test('may start at once on a new one', async () => {
    await withTestVault(async other => {
      await other.superuser.query('DROP SCHEMA vault CASCADE');
      await other.superuser.query('CREATE SCHEMA vault AUTHORIZATION strongroom_vault');
      const replicas = await Promise.all([other.startReplica(), other.startReplica(), other.startReplica()]);
      const name = uniqueName('shared');
      const [first, second, third] = replicas.map(replica => replica.url);
      const body = { name, data: { v: 1 }, read_roles: [other.role] };
      expect((await other.call('POST', SECRETS, { body }, first)).status).toBe(201);
      expect((await other.call('GET', pathOf(name), {}, second)).body['data']).toEqual({ v: 1 });
      expect((await other.call('GET', pathOf(name), {}, third)).body['data']).toEqual({ v: 1 });
    });
  });
});

test('a start with the wrong root key names both keys and changes nothing', async () => {
  await withTestVault(async other => {
    // Pending migrations: what the start must not get to.
    await other.superuser.query(
      'DROP TABLE favorites, version_files, file_chunks, files, secret_versions, secrets, folders, schemas, idempotency_keys',
    );
    await other.superuser.query(
      'DROP FUNCTION remove_unused_file, remove_files_of_destroyed, name_pieces, word_pieces',
    );
    await other.superuser.query("DELETE FROM schema_migrations WHERE id LIKE 'vault/%'");
    const state = async () => ({
      tables: await other.superuser.query(
        'SELECT tablename FROM pg_tables WHERE schemaname = $1 ORDER BY 1',
        ['vault'],
      ),
      migrations: await other.superuser.query('SELECT * FROM schema_migrations ORDER BY id'),
      keys: await other.superuser.query('SELECT * FROM key_encryption_keys ORDER BY id'),
    });
    const before = await state();
    const wrong = new SecretBytes(randomBytes(32));
    const refusal: unknown = await other.startReplica({ rootKey: wrong }).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(Error);
    const { message } = refusal as Error;
    expect(message).toContain(fingerprint(wrong));
    expect(message).toContain(fingerprint(other.secrets.rootKey));
    expect(await state()).toEqual(before);

    const right = await other.startReplica();
    expect((await other.call('GET', SECRETS, {}, right.url)).status).toBe(200);
  });
});
