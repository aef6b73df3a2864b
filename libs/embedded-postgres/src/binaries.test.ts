import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { chmod, lstat, mkdir, mkdtemp, readFile, readdir, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { locateBinaries, makeMissingLinks } from './binaries.ts';

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'strongroom-links-'));
  await mkdir(join(root, 'native', 'lib'), { recursive: true });
  const links = [
    { source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5' },
    { source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so' },
  ];
  await writeFile(join(root, 'native', 'pg-symlinks.json'), JSON.stringify(links));
  await writeFile(join(root, 'native', 'lib', 'libpq.so.5.18'), 'library');
});

afterEach(() => rm(root, { recursive: true, force: true }));

test('missing links are made, relative, and by many at once without leftovers', async () => {
  await Promise.all(Array.from({ length: 8 }, () => makeMissingLinks(root)));
  const lib = join(root, 'native', 'lib');
  expect((await readdir(lib)).sort()).toEqual(['libpq.so', 'libpq.so.5', 'libpq.so.5.18']);
  expect(await readlink(join(lib, 'libpq.so'))).toBe('libpq.so.5.18');
  expect(await readFile(join(lib, 'libpq.so.5'), 'utf8')).toBe('library');
});

test('links that stand are left alone, also in a folder that cannot be written', async () => {
  await makeMissingLinks(root);
  const link = join(root, 'native', 'lib', 'libpq.so');
  const before = await lstat(link);
  await chmod(join(root, 'native', 'lib'), 0o500);
  await makeMissingLinks(root);
  expect((await lstat(link)).ino).toBe(before.ino);
});

test('a package without a list needs no links', async () => {
  await rm(join(root, 'native', 'pg-symlinks.json'));
  await makeMissingLinks(root);
});

test('another platform is refused in words', () => {
  expect(() => locateBinaries('win32-x64')).toThrow('this machine is win32-x64');
});
