import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';
import { Writable } from 'node:stream';

export interface RotatingFileSettings {
  path: string;
  /** A file that would grow beyond this moves to `<path>.1`, that one to `<path>.2`, and so on. */
  maxBytes: number;
  /** How many files are kept, the current one included. */
  maxFiles: number;
}

/**
 * Appends each chunk at once: lines are few, and those before a crash are the ones that matter. Nothing is
 * buffered, so nothing is left to flush at the end. Files are for their owner only.
 */
export function openRotatingFile({ path, maxBytes, maxFiles }: RotatingFileSettings): Writable {
  const open = () => openSync(path, 'a', 0o600);
  let descriptor = open();
  let size = fstatSync(descriptor).size;

  function rotate(): void {
    for (let index = maxFiles - 1; index >= 1; index -= 1) {
      moveIfPresent(index === 1 ? path : `${path}.${index - 1}`, `${path}.${index}`);
    }
    const next = open();
    closeSync(descriptor);
    descriptor = next;
    size = fstatSync(descriptor).size;
  }

  return new Writable({
    decodeStrings: true,
    write(chunk: Buffer, _encoding, done) {
      try {
        if (size > 0 && size + chunk.length > maxBytes) rotate();
        size += writeSync(descriptor, chunk);
      } catch {
        // A full disk costs lines of the log, not the service.
      }
      done();
    },
    final(done) {
      closeSync(descriptor);
      done();
    },
  });
}

function moveIfPresent(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
