import type { Database } from '@strongroom/db/database';
import type { Secret } from '../domain/secret.ts';
import { toSecret, type SecretRow } from './secret-rows.ts';
import {
  filterValues,
  statementsFor,
  type CandidateSet,
  type SecretFilter,
  type SecretOrder,
} from './search-statements.ts';

export interface SecretQuery extends SecretFilter, SecretOrder {}

export interface PageBounds {
  readonly offset: number;
  readonly limit: number;
}

/** A place among the secrets that match: after so many of them, the last of which has this key and id. */
export interface Mark {
  readonly offset: number;
  readonly key: string;
  readonly id: string;
}

export interface Found {
  readonly secrets: readonly Secret[];
  /** What `Mark` needs to know of each. */
  readonly keys: readonly string[];
}

export interface FoundAmong extends Found {
  /** Whether all that match were among the candidates. */
  readonly isWhole: boolean;
  /** How many of the candidates match. */
  readonly matched: number;
}

type FoundRow = SecretRow & { key: string };

/** Looks at no more than `bound` candidates, and at one more to see whether there are others. */
export async function pageAmong(
  db: Database,
  set: CandidateSet,
  query: SecretQuery,
  { offset, limit }: PageBounds,
  bound: number,
): Promise<FoundAmong> {
  const values = [...filterValues(query), offset, limit, bound + 1];
  // Only this set is found by pieces of words.
  if (set === 'alike') values.push(query.words.join(' '));
  const rows = await plannedFor<{ examined: number; matched: number } & (FoundRow | { id: null })>(
    db,
    set === 'first' ? IN_ORDER : FEW,
    statementsFor(query).among[set],
    values,
  );
  return {
    isWhole: (rows[0]?.examined ?? 0) <= bound,
    matched: rows[0]?.matched ?? 0,
    // A page without secrets is one row without a secret.
    ...toFound(rows.filter(row => row.id !== null)),
  };
}

/** Sorts all that match. */
export async function pageOfAll(
  db: Database,
  query: SecretQuery,
  { offset, limit }: PageBounds,
): Promise<Found> {
  const values = [...filterValues(query), offset, limit];
  return toFound(await plannedFor<FoundRow>(db, ANY_WAY, statementsFor(query).all, values));
}

/**
 * Walks in order, from the start or from a mark; `offset` counts from there. Not for the order of updates, which has no
 * index to walk on.
 */
export async function pageAfter(
  db: Database,
  query: SecretQuery,
  mark: Mark | undefined,
  { offset, limit }: PageBounds,
): Promise<Found> {
  const values = [...filterValues(query), offset, limit];
  const { all, after } = statementsFor(query);
  return toFound(
    mark === undefined
      ? await plannedFor<FoundRow>(db, IN_ORDER, all, values)
      : await plannedFor<FoundRow>(db, IN_ORDER, after, [...values, mark.key, mark.id]),
  );
}

/** Goes through all that match: a mark after each `stride` of them, and one after the last. */
export const markAll = (db: Database, query: SecretQuery, stride: number): Promise<Mark[]> =>
  plannedFor<Mark>(db, ANY_WAY, statementsFor(query).marks, [...filterValues(query), stride]);

const toFound = (rows: readonly FoundRow[]): Found => ({
  secrets: rows.map(toSecret),
  keys: rows.map(({ key }) => key),
});

/** One plan for every combination of filters would be one that uses no index; to compile one takes longer than to run it. */
const ANY_WAY = `SELECT set_config('plan_cache_mode', 'force_custom_plan', true), set_config('jit', 'off', true)`;

/**
 * What is cut off is cut off by one process: several would each keep another part of it. It is little, so its rows are
 * looked up one by one, whatever the planner thinks.
 */
const FEW = `${ANY_WAY}, set_config('max_parallel_workers_per_gather', '0', true),
  set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true)`;

/** The planner cannot know that what matches comes soon in this order; to gather all of it first would take far longer. */
const IN_ORDER = `${FEW}, set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
  set_config('enable_sort', 'off', true)`;

const plannedFor = <Row>(
  db: Database,
  settings: string,
  text: string,
  values: readonly unknown[],
): Promise<Row[]> =>
  db.transaction(async tx => {
    await tx.query(settings);
    return tx.query<Row>(text, values);
  });
