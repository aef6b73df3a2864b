import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { giveTo, isRoot, makeDirectory, requireAccess, serverAccount } from '../src/account.ts';

// What is special about root can only be tested as root; as another user there is nothing to lend.
const asRoot = isRoot() ? test : test.skip;
let directory: string;

beforeEach(async () => {
  directory = join(tmpdir(), `strongroom-account-${randomBytes(6).toString('hex')}`);
  await makeDirectory(join(directory, 'inner'));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

test('directories that we make let others pass only when the server needs it', async () => {
  const expected = isRoot() ? 0o711 : 0o700;
  expect((await stat(directory)).mode & 0o777).toBe(expected);
  expect((await stat(join(directory, 'inner'))).mode & 0o777).toBe(expected);
});

test('a directory that stands keeps its mode', async () => {
  await chmod(directory, 0o750);
  await makeDirectory(directory);
  expect((await stat(directory)).mode & 0o777).toBe(0o750);
});

asRoot('root lends an account without privileges, and later the one that owns the data', async () => {
  const data = join(directory, 'data');
  const account = await serverAccount(data);
  expect(['postgres', 'nobody']).toContain(account?.name);
  await mkdir(data);
  await chown(data, 12345, 12345);
  expect(await serverAccount(data)).toMatchObject({ uid: 12345, gid: 12345 });
});

asRoot('a closed directory on the way is named together with what to do', async () => {
  const account = await serverAccount(join(directory, 'data'));
  await requireAccess(account, join(directory, 'inner'));
  await chmod(directory, 0o700);
  await expect(requireAccess(account, join(directory, 'inner'))).rejects.toThrow(`"chmod o+x ${directory}"`);
});

asRoot('a tree that root copied back is given to the account', async () => {
  const data = join(directory, 'data');
  await mkdir(join(data, 'base'), { recursive: true });
  await writeFile(join(data, 'base', 'file'), '');
  const account = await serverAccount(data);
  await giveTo(account, data);
  for (const path of [data, join(data, 'base'), join(data, 'base', 'file')]) {
    expect((await stat(path)).uid).toBe(account?.uid);
  }
});
