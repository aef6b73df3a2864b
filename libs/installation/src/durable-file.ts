import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Replaces a file so that whatever happens, either the old or the new content is there, whole. One writer at a time:
 * the directory is locked. What a killed writer left is overwritten by the next.
 */
export async function writeDurably(path: string, content: string, mode: number): Promise<void> {
  const temporary = `${path}.tmp`;
  await rm(temporary, { force: true });
  await writeNew(temporary, content, mode);
  await rename(temporary, path);
  await syncDirectory(dirname(path));
}

/** Writes a file that must not exist yet, down to the disk. */
export async function writeNew(path: string, content: string, mode: number): Promise<void> {
  const handle = await open(path, 'wx', 0o600);
  try {
    await handle.writeFile(content);
    // Only now wider than 0600, and whatever the umask says.
    await handle.chmod(mode);
    await handle.sync();
  } finally {
    await handle.close();
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
