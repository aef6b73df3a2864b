import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Queryable } from '@strongroom/db/database';
import { createSecretFinder } from '../src/store/find-secrets.ts';
import { startTestVault, type TestVault } from './support.ts';

const SECRETS = 2_000;

let vault: TestVault;
beforeAll(async () => {
  vault = await startTestVault();
  // Nobody analyses it: so is every vault in the first minutes after an import.
  await vault.superuser.query('ALTER TABLE secrets SET (autovacuum_enabled = false)');
  await vault.superuser.query(
    `WITH secret AS (
       INSERT INTO secrets (id, name, read_roles, write_roles, current_version, created_at, created_by, updated_at, updated_by)
       SELECT gen_random_uuid(), 'app-' || i, '{}', '{}', 1, now(), '', now(), ''
       FROM generate_series(1, $1::integer) AS i RETURNING id
     )
     INSERT INTO secret_versions (secret_id, version, deletion_time, destroyed_at, created_at, created_by)
     SELECT id, 1, now(), now(), now(), '' FROM secret`,
    [SECRETS],
  );
}, 120_000);
afterAll(() => vault.stop());

/** Rows of secrets that this transaction has fetched, by index or not. */
async function rowsFetched(tx: Queryable): Promise<number> {
  const [row] = await tx.query<{ rows: number }>(
    `SELECT (seq_tup_read + idx_tup_fetch)::integer AS rows FROM pg_stat_xact_user_tables WHERE relname = 'secrets'`,
  );
  return row?.rows ?? 0;
}

test.each(['find', 'findSealed'] as const)(
  '%s fetches the secrets asked for and no others, also before the table was ever analysed',
  async how => {
    const names = Array.from({ length: 8 }, (_, i) => `app-${i * 100 + 1}`);
    await vault.superuser.transaction(async tx => {
      const finder = createSecretFinder(tx);
      const before = await rowsFetched(tx);
      const found = await Promise.all(
        [...names, 'none'].map(name => finder[how]({ ownerId: undefined, name })),
      );
      expect(found.map(secret => secret !== undefined)).toEqual([...names.map(() => true), false]);
      expect((await rowsFetched(tx)) - before).toBeLessThanOrEqual(names.length);
    });
  },
);
