import { chmod, chown, lchown, mkdir, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorCode, ignoreAbsence } from '@strongroom/errors/system-error';
import { type Account, run } from './run.ts';

const TOOL_DEADLINE_MS = 10_000;

export const isRoot = (): boolean => process.getuid?.() === 0;

/**
 * PostgreSQL refuses to run as root, so root lends it another account: the owner of the data directory when
 * there is one already (accounts come and go on a machine, the files keep their owner), else `postgres`, else `nobody`.
 */
export async function serverAccount(dataDirectory: string): Promise<Account | undefined> {
  if (!isRoot()) return undefined;
  const owner = await stat(dataDirectory).catch(ignoreAbsence);
  if (owner !== undefined && owner.uid !== 0)
    return { name: `number ${owner.uid}`, uid: owner.uid, gid: owner.gid };
  const account = (await lookUp('postgres')) ?? (await lookUp('nobody'));
  if (account === undefined) {
    throw new Error(
      'PostgreSQL does not run as root, and this machine has neither an account postgres nor nobody: ' +
        'make one of them, or start Strongroom as an ordinary user',
    );
  }
  return account;
}

async function lookUp(name: string): Promise<Account | undefined> {
  const id = async (option: string) => Number(await run(undefined, 'id', [option, name], TOOL_DEADLINE_MS));
  try {
    return { name, uid: await id('-u'), gid: await id('-g') };
  } catch (error) {
    // `id` ends with status 1 for an unknown name; anything else (no such program) is a fault.
    if (errorCode(error) === 1) return undefined;
    throw error;
  }
}

/** Makes a directory and the parents it lacks. As root they let other accounts pass, not look: the server's must. */
export async function makeDirectory(path: string): Promise<void> {
  const mode = isRoot() ? 0o711 : 0o700;
  const topmost = await mkdir(path, { recursive: true, mode });
  if (topmost === undefined) return;
  // mkdir's mode passes through the umask, which may be stricter.
  for (let made = path; made.length >= topmost.length; made = dirname(made)) await chmod(made, mode);
}

/** Gives a whole tree to the account. The top comes last: an interrupted call is seen and repeated. */
export async function giveTo(account: Account | undefined, directory: string): Promise<void> {
  if (account === undefined || (await stat(directory)).uid === account.uid) return;
  for (const entry of await readdir(directory, { recursive: true })) {
    await lchown(join(directory, entry), account.uid, account.gid);
  }
  await chown(directory, account.uid, account.gid);
}

/** A checkout below a home directory is often closed to other accounts; the server would only say "permission denied". */
export async function requireAccess(account: Account | undefined, path: string): Promise<void> {
  if (account === undefined) return;
  try {
    await run(account, 'test', ['-x', path], TOOL_DEADLINE_MS);
  } catch (cause) {
    const obstacle = (await closedAncestor(account, path)) ?? path;
    throw new Error(
      `PostgreSQL does not run as root, so it runs as the account ${account.name}, and that account has no access to ` +
        `${obstacle}. Move Strongroom and its data directory to a place that every account may enter (such as /opt), ` +
        `or allow passage with "chmod o+x ${obstacle}", or start Strongroom as an ordinary user.`,
      { cause },
    );
  }
}

async function closedAncestor(account: Account, path: string): Promise<string | undefined> {
  const ancestors = [path];
  for (let next = path; next !== dirname(next); next = dirname(next)) ancestors.unshift(dirname(next));
  for (const ancestor of ancestors) {
    const { mode, uid, gid } = await stat(ancestor);
    const passage = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
    if ((mode & passage) === 0) return ancestor;
  }
  return undefined;
}
