import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { REPOSITORY } from './settings.ts';

/** Runs docker in the repository and answers what it printed. */
export async function docker(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('docker', args, { cwd: REPOSITORY, maxBuffer: 2 ** 26 });
  return stdout;
}

/** Of every container of the cluster that runs, by its name, in MiB. */
export async function memoryByContainer(): Promise<Map<string, number>> {
  const names = (await docker('compose', 'ps', '--format', '{{.Name}}'))
    .split('\n')
    .filter(name => name !== '');
  const lines = await docker('stats', '--no-stream', '--format', '{{.Name}}\t{{.MemUsage}}', ...names);
  return new Map(
    lines
      .trim()
      .split('\n')
      .map(line => line.split('\t'))
      .map(([name = '', usage = '']) => [name, toMebibytes(usage.split(' / ')[0] ?? '')]),
  );
}

/** As docker prints it: `53.14MiB`, `1.2GiB`. */
export function toMebibytes(text: string): number {
  const [, number = 'NaN', unit = ''] = /^([\d.]+)([KMG]?i?B)$/.exec(text.trim()) ?? [];
  const factor: Readonly<Record<string, number>> = { B: 2 ** -20, KiB: 2 ** -10, MiB: 1, GiB: 2 ** 10 };
  return Number(number) * (factor[unit] ?? Number.NaN);
}
