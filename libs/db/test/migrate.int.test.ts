import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { silentLogger, type Logger } from '@strongroom/log/logger';
import { createTestDatabase, type TestDatabase } from '@strongroom/testing/database';
import { eventually } from '@strongroom/testing/eventually';
import { migrate, type MigrationSet } from '../src/migrate.ts';

let server: TestDatabase;
let superuser: pg.Client;
let directories: string[] = [];
let applied: string[];

beforeEach(async () => {
  server = await createTestDatabase('vault');
  superuser = new pg.Client({ connectionString: server.superuserUrl, options: '-c search_path=vault' });
  superuser.on('error', () => undefined);
  await superuser.connect();
  applied = [];
});
afterEach(async () => {
  await superuser.end();
  await server.close();
  await Promise.all(directories.map(directory => rm(directory, { recursive: true })));
  directories = [];
});

async function set(name: string, files: Record<string, string>): Promise<MigrationSet> {
  const directory = await mkdtemp(path.join(tmpdir(), 'strongroom-migrations-'));
  directories.push(directory);
  for (const [file, sql] of Object.entries(files)) await writeFile(path.join(directory, file), sql);
  return { name, directory };
}

const log: Logger = {
  ...silentLogger,
  info: (_text, fields) => void applied.push(String(fields?.['migration'])),
};
const run = (...sets: MigrationSet[]) => migrate(server, sets, log);
const all = async (text: string): Promise<unknown[]> =>
  (await superuser.query<unknown[]>({ text, rowMode: 'array' })).rows.flat();
const tables = () =>
  all("SELECT table_name FROM information_schema.tables WHERE table_schema = 'vault' ORDER BY table_name");

const create = (table: string) => `CREATE TABLE ${table} (id integer);`;

describe('migrate', () => {
  test('applies what is missing, in order, once', async () => {
    const library = await set('library', { '0001_a.sql': create('a') });
    const one = await set('own', { '0002_c.sql': 'ALTER TABLE b ADD c text;', '0001_b.sql': create('b') });
    await run(library, one);
    expect(applied).toEqual(['library/0001_a', 'own/0001_b', 'own/0002_c']);
    await run(library, one);
    expect(applied).toHaveLength(3);

    const two = await set('own', {
      '0001_b.sql': create('b'),
      '0002_c.sql': 'ALTER TABLE b ADD c text;',
      '0003_d.sql': create('d'),
      'notes.md': 'no SQL',
    });
    await run(library, two);
    expect(applied.slice(3)).toEqual(['own/0003_d']);
    expect(await tables()).toEqual(['a', 'b', 'd', 'schema_migrations']);
  });

  test('by replicas that start at once is done by one of them; the others wait for it', async () => {
    const own = await set('own', {
      '0001_a.sql': create('a'),
      '0002_b.sql': `${create('b')} SELECT pg_sleep(0.05);`,
    });
    await Promise.all(Array.from({ length: 5 }, () => run(own)));
    expect(applied).toEqual(['own/0001_a', 'own/0002_b']);
    expect(await all('SELECT id FROM schema_migrations ORDER BY id')).toEqual(applied);
  });

  test('refuses a file that was edited after it had been applied', async () => {
    await run(await set('own', { '0001_a.sql': create('a') }));
    const edited = await set('own', {
      '0001_a.sql': `${create('a')}\n-- a comment`,
      '0002_b.sql': create('b'),
    });
    await expect(run(edited)).rejects.toThrow('own/0001_a of schema vault was edited');
    expect(await tables()).toEqual(['a', 'schema_migrations']);
  });

  test('leaves nothing of a file that fails, and applies it when it is mended', async () => {
    const faulty = {
      '0001_a.sql': create('a'),
      '0002_b.sql': `${create('b')} INSERT INTO a VALUES (1); SELECT 1/0;`,
    };
    const never = { '0003_c.sql': create('c') };
    await expect(run(await set('own', { ...faulty, ...never }))).rejects.toThrow('division by zero');
    expect(await tables()).toEqual(['a', 'schema_migrations']);
    expect(await all('SELECT id FROM schema_migrations')).toEqual(['own/0001_a']);
    expect(await all('SELECT * FROM a')).toEqual([]);

    await run(await set('own', { ...faulty, '0002_b.sql': create('b'), ...never }));
    expect(await tables()).toEqual(['a', 'b', 'c', 'schema_migrations']);
  });

  test('lets older code run after a migration, but not after one that breaks it', async () => {
    const first = { '0001_a.sql': create('a') };
    const older = await set('own', first);
    const second = { ...first, '0002_b.sql': create('b') };
    await run(await set('own', second));
    await run(older);
    await run(await set('own', { ...second, '0003_c.sql': `-- breaking: b is gone\nDROP TABLE b;` }));
    await expect(run(older)).rejects.toThrow('own/0003_c, which this older release cannot work with');
    await expect(run(await set('own', second))).rejects.toThrow('own/0003_c');
    expect(await tables()).toEqual(['a', 'schema_migrations']);
  });

  test('takes "breaking" for a mark at the start of a comment line only', async () => {
    const first = { '0001_a.sql': create('a') };
    await run(await set('own', { ...first, '0002_b.sql': `-- not breaking\n${create('b')} -- breaking\n` }));
    await run(await set('own', first));
  });

  test('says "unavailable" when there is no database', async () => {
    const own = await set('own', {});
    const nowhere = { ...server, url: 'postgres://x@127.0.0.1:1/x' };
    await expect(migrate(nowhere, [own], log)).rejects.toMatchObject({
      code: 'DATABASE_ERROR',
      kind: 'unavailable',
    });
  });

  test('that loses its connection while it waits for another replica fails, and ends nothing else', async () => {
    const own = await set('own', { '0001_a.sql': create('a') });
    await superuser.query("SELECT pg_advisory_lock(hashtext('strongroom-migrate'), hashtext('vault'))");
    const outcome = expect(run(own)).rejects.toThrow();
    await eventually(
      'it waits',
      async () =>
        (
          await all(
            "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
          )
        ).length === 1,
    );
    await server.cutConnections();
    await outcome;
    await run(own);
    expect(applied).toEqual(['own/0001_a']);
  });
});
