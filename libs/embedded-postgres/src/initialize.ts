import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chown, mkdir, open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { ServerBinaries } from './binaries.ts';
import { type Account, run } from './run.ts';

const INITDB_DEADLINE_MS = 120_000;

export interface NewDatabase {
  dataDirectory: string;
  superuser: string;
  password: string;
  durable: boolean;
}

/**
 * Makes the data directory on the first start. initdb works beside it, and a rename puts the finished result in
 * place, so a start that was killed half way leaves nothing that a later one could take for a database. The
 * name beside it is new each time: an initdb that outlived its parent goes on writing into its own.
 */
export async function initializeOnce(
  binaries: ServerBinaries,
  account: Account | undefined,
  database: NewDatabase,
): Promise<void> {
  const { dataDirectory } = database;
  await removeLeftovers(dataDirectory);
  if (existsSync(dataDirectory)) return;

  const unfinished = `${leftoverPrefix(dataDirectory)}${randomBytes(4).toString('hex')}`;
  const passwordFile = `${unfinished}.pw`;
  try {
    await mkdir(unfinished, { mode: 0o700 });
    await writeFile(passwordFile, `${database.password}\n`, { mode: 0o600, flag: 'wx' });
    if (account !== undefined) {
      for (const path of [unfinished, passwordFile]) await chown(path, account.uid, account.gid);
    }
    await run(
      account,
      binaries.initdb,
      initdbArguments(unfinished, passwordFile, database),
      INITDB_DEADLINE_MS,
    );
    await rename(unfinished, dataDirectory);
    if (database.durable) await syncDirectory(dirname(dataDirectory));
  } finally {
    await removeLeftovers(dataDirectory);
  }
}

function initdbArguments(directory: string, passwordFile: string, database: NewDatabase): string[] {
  return [
    `--pgdata=${directory}`,
    `--username=${database.superuser}`,
    `--pwfile=${passwordFile}`,
    '--auth-local=scram-sha-256',
    '--auth-host=scram-sha-256',
    '--encoding=UTF8',
    // Code-point order, the same on every machine: no index breaks when a system library changes its collation.
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--data-checksums',
    '--no-instructions',
    ...(database.durable ? [] : ['--no-sync']),
  ];
}

const leftoverPrefix = (dataDirectory: string) => `${dataDirectory}.initializing-`;

async function removeLeftovers(dataDirectory: string): Promise<void> {
  const prefix = basename(leftoverPrefix(dataDirectory));
  for (const entry of await readdir(dirname(dataDirectory))) {
    if (!entry.startsWith(prefix)) continue;
    await rm(join(dirname(dataDirectory), entry), { recursive: true, force: true, maxRetries: 5 });
  }
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
