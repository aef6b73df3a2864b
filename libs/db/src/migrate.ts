import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import type { Logger } from '@strongroom/log/logger';
import { clientConfig, databaseUnavailable, type DatabaseSettings } from './database.ts';

/** A folder of numbered SQL files: a service's own, or those of a library that keeps tables in its schema. */
export interface MigrationSet {
  name: string;
  directory: string;
}

interface Migration {
  id: string;
  sql: string;
  checksum: string;
  breaking: boolean;
}

/**
 * Applies what is missing, each file in its own transaction, under an advisory lock so that replicas that
 * start at once wait for the first. Refuses a released file that was edited, and refuses to run code that
 * is older than a migration marked `-- breaking`.
 */
export async function migrate(
  settings: Pick<DatabaseSettings, 'url' | 'password' | 'schema'>,
  sets: readonly MigrationSet[],
  log: Logger,
): Promise<void> {
  const migrations = (await Promise.all(sets.map(readSet))).flat();
  const client = new pg.Client({ ...clientConfig(settings), connectionTimeoutMillis: 10_000 });
  await client.connect().catch((error: unknown) => {
    throw databaseUnavailable(error);
  });
  try {
    await client.query('SELECT pg_advisory_lock(hashtext($1), hashtext($2))', [
      'strongroom-migrate',
      settings.schema,
    ]);
    await client.query(`CREATE TABLE IF NOT EXISTS schema_migrations (
      id text PRIMARY KEY, checksum text NOT NULL, breaking boolean NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT now())`);
    const { rows } = await client.query<{ id: string; checksum: string; breaking: boolean }>(
      'SELECT id, checksum, breaking FROM schema_migrations',
    );
    const applied = new Map(rows.map(row => [row.id, row]));
    refuseUnknownBreaking(applied.values(), migrations);
    for (const migration of migrations) {
      const known = applied.get(migration.id);
      if (known === undefined) await apply(client, migration, settings.schema, log);
      else if (known.checksum !== migration.checksum) {
        throw new Error(
          `migration ${migration.id} of schema ${settings.schema} was edited after it had been applied`,
        );
      }
    }
  } finally {
    await client.end();
  }
}

async function readSet({ name, directory }: MigrationSet): Promise<Migration[]> {
  const files = (await readdir(directory)).filter(file => file.endsWith('.sql')).sort();
  return Promise.all(
    files.map(async file => {
      const sql = await readFile(path.join(directory, file), 'utf8');
      return {
        id: `${name}/${file.slice(0, -'.sql'.length)}`,
        sql,
        checksum: createHash('sha256').update(sql).digest('hex'),
        breaking: /^-- breaking\b/m.test(sql),
      };
    }),
  );
}

function refuseUnknownBreaking(
  applied: Iterable<{ id: string; breaking: boolean }>,
  migrations: readonly Migration[],
): void {
  const known = new Set(migrations.map(migration => migration.id));
  for (const { id, breaking } of applied) {
    if (breaking && !known.has(id)) {
      throw new Error(`the database has migration ${id}, which this older release cannot work with`);
    }
  }
}

async function apply(client: pg.Client, migration: Migration, schema: string, log: Logger): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query(migration.sql);
    await client.query('INSERT INTO schema_migrations (id, checksum, breaking) VALUES ($1, $2, $3)', [
      migration.id,
      migration.checksum,
      migration.breaking,
    ]);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
  log.info('migration applied', { schema, migration: migration.id });
}
