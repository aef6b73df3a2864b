import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { parseRootKey } from '@strongroom/crypto/root-key';
import { type DataDirectory, openDataDirectory } from './data-directory.ts';

const BASE_URL = 'https://localhost:8443';
const SECRET = /^[A-Za-z0-9_-]{43}$/;
const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
let directory: string;

beforeEach(() => {
  directory = join(tmpdir(), `strongroom-data-${randomBytes(6).toString('hex')}`, 'standalone');
});

afterEach(() => rm(join(directory, '..'), { recursive: true, force: true }));

const file = (name: string) => join(directory, name);
const json = async (name: string): Promise<unknown> => JSON.parse(await readFile(file(name), 'utf8'));

async function open(options: Partial<Parameters<typeof openDataDirectory>[1]> = {}): Promise<DataDirectory> {
  const data = await openDataDirectory(directory, { baseUrl: BASE_URL, ...options });
  await data.close();
  return data;
}

/** As initdb would. */
const makeDatabase = () => mkdir(file('database'));

describe('the first start', () => {
  test('makes credentials of the published shape', async () => {
    const { material, firstStart, paths } = await open();
    expect(firstStart).toBe(true);
    expect(await json('credentials.json')).toEqual({
      base_url: BASE_URL,
      ca_file: paths.caFile,
      admin: { username: 'admin', password: expect.stringMatching(SECRET) },
      oauth_client: { id: 'privx-external', secret: expect.stringMatching(SECRET) },
      api_client: { id: expect.stringMatching(UUID_V4), secret: expect.stringMatching(SECRET) },
    });
    expect(isAbsolute(paths.caFile)).toBe(true);
    expect(material.credentials).toEqual(await json('credentials.json'));
    expect(await readFile(file('credentials.json'), 'utf8')).toContain(
      '\n  "admin": {\n    "username": "admin",',
    );
  });

  test('makes two keys and a password of its own for every role', async () => {
    const { material } = await open();
    expect(await readFile(file('root.key'), 'utf8')).toMatch(/^[A-Za-z0-9_-]{43}\n$/);
    expect(material.rootKey.length).toBe(32);
    expect(await readFile(file('audit.key'), 'utf8')).toMatch(/^[A-Za-z0-9_-]{43}\n$/);
    expect(material.auditKey.reveal()).not.toEqual(material.rootKey.reveal());
    const { superuser_password: superuser, role_passwords: roles } = material.database;
    expect(Object.keys(roles)).toEqual(['auth', 'vault', 'secrets_manager', 'monitor']);
    expect(new Set([superuser, ...Object.values(roles)]).size).toBe(5);
    expect(await json('database.json')).toEqual(material.database);
  });

  test('lets nobody else read, and leaves nothing half-written', async () => {
    await open();
    expect((await readdir(directory)).sort()).toEqual([
      'audit.key',
      'credentials.json',
      'database.json',
      'root.key',
    ]);
    for (const name of await readdir(directory)) expect((await stat(file(name))).mode & 0o777).toBe(0o600);
    expect((await stat(directory)).mode & 0o777).toBe(process.getuid?.() === 0 ? 0o711 : 0o700);
  });

  test('that was cut off goes on with what it had', async () => {
    const first = await open();
    await rm(file('credentials.json'));
    await writeFile(file('credentials.json.tmp'), '{"half":', { mode: 0o600 });
    const second = await open();
    expect(second.firstStart).toBe(true);
    expect(second.material.rootKey.reveal()).toEqual(first.material.rootKey.reveal());
    expect(second.material.database).toEqual(first.material.database);
    expect(second.material.credentials?.admin.password).toMatch(SECRET);
    expect(existsSync(file('credentials.json.tmp'))).toBe(false);
  });

  test('with keys of the operator makes none', async () => {
    const rootKey = parseRootKey(Buffer.alloc(32, 9).toString('base64url'));
    const { material } = await open({ rootKey, auditKey: rootKey });
    expect([material.rootKey, material.auditKey]).toEqual([rootKey, rootKey]);
    expect(existsSync(file('audit.key'))).toBe(false);
    expect(existsSync(file('root.key'))).toBe(false);
  });
});

describe('a later start', () => {
  test('makes the audit key that a directory from before does not have, and keeps it', async () => {
    await open();
    await makeDatabase();
    await rm(file('audit.key'));
    const { material } = await open();
    expect(await readFile(file('audit.key'), 'utf8')).toMatch(/^[A-Za-z0-9_-]{43}\n$/);
    expect((await open()).material.auditKey.reveal()).toEqual(material.auditKey.reveal());
    expect(material.auditKey.reveal()).not.toEqual(material.rootKey.reveal());
  });

  test('reads the same again', async () => {
    const first = await open();
    await makeDatabase();
    const second = await open();
    expect(second.firstStart).toBe(false);
    expect(second.material.credentials).toEqual(first.material.credentials);
    expect(second.material.database).toEqual(first.material.database);
    expect(second.material.rootKey.reveal()).toEqual(first.material.rootKey.reveal());
    expect(second.material.auditKey.reveal()).toEqual(first.material.auditKey.reveal());
  });

  test('with another address changes nothing but base_url', async () => {
    const first = await open();
    await makeDatabase();
    const second = await open({ baseUrl: 'https://vault.example.org:9000' });
    expect(second.material.credentials).toEqual({
      ...first.material.credentials,
      base_url: 'https://vault.example.org:9000',
    });
    expect(await json('credentials.json')).toEqual(second.material.credentials);
    expect((await stat(file('credentials.json'))).mode & 0o777).toBe(0o600);
  });

  test('does without credentials that the operator took away', async () => {
    await open();
    await makeDatabase();
    await rm(file('credentials.json'));
    expect((await open()).material.credentials).toBeUndefined();
    expect(existsSync(file('credentials.json'))).toBe(false);
  });

  test.each([
    ['root.key', 'without it the database cannot be opened'],
    ['database.json', 'without it nothing can sign in to the database'],
  ])('without %s ends with a clear error, and frees the directory', async (name, message) => {
    await open();
    await makeDatabase();
    await rm(file(name));
    await expect(open()).rejects.toThrow(message);
    await expect(open()).rejects.toThrow(message);
    expect(existsSync(file(name))).toBe(false);
  });

  test.each([
    ['root.key', 'canary!'],
    ['root.key', `canary${'A'.repeat(40)}`],
    ['audit.key', 'canary!'],
    ['database.json', '{"canary'],
    ['credentials.json', '{"admin":{"username":"admin","password":"canary"}}'],
  ])('with a damaged %s does not repeat its content', async (name, content) => {
    await open();
    await writeFile(file(name), content);
    await expect(open()).rejects.toThrow(file(name));
    await expect(open()).rejects.not.toThrow('canary');
  });
});

test('a second Strongroom is turned away while the first runs', async () => {
  const data = await openDataDirectory(directory, { baseUrl: BASE_URL });
  await expect(open()).rejects.toThrow(`Another Strongroom (pid ${process.pid})`);
  await data.close();
  await open();
});
