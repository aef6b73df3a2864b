import { createHash, randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { rabbitmqDefinitions, redisUsers } from './broker-accounts.ts';
import { prepare } from './prepare.ts';
import { REPOSITORY } from './settings.ts';

const SECRET = /^[A-Za-z0-9_-]{43}\n$/;
const now = new Date();
let directory: string;

beforeEach(async () => {
  directory = path.join(await mkdtemp(path.join(tmpdir(), 'strongroom-cluster-')), 'cluster');
});

afterEach(() => rm(path.dirname(directory), { recursive: true, force: true }));

const settings = (baseUrl = 'https://localhost:8443') => ({
  directory,
  host: '127.0.0.1',
  port: 8443,
  baseUrl,
});
const file = (...names: string[]) => path.join(directory, ...names);
const text = (...names: string[]) => readFile(file(...names), 'utf8');

async function everything(): Promise<Record<string, string>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const names = entries
    .filter(entry => entry.isFile())
    .map(entry => path.relative(directory, path.join(entry.parentPath, entry.name)))
    .sort();
  return Object.fromEntries(await Promise.all(names.map(async name => [name, await text(name)] as const)));
}

describe('the first time', () => {
  test('makes every file that compose mounts', async () => {
    await prepare(settings(), now);
    const compose = await readFile(path.join(REPOSITORY, 'docker-compose.yml'), 'utf8');
    const mounted = [...compose.matchAll(/STRONGROOM_CLUSTER_DIR:-\.\/var\/cluster\}\/([^']+)'/g)].map(
      ([, name]) => name,
    );
    expect(mounted.length).toBeGreaterThan(15);
    expect(Object.keys(await everything())).toEqual(expect.arrayContaining(mounted));
  });

  test('lets every container read its files, and nobody else enter', async () => {
    const umask = process.umask(0o077);
    try {
      await prepare(settings(), now);
    } finally {
      process.umask(umask);
    }
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    const mode = async (...names: string[]) => (await stat(file(...names))).mode & 0o777;
    for (const name of ['root.key', 'audit.key', 'bootstrap.json', 'tls/server.key', 'passwords/redis']) {
      expect([name, await mode(name)]).toEqual([name, 0o444]);
    }
    // What no container reads.
    expect([await mode('credentials.json'), await mode('tls/ca.key')]).toEqual([0o600, 0o600]);
  });

  test('leaves room for a new root key, which is never touched again', async () => {
    await prepare(settings(), now);
    expect(await text('new-root.key')).toBe('');
    expect((await stat(file('new-root.key'))).mode & 0o777).toBe(0o644);
    await writeFile(file('new-root.key'), 'of the operator');
    await prepare(settings(), now);
    expect(await text('new-root.key')).toBe('of the operator');
  });

  test('closes a directory that was open', async () => {
    await mkdir(directory);
    await chmod(directory, 0o755);
    await prepare(settings(), now);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
  });

  test('makes each secret at random', async () => {
    await prepare(settings(), now);
    const made = await Promise.all([
      text('root.key'),
      text('audit.key'),
      ...(await readdir(file('passwords'))).map(name => text('passwords', name)),
    ]);
    for (const secret of made) expect(secret).toMatch(SECRET);
    expect(new Set(made).size).toBe(12);
  });

  test('tells the broker and Redis no password', async () => {
    await prepare(settings(), now);
    expect(await text('rabbitmq-definitions.json')).not.toContain((await text('passwords/rabbitmq')).trim());
    expect(await text('redis-users.acl')).not.toContain((await text('passwords/redis')).trim());
  });
});

describe('every other time', () => {
  test('changes nothing', async () => {
    await prepare(settings(), now);
    const before = await everything();
    await writeFile(file('installed'), '');
    await prepare(settings(), now);
    expect(await everything()).toEqual({ ...before, installed: '' });
  });

  test('takes a new address', async () => {
    await prepare(settings(), now);
    const { credentials } = await prepare(settings('https://vault.example.org'), now);
    expect(credentials?.base_url).toBe('https://vault.example.org');
    expect(JSON.parse(await text('bootstrap.json'))).toEqual(credentials);
  });

  test('takes a password away from both sides when its file is removed', async () => {
    await prepare(settings(), now);
    await writeFile(file('installed'), '');
    const before = await everything();
    await rm(file('passwords/rabbitmq'));
    await prepare(settings(), now);
    const after = await everything();
    const changed = Object.keys(after).filter(name => after[name] !== before[name]);
    expect(changed).toEqual(['passwords/rabbitmq', 'rabbitmq-definitions.json']);
  });

  test('keeps no copy of credentials that the operator took away', async () => {
    await prepare(settings(), now);
    await writeFile(file('installed'), '');
    await rm(file('credentials.json'));
    expect((await prepare(settings(), now)).credentials).toBeUndefined();
    expect(await text('bootstrap.json')).toBe('');
  });

  test.each([
    ['root.key', 'the database cannot be opened'],
    ['audit.key', 'the audit trail cannot be verified'],
    ['passwords/postgres', 'nobody can sign in to the database'],
  ])('without %s it says what is lost, and makes none', async (name, message) => {
    await prepare(settings(), now);
    await writeFile(file('installed'), '');
    await rm(file(name));
    await expect(prepare(settings(), now)).rejects.toThrow(message);
    expect(Object.keys(await everything())).not.toContain(name);
  });
});

test('the hash is the one that RabbitMQ checks: salt, then SHA-256 of salt and password', () => {
  const password = randomBytes(32).toString('base64url');
  const { users } = JSON.parse(rabbitmqDefinitions(password)) as { users: { password_hash: string }[] };
  const hash = Buffer.from(users[0]!.password_hash, 'base64');
  const salt = hash.subarray(0, 4);
  expect(hash.subarray(4)).toEqual(createHash('sha256').update(salt).update(password).digest());
});

test('Redis opens its keys to the password alone, and answers a ping to all', () => {
  expect(redisUsers('x')).toBe(
    'user default on #2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881 ' +
      '~strongroom:* &* +@all -@admin -@dangerous +info\n' +
      'user health on nopass resetkeys resetchannels -@all +ping\n',
  );
});
