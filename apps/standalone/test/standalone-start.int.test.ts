import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@strongroom/embedded-postgres/start';
import { silentLogger } from '@strongroom/log/logger';
import { type DataDirectory, openDataDirectory } from '../src/data-directory.ts';

let directory: string;
let running: { data: DataDirectory; server: EmbeddedPostgres } | undefined;

beforeEach(() => {
  directory = join(tmpdir(), `strongroom-standalone-${randomBytes(6).toString('hex')}`);
});

afterEach(async () => {
  await stop();
  await rm(directory, { recursive: true, force: true });
});

async function start() {
  const data = await openDataDirectory(directory, { baseUrl: 'https://localhost:8443' });
  const server = await startEmbeddedPostgres({
    dataDirectory: data.paths.database,
    superuser: 'strongroom',
    password: data.material.database.superuser_password,
    durable: false,
    logFile: data.paths.databaseLog,
    log: silentLogger,
  });
  running = { data, server };
  return running;
}

async function stop() {
  await running?.server.stop();
  await running?.data.close();
  running = undefined;
}

test('the data directory and its server go together over two starts', async () => {
  const first = await start();
  expect(first.data.firstStart).toBe(true);
  await expect(openDataDirectory(directory, { baseUrl: 'https://localhost:8443' })).rejects.toThrow(
    'Another Strongroom',
  );
  await stop();
  const second = await start();
  expect(second.data.firstStart).toBe(false);
  expect(second.data.material.credentials).toEqual(first.data.material.credentials);
});
