import { randomBytes } from 'node:crypto';
import { link, readFile, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorCode, ignoreAbsence } from '@strongroom/errors/system-error';
import { writeNew } from './durable-file.ts';
import { processMarker } from './process-marker.ts';

export interface DirectoryLock {
  release: () => Promise<void>;
}

interface Holder {
  pid: number;
  marker: string;
}

/**
 * An exclusive lock as a file that names its holder. It appears by link(2), which fails when the name is taken and
 * never shows a half-written file. A lock whose holder has ended is removed, but only by who holds the lock for
 * removing it: otherwise two that saw the same stale file could remove each other's fresh one.
 */
export async function lockDirectory(path: string): Promise<DirectoryLock> {
  return acquire(join(path, 'lock'));
}

async function acquire(file: string): Promise<DirectoryLock> {
  const marker = await processMarker(process.pid);
  if (marker === undefined) throw new Error('This system does not tell when a process began');
  const own = JSON.stringify({ pid: process.pid, marker } satisfies Holder);
  for (;;) {
    if (await place(file, own)) return { release: () => release(file, own) };
    const holder = await liveHolder(file);
    if (holder !== undefined) {
      throw new Error(`Another Strongroom (pid ${holder.pid}) uses the directory ${dirname(file)}`);
    }
    const removal = await acquire(`${file}.removal`);
    try {
      if ((await liveHolder(file)) === undefined) await unlink(file).catch(ignoreAbsence);
    } finally {
      await removal.release();
    }
  }
}

async function place(file: string, content: string): Promise<boolean> {
  const temporary = `${file}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    await writeNew(temporary, content, 0o600);
    await link(temporary, file);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await unlink(temporary).catch(ignoreAbsence);
  }
}

async function release(file: string, own: string): Promise<void> {
  const content = await readFile(file, 'utf8').catch(ignoreAbsence);
  if (content === own) await unlink(file);
}

async function liveHolder(file: string): Promise<Holder | undefined> {
  const content = await readFile(file, 'utf8').catch(ignoreAbsence);
  const holder = content === undefined ? undefined : parseHolder(content);
  if (holder === undefined) return undefined;
  return (await processMarker(holder.pid)) === holder.marker ? holder : undefined;
}

/** Unreadable content cannot come from a live holder, see `place`; a file system repair may leave it. */
function parseHolder(content: string): Holder | undefined {
  const [, pid, marker] = /^\{"pid":(\d+),"marker":"([^"]+)"\}$/.exec(content) ?? [];
  return pid === undefined || marker === undefined ? undefined : { pid: Number(pid), marker };
}
