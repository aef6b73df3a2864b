import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, chmod, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** How this machine can run a server: a program of its own, or a container engine. */
export type ServerSource =
  | { readonly kind: 'program'; readonly program: string }
  | { readonly kind: 'container'; readonly engine: string };

/** A server program, and Debian's package of it. */
export interface ServerProgram {
  readonly name: string;
  readonly package: string;
  /** Where packages put it beside what PATH names; looked at first. */
  readonly folders: readonly string[];
}

export const REDIS_PROGRAM: ServerProgram = {
  name: 'redis-server',
  package: 'redis-server',
  folders: [],
};

export const RABBITMQ_PROGRAM: ServerProgram = {
  name: 'rabbitmq-server',
  package: 'rabbitmq-server',
  // Debian's /usr/sbin/rabbitmq-server changes to the account rabbitmq; the script behind it runs as anybody.
  folders: ['/usr/lib/rabbitmq/bin', '/opt/homebrew/sbin', '/usr/local/sbin'],
};

export const SSHD_PROGRAM: ServerProgram = {
  name: 'sshd',
  package: 'openssh-server',
  folders: ['/usr/sbin'],
};

export const MARIADB_PROGRAM: ServerProgram = {
  name: 'mariadbd',
  package: 'mariadb-server-core',
  folders: ['/usr/sbin', '/opt/homebrew/bin'],
};

export const SLAPD_PROGRAM: ServerProgram = {
  name: 'slapd',
  package: 'slapd',
  folders: ['/usr/sbin'],
};

/** On the machine already, else installed (Debian, as root); else nothing. */
export async function findProgram(server: ServerProgram): Promise<string | undefined> {
  const program = await locate(server);
  if (program !== undefined || !(await canInstall())) return program;
  process.stderr.write(`installing ${server.package}, which the tests need\n`);
  await install(server.package);
  return locate(server);
}

/** As a program, else in a container; else nothing. */
export async function findServer(server: ServerProgram): Promise<ServerSource | undefined> {
  const program = await findProgram(server);
  if (program !== undefined) return { kind: 'program', program };
  for (const engine of ['docker', 'podman']) {
    if (await succeeds(engine, ['info'])) return { kind: 'container', engine };
  }
  return undefined;
}

async function locate({ name, folders }: ServerProgram): Promise<string | undefined> {
  const onPath = (process.env['PATH'] ?? '').split(path.delimiter);
  for (const folder of [...folders, ...onPath, '/usr/sbin', '/usr/bin']) {
    const candidate = path.join(folder, name);
    if (path.isAbsolute(candidate) && (await isExecutable(candidate))) return candidate;
  }
  return undefined;
}

const isExecutable = (file: string): Promise<boolean> =>
  access(file, constants.X_OK).then(
    () => true,
    () => false,
  );

const canInstall = async (): Promise<boolean> =>
  process.getuid?.() === 0 && (await isExecutable('/usr/bin/apt-get'));

const POLICY = '/usr/sbin/policy-rc.d';

/** Without starting what was installed: a policy file forbids it for the while. */
async function install(name: string): Promise<void> {
  const before = await readFile(POLICY).catch(() => undefined);
  await writeFile(POLICY, '#!/bin/sh\nexit 101\n');
  await chmod(POLICY, 0o755);
  try {
    const lock = ['-o', 'DPkg::Lock::Timeout=300'];
    const wanted = ['install', '-y', '-qq', '--no-install-recommends', name];
    if (!(await succeeds('apt-get', [...lock, ...wanted]))) {
      // The lists may be missing or old.
      await succeeds('apt-get', [...lock, 'update', '-qq']);
      await succeeds('apt-get', [...lock, ...wanted]);
    }
  } finally {
    if (before === undefined) await rm(POLICY, { force: true });
    else await writeFile(POLICY, before);
  }
}

const succeeds = (program: string, args: readonly string[]): Promise<boolean> =>
  run(program, args, { timeout: 600_000, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } }).then(
    () => true,
    () => false,
  );
