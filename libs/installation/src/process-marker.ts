import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { errorCode, ignoreAbsence } from '@strongroom/errors/system-error';

const PS_DEADLINE_MS = 10_000;

/**
 * When a process began, in a form that only serves to compare: with its pid it names one process for ever, also
 * across reboots. `undefined`: no such process, or one that has ended and waits to be collected.
 */
export async function processMarker(pid: number): Promise<string | undefined> {
  return existsSync('/proc/self/stat') ? markerFromProc(pid) : markerFromPs(pid);
}

async function markerFromProc(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(ignoreEndedProcess);
  if (stat === undefined) return undefined;
  // proc_pid_stat(5): the name in parentheses may hold blanks; after it, the state is field 3 and the start field 22.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
  const started = fields[19];
  if (started === undefined) throw new Error('The process table has an unknown form');
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(ignoreAbsence);
  return `${boot?.trim() ?? ''}/${started}`;
}

async function markerFromPs(pid: number): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'state=,lstart=', '-p', String(pid)], {
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
      timeout: PS_DEADLINE_MS,
    });
    const [state = '', ...started] = stdout.trim().split(/\s+/);
    return state.startsWith('Z') || started.length === 0 ? undefined : started.join(' ');
  } catch (error) {
    // ps ends with status 1 when there is no such process.
    if (errorCode(error) === 1) return undefined;
    throw error;
  }
}

/** A process that ends between open and read answers ESRCH. */
function ignoreEndedProcess(error: unknown): undefined {
  if (errorCode(error) !== 'ESRCH') ignoreAbsence(error);
}
