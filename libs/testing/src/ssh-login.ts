import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

/** It asks this program for the password, which has it from a file: no argument, no environment. */
const ASK = '#!/bin/sh\nexec cat "$STRONGROOM_TEST_PASSWORD_FILE"\n';
const DEADLINE_MS = 60_000;

/**
 * Whether OpenSSH's own client, which shares no code with the platform, signs in to 127.0.0.1 with this password.
 * Rejects when the host says neither yes nor no.
 */
export async function signsInBySsh(port: number, account: string, password: string): Promise<boolean> {
  const directory = await mkdtemp(path.join(tmpdir(), 'strongroom-ssh-'));
  const place = (name: string) => path.join(directory, name);
  try {
    await writeFile(place('ask'), ASK);
    await chmod(place('ask'), 0o700);
    await writeFile(place('password'), `${password}\n`, { mode: 0o600 });
    return await run(port, account, { ask: place('ask'), password: place('password') });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

const OPTIONS = {
  StrictHostKeyChecking: 'no',
  UserKnownHostsFile: '/dev/null',
  GlobalKnownHostsFile: '/dev/null',
  PreferredAuthentications: 'password',
  PubkeyAuthentication: 'no',
  NumberOfPasswordPrompts: '1',
  LogLevel: 'ERROR',
};

async function run(
  port: number,
  account: string,
  files: { ask: string; password: string },
): Promise<boolean> {
  const options = Object.entries(OPTIONS).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  try {
    await promisify(execFile)(
      'ssh',
      ['-F', 'none', ...options, '-p', String(port), '-l', account, '127.0.0.1', 'true'],
      {
        timeout: DEADLINE_MS,
        env: {
          PATH: '/usr/bin:/bin',
          LC_ALL: 'C',
          SSH_ASKPASS: files.ask,
          SSH_ASKPASS_REQUIRE: 'force',
          STRONGROOM_TEST_PASSWORD_FILE: files.password,
        },
      },
    );
    return true;
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    if (stderr?.includes('Permission denied') === true) return false;
    throw error;
  }
}
