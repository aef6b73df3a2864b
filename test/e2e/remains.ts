import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Standalone } from '@strongroom/testing/standalone';

/** Something that a platform wrote. */
export interface Place {
  readonly name: string;
  readonly content: Buffer;
  /** A text that must be found here, so that a search that finds nothing means something. */
  readonly holds?: string;
}

/** Stops it, so that all is written. */
export async function* remainsOfStandalone(platform: Standalone): AsyncGenerator<Place> {
  await platform.stop();
  yield { name: 'terminal', content: Buffer.from(platform.output()), holds: 'Strongroom is ready.' };
  const entries = await readdir(path.dirname(platform.dataDirectory), {
    recursive: true,
    withFileTypes: true,
  });
  for (const entry of entries.filter(entry => entry.isFile())) {
    const file = path.join(entry.parentPath, entry.name);
    yield {
      name: path.relative(platform.dataDirectory, file),
      content: await readFile(file),
      ...(entry.name === 'credentials.json' ? { holds: platform.credentials.api_client.secret } : {}),
    };
  }
}

const REPOSITORY = path.resolve(import.meta.dirname, '../..');

async function compose(args: readonly string[], input = ''): Promise<Buffer> {
  const run = promisify(execFile)('docker', ['compose', ...args], {
    cwd: REPOSITORY,
    encoding: 'buffer',
    maxBuffer: 2 ** 30,
  });
  run.child.stdin?.end(input);
  return (await run).stdout;
}

const inside = (service: string, command: readonly string[], input?: string) =>
  compose(['exec', '-T', service, ...command], input);

/** Every value that Redis holds, of whichever type. */
const ALL_VALUES = `
local found = {}
local cursor = '0'
repeat
  local page = redis.call('SCAN', cursor, 'COUNT', 1000)
  cursor = page[1]
  for _, key in ipairs(page[2]) do
    local kind = redis.call('TYPE', key)['ok']
    local value = kind == 'string' and redis.call('GET', key)
      or kind == 'hash' and redis.call('HGETALL', key)
      or kind == 'zset' and redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
      or kind == 'set' and redis.call('SMEMBERS', key)
      or kind == 'list' and redis.call('LRANGE', key, 0, -1)
    table.insert(found, { key, value })
  end
until cursor == '0'
return { 'all values', found }`;

/** The logs of all containers, the database as it can be read and as it lies on the disk, the broker's disk, Redis. */
export async function* remainsOfCluster(directory: string): AsyncGenerator<Place> {
  yield { name: 'logs', content: await compose(['logs', '--no-color']), holds: 'api-gateway' };
  yield {
    name: 'database dump',
    content: await inside('postgres', [
      'sh',
      '-c',
      'PGPASSWORD=$(cat /run/secrets/postgres) exec pg_dump -h 127.0.0.1 -U postgres strongroom',
    ]),
    holds: 'canary.person',
  };
  const files = (place: string) => ['tar', '-c', '-f', '-', '--ignore-failed-read', '-C', place, '.'];
  yield {
    name: 'database files',
    content: await inside('postgres', files('/var/lib/postgresql')),
    holds: 'canary.person',
  };
  yield {
    name: 'broker files',
    content: await inside('rabbitmq', files('/var/lib/rabbitmq')),
    holds: 'audit.recorded',
  };
  const password = (await readFile(path.join(directory, 'passwords/redis'), 'utf8')).trim();
  // Keys of another application than this account's would not be shown, and there are none.
  const commands = `AUTH ${password}\nEVAL "${ALL_VALUES.replaceAll('\n', ' ')}" 0\n`;
  yield { name: 'redis', content: await inside('redis', ['redis-cli'], commands), holds: 'all values' };
}
