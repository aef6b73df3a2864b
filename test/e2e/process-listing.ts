import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';

/** Everything that the list of processes has shown. */
export interface ProcessListing {
  /** No process is looked at any more. */
  stop: () => Promise<Buffer>;
}

/** A password is on its way through the programs of a host for longer than that. */
const PAUSE_MS = 20;

/**
 * Looks again and again at the arguments and the environment of every process of this machine, those that hosts start for
 * a sign-in among them, and keeps each text once.
 */
export function watchProcesses(): ProcessListing {
  const seen = new Set<string>();
  const over = new AbortController();
  const watching = (async () => {
    while (!over.signal.aborted) {
      for (const name of await readdir('/proc')) {
        if (/^\d+$/.test(name)) for (const file of ['cmdline', 'environ']) seen.add(await read(name, file));
      }
      await pause(PAUSE_MS);
    }
  })();
  return {
    async stop() {
      over.abort();
      await watching;
      return Buffer.from([...seen].join('\n'), 'latin1');
    },
  };
}

/** Empty when the process is gone, or is none of ours to look at. */
const read = (pid: string, file: string): Promise<string> =>
  readFile(`/proc/${pid}/${file}`, 'latin1').catch(() => '');
