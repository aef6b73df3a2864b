import { createHash } from 'node:crypto';
import type { Database } from '@strongroom/db/database';
import { searchesQueue } from '../domain/errors.ts';
import { createQueue } from '../domain/queue.ts';
import { markAll, type Mark, type SecretQuery } from './search-secrets.ts';

/** Marks through all that match, and how many that are. */
export interface MarkedQuery {
  readonly marks: readonly Mark[];
  readonly total: number;
}

/** The end of a page that was shown, and the count that was told with it. */
export interface PageEnd {
  readonly mark: Mark;
  readonly count: number;
}

/** Of those that a caller may know of: whether they are few. Of those that are in question for him: that they are many. */
export type Fact = 'narrow' | 'broad' | 'vast';

/**
 * Where pages begin that are far from the start, remembered for a short time for whoever asks the same with the same
 * rights. They say only where to begin: what is shown is always what the database holds and the caller may know of.
 */
export interface SearchMarks {
  /** Of the page that ended where this one begins. */
  readonly endAt: (query: SecretQuery, offset: number) => PageEnd | undefined;
  readonly rememberEnd: (query: SecretQuery, end: PageEnd) => void;
  /** Of whoever has the same rights, whatever he asks. */
  readonly knows: (query: SecretQuery, fact: Fact) => boolean;
  readonly remember: (query: SecretQuery, fact: Fact) => void;
  /** Those that are still good. */
  readonly known: (query: SecretQuery) => Promise<MarkedQuery | undefined>;
  /** Goes through all that match, unless somebody else just does: one query after another. */
  readonly make: (query: SecretQuery) => Promise<MarkedQuery>;
  /** For all else that goes through all that match. */
  readonly inTurn: <T>(work: () => Promise<T>) => Promise<T>;
}

export interface MarkBounds {
  /** Secrets from one mark to the next. */
  readonly stride: number;
  readonly lastMs: number;
  readonly keptQueries: number;
  readonly keptEnds: number;
  /** Who may wait to go through all that match. */
  readonly waiting: number;
}

export function createSearchMarks(db: Database, now: () => Date, bounds: MarkBounds): SearchMarks {
  const queries = createShortMemory<Promise<MarkedQuery>>(now, bounds.lastMs, bounds.keptQueries);
  const ends = createShortMemory<PageEnd>(now, bounds.lastMs, bounds.keptEnds);
  const facts = createShortMemory<true>(now, bounds.lastMs, bounds.keptEnds);
  const inTurn = createQueue(bounds.waiting, searchesQueue);
  const endKey = (query: SecretQuery, offset: number) => `${signatureOf(query)} ${offset}`;

  return {
    endAt: (query, offset) => ends.get(endKey(query, offset)),
    rememberEnd: (query, end) => ends.set(endKey(query, end.mark.offset), end),
    knows: (query, fact) => facts.get(digest([fact, rightsOf(query)])) === true,
    remember: (query, fact) => facts.set(digest([fact, rightsOf(query)]), true),
    known: query => queries.get(signatureOf(query)) ?? Promise.resolve(undefined),
    make(query) {
      const key = signatureOf(query);
      const made = inTurn(async () => {
        const marks = await markAll(db, query, bounds.stride);
        return { marks, total: marks.at(-1)?.offset ?? 0 };
      });
      queries.set(key, made);
      made.catch(() => queries.forget(key, made));
      return made;
    },
    inTurn,
  };
}

const rightsOf = ({ all, roles, shared, ownerIds }: SecretQuery): unknown[] => [
  all,
  [...roles].sort(),
  shared,
  ownerIds,
];

/** Everything that decides what matches, and in which order: rights above all. */
function signatureOf(query: SecretQuery): string {
  const { filter, words, tags, schema, folder, expiresBefore, sortKey, descending } = query;
  const asked = [filter, words, tags, schema ?? null, folder ?? null, expiresBefore ?? null];
  return digest([rightsOf(query), asked, sortKey, descending]);
}

/** Short, however much was asked for. */
const digest = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('base64');

/** Forgets what is older, and the oldest where it holds too much. */
function createShortMemory<V>(now: () => Date, lastMs: number, maxSize: number) {
  const entries = new Map<string, { value: V; time: number }>();
  return {
    get(key: string): V | undefined {
      const entry = entries.get(key);
      return entry !== undefined && now().getTime() - entry.time < lastMs ? entry.value : undefined;
    },
    set(key: string, value: V): void {
      entries.delete(key);
      entries.set(key, { value, time: now().getTime() });
      for (const oldest of entries.keys()) {
        if (entries.size <= maxSize) break;
        entries.delete(oldest);
      }
    },
    forget(key: string, value: V): void {
      if (entries.get(key)?.value === value) entries.delete(key);
    },
  };
}
