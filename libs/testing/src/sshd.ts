import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '@strongroom/embedded-postgres/free-port';
import { greets } from './greets.ts';
import { demand } from './on-demand.ts';
import { ownServer, programLauncher, type OwnServer } from './own-server.ts';

/** Whether `startSshd` works here: for root only, on a machine that has sshd or can install it. */
export const canStartSshd = async (): Promise<boolean> => (await demand('sshd-program')) !== undefined;

export interface TestSshd extends Pick<OwnServer, 'port' | 'start' | 'kill'> {
  /** Its own key of this algorithm, as `ssh-keygen -l` tells it. */
  readonly fingerprints: Readonly<Record<HostKeyType, string>>;
  /** Its own keys, as lines of `known_hosts` have them. */
  readonly hostKeys: readonly string[];
  /** The private key (PEM) that signs root in. */
  readonly rootKey: string;
  /** A real account of this machine; with `isRoot` one that may do everything. */
  addAccount: (password: string, options?: { isRoot?: boolean; loginShell?: string }) => Promise<string>;
  /** As many plain accounts as there are passwords, in their order, in one go. */
  addAccounts: (passwords: readonly string[]) => Promise<string[]>;
  /** What the machine itself keeps of the account's password. */
  shadowOf: (account: string) => Promise<string>;
  /** The accounts go, too. */
  stop: () => Promise<void>;
}

const HOST_KEY_TYPES = ['ed25519', 'ecdsa', 'rsa'] as const;
type HostKeyType = (typeof HOST_KEY_TYPES)[number];

/** Started; the machine's sshd and PAM with settings, keys and a port of their own. */
export async function startSshd(settings: readonly string[] = []): Promise<TestSshd> {
  const program = await demand<string>('sshd-program');
  if (program === undefined) throw new Error('this machine can run no sshd');
  const port = await freePort();
  const directory = await mkdtemp(path.join(tmpdir(), 'strongroom-sshd-'));
  await chmod(directory, 0o711);
  // Where sshd goes before it knows whom it talks to.
  await mkdir('/run/sshd', { recursive: true, mode: 0o755 });
  const keyFile = (name: string) => path.join(directory, name);
  const fingerprints = { ed25519: '', ecdsa: '', rsa: '' };
  for (const type of HOST_KEY_TYPES) fingerprints[type] = await makeKey(keyFile(type), type);
  await makeKey(keyFile('root'), 'ed25519');
  const lines = [
    // The first of two lines counts.
    ...settings,
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    ...HOST_KEY_TYPES.map(type => `HostKey ${keyFile(type)}`),
    `PidFile ${keyFile('pid')}`,
    `AuthorizedKeysFile ${keyFile('root.pub')}`,
    'StrictModes no',
    'UsePAM yes',
    'PermitRootLogin yes',
    'PasswordAuthentication yes',
    'KbdInteractiveAuthentication no',
    'MaxStartups 200',
    'UseDNS no',
  ];
  await writeFile(keyFile('config'), `${lines.join('\n')}\n`, { mode: 0o600 });
  const launcher = programLauncher({
    program,
    args: ['-D', '-e', '-f', keyFile('config')],
    account: undefined,
    logFile: keyFile('log'),
    remove: () => rm(directory, { recursive: true, force: true }),
  });
  const server = ownServer({ url: `ssh://127.0.0.1:${port}`, port }, launcher, () =>
    greets(port, chunk => chunk.toString('latin1').startsWith('SSH-2.0-')),
  );
  await server.start();

  const accounts: string[] = [];
  async function addAccounts(passwords: readonly string[], options: readonly string[]): Promise<string[]> {
    const added = passwords.map(password => ({
      name: `srtest-${randomBytes(5).toString('hex')}`,
      password,
    }));
    for (const { name } of added) {
      await run('useradd', [...options, '--no-user-group', name]);
      accounts.push(name);
    }
    await feed('chpasswd', [], added.map(({ name, password }) => `${name}:${password}\n`).join(''));
    return added.map(({ name }) => name);
  }

  return {
    port,
    start: server.start,
    kill: server.kill,
    fingerprints,
    hostKeys: await Promise.all(
      HOST_KEY_TYPES.map(async type => (await readFile(keyFile(`${type}.pub`), 'utf8')).trim()),
    ),
    rootKey: await readFile(keyFile('root'), 'utf8'),
    async addAccount(password, { isRoot = false, loginShell = '/bin/bash' } = {}) {
      const kind = isRoot ? ['--non-unique', '--uid', '0', '--no-create-home'] : ['--create-home'];
      const [name = ''] = await addAccounts([password], [...kind, '--shell', loginShell]);
      return name;
    },
    addAccounts: passwords => addAccounts(passwords, ['--no-create-home', '--shell', '/bin/sh']),
    async shadowOf(account) {
      const { stdout } = await run('getent', ['shadow', account]);
      return stdout;
    },
    async stop() {
      await server.stop();
      // Forced, since one of them shares its number with root, whose processes are not its own.
      for (const name of accounts) await run('userdel', ['--force', '--remove', name]);
    },
  };
}

const TOOLS = { env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' } };
const run = (program: string, args: readonly string[]) => promisify(execFile)(program, args, TOOLS);

/** By standard input, so that no password is an argument. */
async function feed(program: string, args: readonly string[], input: string): Promise<void> {
  const child = execFile(program, args, TOOLS);
  child.stdin?.end(input);
  const [status] = (await once(child, 'exit')) as [number | null];
  if (status !== 0) throw new Error(`${program} ended with ${String(status)}`);
}

async function makeKey(file: string, type: HostKeyType): Promise<string> {
  await run('ssh-keygen', ['-q', '-t', type, '-N', '', '-f', file]);
  const { stdout } = await run('ssh-keygen', ['-l', '-E', 'sha256', '-f', `${file}.pub`]);
  return stdout.split(' ')[1] ?? '';
}
