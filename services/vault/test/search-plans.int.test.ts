import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Database } from '@strongroom/db/database';
import { createFindPage, SEARCH_BOUNDS } from '../src/store/find-page.ts';
import type { SecretQuery } from '../src/store/search-secrets.ts';
import { startTestVault, type TestVault } from './support.ts';

/* What the statements of the search read of a table of 50,000 secrets, whoever asks for what. */

const SECRETS = 50_000;
const BATCH = 2_500;
const role = (number: number) => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
/** On every secret, on one of two hundred, and on a folder with one of a hundred. */
const [BROAD, NARROW, OF_FOLDER] = [role(1), role(2), role(3)];

let vault: TestVault;
beforeAll(async () => {
  vault = await startTestVault();
  await vault.superuser.query(
    `INSERT INTO folders (id, path, read_roles, write_roles, effective_read_roles, effective_write_roles,
                          created_at, created_by, updated_at, updated_by)
     SELECT gen_random_uuid(), 'team-' || team, '{}', '{}', CASE team WHEN 42 THEN ARRAY[$1::uuid] ELSE '{}' END, '{}',
       now(), '', now(), '' FROM generate_series(0, 99) AS team`,
    [OF_FOLDER],
  );
  for (let first = 1; first < SECRETS; first += BATCH) {
    await vault.superuser.query(
      `INSERT INTO secrets (id, name, folder_id, tags, read_roles, write_roles, current_version, expires_at, created_at,
                            created_by, updated_at, updated_by)
       SELECT gen_random_uuid(), f.path || '/app-' || i || '/password', f.id, ARRAY['tag-' || i % 1000],
         CASE i % 200 WHEN 7 THEN ARRAY[$3::uuid, $4::uuid] ELSE ARRAY[$3::uuid] END, '{}', 1,
         CASE i % 500 WHEN 0 THEN now() END, now(), '', now(), ''
       FROM generate_series($1::integer, $2::integer) AS i JOIN folders f ON f.path = 'team-' || i % 100`,
      [first, first + BATCH - 1, BROAD, NARROW],
    );
  }
  await vault.superuser.query('ANALYZE secrets, folders');
}, 300_000);
afterAll(() => vault.stop());

const EVERYTHING: SecretQuery = {
  roles: [],
  all: true,
  filter: 'any',
  shared: true,
  ownerIds: ['me'],
  words: [],
  tags: [],
  schema: undefined,
  folder: undefined,
  expiresBefore: undefined,
  sortKey: 'name',
  descending: false,
};

interface Plan {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  Plans?: Plan[];
}

const nodesOf = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];

/** Runs the search as it is, and says how many rows of secrets each of its statements went through, and by what. */
async function explain(query: Partial<SecretQuery>, offset = 0, counted = false) {
  const reads: number[] = [];
  const indexes = new Set<string>();
  const explaining: Database = {
    ...vault.superuser,
    transaction: work =>
      vault.superuser.transaction(tx =>
        work({
          ...tx,
          async query<Row>(text: string, values?: readonly unknown[]) {
            if (!text.startsWith('SELECT set_config')) {
              const [row] = await tx.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
                `EXPLAIN (ANALYZE, FORMAT JSON) ${text}`,
                values,
              );
              const nodes = nodesOf(row!['QUERY PLAN'][0].Plan);
              for (const node of nodes) if (node['Index Name'] !== undefined) indexes.add(node['Index Name']);
              reads.push(
                nodes
                  .filter(node => node['Relation Name'] === 'secrets')
                  .map(
                    node =>
                      (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops'],
                  )
                  .reduce((sum, rows) => sum + rows, 0),
              );
            }
            return tx.query<Row>(text, values);
          },
        }),
      ),
  };
  const find = createFindPage(explaining, () => new Date(0), {
    ...SEARCH_BOUNDS,
    candidates: 2_000,
    glance: 500,
  });
  const search = { ...EVERYTHING, ...query };
  const page = { offset, limit: 100 };
  const first = await find(search, page, counted);
  const firstReads = reads.splice(0);
  const second = await find(search, page, counted);
  // Of many, fewer may be counted the second time.
  expect(second.secrets).toEqual(first.secrets);
  return { ...first, reads: firstReads, again: reads, indexes };
}

const most = (reads: readonly number[]) => Math.max(...reads);
const caller = (id: string) => ({ all: false, roles: [id] });

describe('what a page reads', () => {
  test.each<[string, Partial<SecretQuery>, number, string]>([
    ['a rare word', { words: ['app-4711/'] }, 1, 'secrets_pieces'],
    ['a rare word of two characters', { words: ['~x'] }, 0, 'secrets_pieces'],
    ['a rare character', { words: ['數'] }, 0, 'secrets_pieces'],
    ['a rare word, asked by a role on all', { ...caller(BROAD), words: ['app-4711/'] }, 1, 'secrets_pieces'],
    ['two words', { words: ['app-471', 'team-11/'] }, 2, 'secrets_pieces'],
    ['a rare tag', { tags: ['tag-471'] }, 50, 'secrets_tags'],
    ['a date', { expiresBefore: new Date('2100-01-01') }, 100, 'secrets_expires'],
    ['a folder', { folder: 'team-42' }, 500, 'secrets_names'],
    ['all, by a role on few', caller(NARROW), 250, 'secrets_read_roles'],
    [
      'a common word, by a role on few',
      { ...caller(NARROW), words: ['password'] },
      250,
      'secrets_read_roles',
    ],
    ['all, by a role on one folder', caller(OF_FOLDER), 500, 'secrets_folder'],
  ])('of %s is little, and the count exact', async (_what, query, count, index) => {
    const found = await explain(query);
    expect(found.count).toBe(count);
    expect(found.indexes).toContain(index);
    // Candidates, each looked up once more where they come from an index of roles.
    expect(most(found.reads)).toBeLessThan(10_000);
  });

  test.each<[string, Partial<SecretQuery>]>([
    ['a common word', { words: ['password'] }],
    ['one letter', { words: ['a'] }],
    ['a common word, by a role on all', { ...caller(BROAD), words: ['password'] }],
    ['all, the last created first', { sortKey: 'created', descending: true }],
  ])('of %s is no more than the bound', async (_what, query) => {
    const found = await explain(query);
    expect(found.count).toBeGreaterThan(100);
    expect(found.reads).toHaveLength(1);
    expect(most(found.reads)).toBeLessThan(3_000);
  });

  test.each<[string, Partial<SecretQuery>]>([
    ['for who manages', {}],
    ['for a role on all', caller(BROAD)],
    ['of a common word', { words: ['password'] }],
    ['downwards', { descending: true }],
    ['by creation', { sortKey: 'created' }],
  ])('at a far place %s is little once somebody was there', async (_what, query) => {
    const found = await explain(query, SECRETS - 150, true);
    expect(found).toMatchObject({ count: SECRETS });
    expect(found.secrets).toHaveLength(100);
    expect(most(found.reads)).toBeGreaterThanOrEqual(SECRETS);
    expect(most(found.again)).toBeLessThan(2_000);
  });
});

test('a write of content touches no index of the secret', async () => {
  const updated = await vault.superuser.transaction(async tx => {
    await tx.query(
      `UPDATE secrets SET current_version = current_version + 1, revision = revision + 1, read_roles = read_roles,
         tags = tags, expires_at = expires_at, updated_at = now(), updated_by = 'me'
       WHERE name LIKE 'team-11/app-11%'`,
    );
    return tx.query<{ all: string; hot: string }>(
      `SELECT pg_stat_get_xact_tuples_updated('secrets'::regclass) AS all,
         pg_stat_get_xact_tuples_hot_updated('secrets'::regclass) AS hot`,
    );
  });
  expect(Number(updated[0]?.all)).toBeGreaterThan(10);
  expect(updated[0]?.hot).toBe(updated[0]?.all);
});
