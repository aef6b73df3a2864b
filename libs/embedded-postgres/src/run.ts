import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Whom a program runs as. `undefined` stands for ourselves. */
export interface Account {
  name: string;
  uid: number;
  gid: number;
}

/** A fixed environment: ours may hold secrets, and a server's can be read by whoever runs as its account. */
export const SERVER_ENVIRONMENT: NodeJS.ProcessEnv = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };

/** Options of child_process that put a program under `account`, away from a working directory it may not enter. */
export function spawnOptions(account: Account | undefined) {
  // Node wants signed 32-bit ids; macOS counts `nobody` as 4294967294.
  const ids = account === undefined ? {} : { uid: account.uid | 0, gid: account.gid | 0 };
  return { ...ids, cwd: '/', env: SERVER_ENVIRONMENT };
}

/** Runs a program to its end. What it printed is in the error when it fails, so nothing secret may be an argument. */
export async function run(
  account: Account | undefined,
  program: string,
  args: readonly string[],
  timeoutMs: number,
): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args, {
    ...spawnOptions(account),
    timeout: timeoutMs,
  });
  return stdout;
}
