import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockDirectory } from './directory-lock.ts';
import { processMarker } from './process-marker.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'strongroom-lock-'));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

async function endedProcess(): Promise<{ pid: number; marker: string }> {
  const child = spawn('sleep', ['60']);
  await once(child, 'spawn');
  const pid = child.pid ?? 0;
  const marker = (await processMarker(pid)) ?? '';
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
  return { pid, marker };
}

test('a lock names its holder and goes away on release', async () => {
  const lock = await lockDirectory(directory);
  const marker = await processMarker(process.pid);
  expect(JSON.parse(await readFile(join(directory, 'lock'), 'utf8'))).toEqual({ pid: process.pid, marker });
  await lock.release();
  await lock.release();
  expect(await readdir(directory)).toEqual([]);
});

test('a live holder is not disturbed', async () => {
  const lock = await lockDirectory(directory);
  await expect(lockDirectory(directory)).rejects.toThrow(
    `Another Strongroom (pid ${process.pid}) uses the directory`,
  );
  await lock.release();
  await (await lockDirectory(directory)).release();
});

test('the lock of an ended process is taken over', async () => {
  await writeFile(join(directory, 'lock'), JSON.stringify(await endedProcess()));
  await (await lockDirectory(directory)).release();
  expect(await readdir(directory)).toEqual([]);
});

test('a pid that is another process now is no holder', async () => {
  await writeFile(join(directory, 'lock'), JSON.stringify({ pid: process.pid, marker: 'another boot/1' }));
  await (await lockDirectory(directory)).release();
});

test('a damaged lock, and one left in the middle of a takeover, are taken over', async () => {
  await writeFile(join(directory, 'lock'), '');
  await writeFile(join(directory, 'lock.removal'), JSON.stringify(await endedProcess()));
  await (await lockDirectory(directory)).release();
  expect(await readdir(directory)).toEqual([]);
});

test('of many that see the same stale lock, one gets it', async () => {
  await writeFile(join(directory, 'lock'), JSON.stringify(await endedProcess()));
  const results = await Promise.allSettled(Array.from({ length: 12 }, () => lockDirectory(directory)));
  expect(results.filter(result => result.status === 'fulfilled').length).toBeLessThanOrEqual(1);
  for (const result of results) {
    if (result.status === 'rejected') expect(String(result.reason)).toContain('Another Strongroom');
    else await result.value.release();
  }
  expect(await readdir(directory)).toEqual([]);
});

test('a process keeps its marker; none has an ended one', async () => {
  expect(await processMarker(process.pid)).toBe(await processMarker(process.pid));
  const { pid, marker } = await endedProcess();
  expect(marker).not.toBe('');
  expect(await processMarker(pid)).toBeUndefined();
});
