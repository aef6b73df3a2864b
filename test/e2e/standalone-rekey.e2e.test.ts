import { execFile } from 'node:child_process';
import path from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';

const BENCH = path.resolve(import.meta.dirname, '../../bench/dist/rekey.js');

test('keys are rotated under load, over a kill -9 of everything, and it ends with the proof', async () => {
  // Rejects with all that was printed when the exit code is not 0.
  const { stdout } = await promisify(execFile)(process.execPath, [BENCH, '2000', '1']);
  expect(stdout).toMatch(/kills with -9 on the way +1\n/);
  expect(stdout).toMatch(/failed +0\n/);
  expect(stdout).toMatch(/wrong or lost values +0\n/);
  expect(stdout).toMatch(/proof +recorded at \d/);
});
