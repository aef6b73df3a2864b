import type { Database } from '@strongroom/db/database';
import type { Secret } from '../domain/secret.ts';
import { createSearchMarks, type MarkBounds, type SearchMarks } from './search-marks.ts';
import {
  pageAfter,
  pageAmong,
  pageOfAll,
  type Found,
  type FoundAmong,
  type Mark,
  type PageBounds,
  type SecretQuery,
} from './search-secrets.ts';
import type { CandidateSet } from './search-statements.ts';

export interface SecretPage {
  /** How many match; where these are many, a lower bound that is beyond the page as long as others follow it. */
  readonly count: number;
  readonly secrets: readonly Secret[];
}

/** `counted`: all are to be counted, even if all that match have to be gone through for it. */
export type FindPage = (query: SecretQuery, page: PageBounds, counted: boolean) => Promise<SecretPage>;

/** What one request may cost; tests have smaller ones. */
export interface SearchBounds extends MarkBounds {
  /** Secrets that a statement looks at. */
  readonly candidates: number;
  /** Those that are enough to see whether what is asked for is common. */
  readonly glance: number;
}

export const SEARCH_BOUNDS: SearchBounds = {
  candidates: 10_000,
  glance: 1_000,
  stride: 1_000,
  lastMs: 60_000,
  keptQueries: 100,
  keptEnds: 1_000,
  waiting: 16,
};

/**
 * Finds pages in a vault of any size (docs/adr/0028-search.md). It looks first where little work may be enough, and goes
 * through everything that matches only when all of that was cut off, leaving marks from which later pages begin.
 */
export function createFindPage(db: Database, now: () => Date, bounds = SEARCH_BOUNDS): FindPage {
  const marks = createSearchMarks(db, now, bounds);

  /** With one secret more than the page has, which tells whether others follow. */
  async function walk(query: SecretQuery, page: PageBounds, mark: Mark | undefined, counted: number) {
    const offset = page.offset - (mark?.offset ?? 0);
    return show(query, page, counted, await pageAfter(db, query, mark, { offset, limit: page.limit + 1 }));
  }

  /**
   * What the page itself shows is newer than what was counted: whoever pages by the count comes to the end of what is
   * there, and stops there.
   */
  function show(
    query: SecretQuery,
    { offset, limit }: PageBounds,
    counted: number,
    found: Found,
  ): SecretPage {
    const secrets = found.secrets.slice(0, limit);
    if (found.secrets.length <= limit) {
      return { count: secrets.length > 0 ? offset + secrets.length : Math.min(counted, offset), secrets };
    }
    const count = Math.max(counted, offset + found.secrets.length);
    const last = secrets.at(-1);
    const key = found.keys[limit - 1];
    if (last !== undefined && key !== undefined && hasIndex(query)) {
      marks.rememberEnd(query, { mark: { offset: offset + limit, key, id: last.id }, count });
    }
    return { count, secrets };
  }

  return async (query, page, counted) => {
    const end = marks.endAt(query, page.offset);
    const known = await marks.known(query);
    if (end !== undefined) {
      const total = (known ?? (counted ? await marks.make(query) : undefined))?.total;
      return walk(query, page, end.mark, total ?? end.count);
    }
    if (known !== undefined) return walk(query, page, lastBefore(known.marks, page.offset), known.total);

    const oneMore = { ...page, limit: page.limit + 1 };
    const isFilled = (found: Found) => !counted && found.secrets.length > page.limit;
    const sets = candidateSets(query, marks);
    if (!counted && sets[0] === 'first' && marks.knows(query, 'vast')) {
      const glance = await pageAmong(db, 'first', query, oneMore, bounds.glance);
      if (glance.isWhole) return whole(page, glance);
      if (isFilled(glance)) return show(query, page, glance.matched, glance);
      // What is rare is found sooner by what it is than in order.
      const share = glance.matched / bounds.glance;
      if (share * bounds.candidates < page.offset + page.limit) sets.push(...sets.splice(0, 1));
    }
    let matched = 0;
    for (const set of sets) {
      const found = await pageAmong(db, set, query, oneMore, bounds.candidates);
      if (set === 'known') marks.remember(query, found.isWhole ? 'narrow' : 'broad');
      if (found.isWhole) return whole(page, found);
      if (set === 'first') {
        marks.remember(query, 'vast');
        if (isFilled(found)) return show(query, page, found.matched, found);
      }
      matched = Math.max(matched, found.matched);
    }
    if (!hasIndex(query)) {
      return show(query, page, matched, await marks.inTurn(() => pageOfAll(db, query, oneMore)));
    }
    const made = await marks.make(query);
    return walk(query, page, lastBefore(made.marks, page.offset), made.total);
  };
}

/** Whether there is one on the order asked for. */
const hasIndex = ({ sortKey }: SecretQuery): boolean => sortKey !== 'updated';

/** Where to look, what helps most often first. */
function candidateSets(query: SecretQuery, marks: SearchMarks): CandidateSet[] {
  const start = hasIndex(query) ? 'first' : 'any';
  const alike: CandidateSet[] = isSelective(query) ? ['alike'] : [];
  if (query.all) return [start, ...alike];
  if (marks.knows(query, 'narrow')) return ['known', start, ...alike];
  return marks.knows(query, 'broad') ? [start, ...alike] : [start, 'known', ...alike];
}

const whole = ({ limit }: PageBounds, { matched, secrets }: FoundAmong): SecretPage => ({
  count: matched,
  secrets: secrets.slice(0, limit),
});

const lastBefore = (marks: readonly Mark[], offset: number): Mark | undefined =>
  marks.findLast(mark => mark.offset <= offset);

const isSelective = ({ words, tags, schema, folder, expiresBefore, directlyIn }: SecretQuery): boolean =>
  words.length > 0 ||
  tags.length > 0 ||
  schema !== undefined ||
  folder !== undefined ||
  directlyIn !== undefined ||
  expiresBefore !== undefined;
