import { existsSync } from 'node:fs';
import { resolve, join } from 'node:path';
import type { SecretBytes } from '@strongroom/crypto/secret-bytes';
import { makeDirectory } from '@strongroom/embedded-postgres/account';
import { lockDirectory } from '@strongroom/installation/directory-lock';
import { type Material, readOrMakeMaterial } from './material.ts';

export interface DataPaths {
  root: string;
  /** PostgreSQL's own directory. */
  database: string;
  databaseLog: string;
  rootKey: string;
  auditKey: string;
  databasePasswords: string;
  credentials: string;
  tls: string;
  caFile: string;
}

export interface DataDirectory {
  paths: DataPaths;
  material: Material;
  /** Whether no database was there yet. */
  firstStart: boolean;
  /** Lets another process use the directory. */
  close: () => Promise<void>;
}

export function dataPaths(path: string): DataPaths {
  const root = resolve(path);
  return {
    root,
    database: join(root, 'database'),
    databaseLog: join(root, 'postgres.log'),
    rootKey: join(root, 'root.key'),
    auditKey: join(root, 'audit.key'),
    databasePasswords: join(root, 'database.json'),
    credentials: join(root, 'credentials.json'),
    tls: join(root, 'tls'),
    caFile: join(root, 'tls', 'ca.pem'),
  };
}

/**
 * Makes or opens the directory that holds everything of a standalone Strongroom, for this process alone. On the
 * first start it also makes the keys and all passwords.
 */
export async function openDataDirectory(
  path: string,
  options: { baseUrl: string; rootKey?: SecretBytes | undefined; auditKey?: SecretBytes | undefined },
): Promise<DataDirectory> {
  const paths = dataPaths(path);
  await makeDirectory(paths.root);
  const lock = await lockDirectory(paths.root);
  try {
    const databaseExists = existsSync(paths.database);
    const material = await readOrMakeMaterial({
      files: {
        rootKey: paths.rootKey,
        auditKey: paths.auditKey,
        database: paths.databasePasswords,
        credentials: paths.credentials,
      },
      databaseExists,
      rootKey: options.rootKey,
      auditKey: options.auditKey,
      baseUrl: options.baseUrl,
      caFile: paths.caFile,
    });
    return { paths, material, firstStart: !databaseExists, close: () => lock.release() };
  } catch (error) {
    await lock.release();
    throw error;
  }
}
