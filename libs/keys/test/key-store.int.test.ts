import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { KEY_BYTES, seal } from '@strongroom/crypto/aead';
import { openValue, sealValue } from '@strongroom/crypto/envelope';
import { fingerprint, staticRootKey, type RootKeyProvider } from '@strongroom/crypto/root-key';
import { SecretBytes } from '@strongroom/crypto/secret-bytes';
import { openDatabase, type Database } from '@strongroom/db/database';
import { migrate } from '@strongroom/db/migrate';
import { roleName } from '@strongroom/db/provision';
import { silentLogger } from '@strongroom/log/logger';
import { createTestDatabase, type TestDatabase } from '@strongroom/testing/database';
import { checkRootKey, keyMigrations, loadKeyring } from '../src/key-store.ts';

const NOW = new Date('2026-01-02T03:04:05Z');
const newKey = () => new SecretBytes(randomBytes(KEY_BYTES));
const rootKey = newKey();
const otherKey = newKey();
const right = staticRootKey(rootKey);
const wrong = staticRootKey(otherKey);
const address = { schema: 'vault', table: 'values', objectId: 'a', version: 1, field: 'data' };

let server: TestDatabase;
let opened: Database[] = [];
let db: Database;

beforeEach(async () => {
  server = await createTestDatabase('vault');
  db = open('vault');
});
afterEach(async () => {
  await Promise.all(opened.map(each => each.close()));
  opened = [];
  await server.close();
});

const settingsOf = (schema: string) => {
  const url = new URL(server.url);
  url.username = roleName(schema);
  return { url: url.href, password: server.password, schema, poolSize: 3, deadlineMs: 5_000 };
};

function open(schema: string): Database {
  const database = openDatabase(settingsOf(schema), silentLogger);
  opened.push(database);
  return database;
}

const prepare = (schema = 'vault') => migrate(settingsOf(schema), [keyMigrations], silentLogger);
const load = (provider: RootKeyProvider = right, database = db) =>
  loadKeyring(database, 'vault', provider, NOW);
const rows = (database = db) => database.query('SELECT * FROM key_encryption_keys ORDER BY id');

/** Both ways in refuse with the same words, and the table is what it was. */
async function expectRefused(provider: RootKeyProvider, ...words: string[]): Promise<void> {
  const before = await rows();
  for (const attempt of [() => checkRootKey(db, 'vault', provider), () => load(provider)]) {
    const error: unknown = await attempt().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'WrongRootKeyError', code: 'CONFIGURATION_ERROR' });
    for (const word of [...words, 'Nothing was changed']) expect((error as Error).message).toContain(word);
  }
  expect(await rows()).toEqual(before);
}

describe('the first key', () => {
  test('is made once, sealed, and found again', async () => {
    await prepare();
    const keyring = await load();
    const envelope = sealValue(keyring, Buffer.from('secret'), address);
    expect(await rows()).toEqual([
      {
        id: 1,
        wrapped: expect.any(Buffer),
        root_key_fingerprint: fingerprint(rootKey),
        is_active: true,
        created_at: NOW,
      },
    ]);
    const again = await load();
    expect([again.activeId, again.ids]).toEqual([1, [1]]);
    expect(openValue(again, envelope, address).toString()).toBe('secret');
    expect(await rows()).toHaveLength(1);
  });

  test('is the same for replicas that start at once', async () => {
    await prepare();
    const keyrings = await Promise.all(Array.from({ length: 6 }, () => load(right, open('vault'))));
    expect(await rows()).toHaveLength(1);
    for (const from of keyrings) {
      const envelope = sealValue(from, Buffer.from('secret'), address);
      for (const to of keyrings) expect(openValue(to, envelope, address).toString()).toBe('secret');
    }
  });

  test('of replicas that start at once with different root keys is that of one; the others are refused', async () => {
    await prepare();
    const outcomes = await Promise.allSettled([right, wrong].map(provider => load(provider, open('vault'))));
    expect(outcomes.map(outcome => outcome.status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(outcomes.find(outcome => outcome.status === 'rejected')?.reason).toMatchObject({
      name: 'WrongRootKeyError',
    });
    expect(await rows()).toHaveLength(1);
  });
});

describe('a rotated key', () => {
  const wrapped = (id: number, key: SecretBytes) =>
    seal(
      rootKey.reveal(),
      key.reveal(),
      Buffer.from(JSON.stringify(['strongroom/1', 'key-encryption-key', 'vault', id])),
    );

  test('is used for writes; the older one still reads', async () => {
    await prepare();
    const old = sealValue(await load(), Buffer.from('old'), address);
    await db.query('UPDATE key_encryption_keys SET is_active = false');
    await db.query('INSERT INTO key_encryption_keys VALUES (2, $1, $2, true, $3)', [
      wrapped(2, newKey()),
      fingerprint(rootKey),
      NOW,
    ]);
    const keyring = await load();
    expect([keyring.activeId, keyring.ids]).toEqual([2, [1, 2]]);
    expect(openValue(keyring, old, address).toString()).toBe('old');
    expect(sealValue(keyring, Buffer.from('new'), address).keyId).toBe(2);
    await expectRefused(wrong, fingerprint(rootKey), fingerprint(otherKey));
  });

  test('must be the only active one, and there must be one', async () => {
    await prepare();
    await load();
    const second = db.query('INSERT INTO key_encryption_keys VALUES (2, $1, $2, true, $3)', [
      wrapped(2, newKey()),
      fingerprint(rootKey),
      NOW,
    ]);
    await expect(second).rejects.toMatchObject({ code: '23505' });
    await db.query('UPDATE key_encryption_keys SET is_active = false');
    await expect(load()).rejects.toThrow('schema vault has no active key-encryption key');
  });
});

describe('the self-test', () => {
  test('passes before there are tables or keys, and makes none', async () => {
    await checkRootKey(db, 'vault', right);
    expect(await db.query(`SELECT to_regclass('key_encryption_keys') AS name`)).toEqual([{ name: null }]);
    await prepare();
    await checkRootKey(db, 'vault', right);
    expect(await rows()).toEqual([]);
    await load();
    await checkRootKey(db, 'vault', right);
  });

  test('names a wrong root key by both fingerprints, and changes nothing', async () => {
    await prepare();
    await load();
    await expectRefused(wrong, 'schema vault', fingerprint(rootKey), fingerprint(otherKey));
    await load();
  });

  test('refuses a row of which any part was altered', async () => {
    await prepare();
    await load();
    const [row] = (await rows()) as { wrapped: Buffer }[];
    for (const position of [0, 12, 44, row!.wrapped.length - 1]) {
      const altered = Buffer.from(row!.wrapped);
      altered[position]! ^= 1;
      await db.query('UPDATE key_encryption_keys SET wrapped = $1', [altered]);
      await expectRefused(
        right,
        'Key-encryption key 1 of schema vault',
        fingerprint(rootKey),
        'altered or damaged',
      );
    }
    await db.query('UPDATE key_encryption_keys SET wrapped = $1', [row!.wrapped.subarray(0, 10)]);
    await expectRefused(right, 'altered or damaged');
    await db.query('UPDATE key_encryption_keys SET wrapped = $1', [row!.wrapped]);
    await load();
  });

  test('refuses a wrong root key that claims the fingerprint of the right one', async () => {
    await prepare();
    await load();
    await db.query('UPDATE key_encryption_keys SET root_key_fingerprint = $1', [fingerprint(otherKey)]);
    await expectRefused(wrong, 'altered or damaged');
    await expectRefused(right, fingerprint(rootKey), fingerprint(otherKey));
  });

  test('refuses a row that was given another number', async () => {
    await prepare();
    await load();
    await db.query('UPDATE key_encryption_keys SET id = 2');
    await expectRefused(right, 'Key-encryption key 2 of schema vault');
  });

  test('refuses a row that was moved to another schema', async () => {
    await prepare();
    await load();
    await prepare('auth');
    const auth = open('auth');
    const [row] = (await rows()) as { wrapped: Buffer }[];
    await auth.query('INSERT INTO key_encryption_keys VALUES (1, $1, $2, true, $3)', [
      row!.wrapped,
      fingerprint(rootKey),
      NOW,
    ]);
    await expect(loadKeyring(auth, 'auth', right, NOW)).rejects.toThrow(
      'Key-encryption key 1 of schema auth',
    );
    await expect(checkRootKey(auth, 'auth', right)).rejects.toThrow('altered or damaged');
  });

  test('tells nothing of either key', async () => {
    await prepare();
    await load();
    const error = (await load(wrong).catch((thrown: unknown) => thrown)) as Error;
    for (const key of [rootKey, otherKey]) {
      for (const form of ['hex', 'base64', 'base64url'] as const) {
        expect(`${error.message}${error.stack ?? ''}`).not.toContain(key.reveal().toString(form));
      }
    }
  });
});
