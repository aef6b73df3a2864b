import { existsSync } from 'node:fs';
import { chmod, mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { randomToken } from '@strongroom/crypto/random';
import { type Credentials, readOrMakeCredentials } from '@strongroom/installation/credentials';
import { lockDirectory } from '@strongroom/installation/directory-lock';
import { writeDurably } from '@strongroom/installation/durable-file';
import { readOrMakeKey } from '@strongroom/installation/key-file';
import { hostOf } from '@strongroom/installation/public-address';
import { readText } from '@strongroom/installation/secret-file';
import { prepareTls } from '@strongroom/installation/tls';
import { rabbitmqDefinitions, redisUsers } from './broker-accounts.ts';
import { type ClusterLayout, clusterLayout, MACHINES, SCHEMAS } from './layout.ts';
import type { ClusterSettings } from './settings.ts';

/**
 * Compose mounts a secret with the owner and mode that its file has here, and each container runs as a user of its
 * own. So the files may be read by all, and the directory that they lie in may be entered by its owner alone.
 */
const FOR_CONTAINERS = 0o444;

export interface Prepared {
  layout: ClusterLayout;
  credentials: Credentials | undefined;
  /** Running gateways still show the certificate from before. */
  certificateIsNew: boolean;
}

/** Makes what is missing of the directory, before the first start and before every other. */
export async function prepare({ directory, host, baseUrl }: ClusterSettings, now: Date): Promise<Prepared> {
  const layout = clusterLayout(directory);
  await mkdir(layout.root, { recursive: true });
  await chmod(layout.root, 0o700);
  const lock = await lockDirectory(layout.root);
  try {
    const mayMake = !existsSync(layout.installed);
    await prepareKeys(layout, mayMake);
    await preparePasswords(layout, mayMake);
    const tls = await prepareTls({
      directory: layout.tls,
      host: hostOf(baseUrl),
      others: [host],
      hostname: hostname(),
      now,
      keyMode: FOR_CONTAINERS,
    });
    const credentials = await readOrMakeCredentials(layout.credentials, {
      mayMake,
      baseUrl,
      caFile: layout.caFile,
    });
    await writeIfOther(layout.bootstrap, credentials === undefined ? '' : JSON.stringify(credentials));
    return { layout, credentials, certificateIsNew: tls.reissued && !mayMake };
  } finally {
    await lock.release();
  }
}

async function prepareKeys(layout: ClusterLayout, mayMake: boolean): Promise<void> {
  const common = { mayMake, mode: FOR_CONTAINERS };
  await readOrMakeKey({
    ...common,
    file: layout.rootKey,
    name: 'root key',
    without: 'the database cannot be opened',
  });
  // Containers hold on to the file that is there when they start, so the operator writes into it and must be able to.
  if (!existsSync(layout.newRootKey)) await writeDurably(layout.newRootKey, '', FOR_CONTAINERS | 0o200);
  await readOrMakeKey({
    ...common,
    file: layout.auditKey,
    name: 'audit key',
    without: 'the audit trail cannot be verified',
  });
}

async function preparePasswords(layout: ClusterLayout, mayMake: boolean): Promise<void> {
  await mkdir(layout.passwords, { recursive: true, mode: 0o700 });
  const password = (of: string) => readOrMakePassword(layout.password(of), mayMake);
  await password('postgres');
  for (const schema of SCHEMAS) await password(`database-${schema}`);
  for (const machine of MACHINES) await password(`machine-${machine}`);
  await writeIfOther(layout.rabbitmqDefinitions, rabbitmqDefinitions(await password('rabbitmq')));
  await writeIfOther(layout.redisUsers, redisUsers(await password('redis')));
}

/** All but PostgreSQL's own can be replaced at any time: the next start tells them to both sides. */
async function readOrMakePassword(file: string, mayMake: boolean): Promise<string> {
  const text = await readText(file);
  if (text !== undefined) return text.trim();
  if (!mayMake && file.endsWith('postgres')) {
    throw new Error(
      `${file} is missing, and without it nobody can sign in to the database as its owner. Put it back.`,
    );
  }
  const made = randomToken();
  await writeDurably(file, `${made}\n`, FOR_CONTAINERS);
  return made;
}

async function writeIfOther(file: string, content: string): Promise<void> {
  if ((await readText(file)) !== content) await writeDurably(file, content, FOR_CONTAINERS);
}
