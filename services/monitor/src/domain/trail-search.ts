import { invalidField } from '@strongroom/errors/common-errors';
import type { TrailRecord } from './trail.ts';

export interface TrailSearch {
  /** In lower case. Each must occur in the name of the event or in a value of its message. */
  readonly words: readonly string[];
  /** Members that the message must have, by its own keys. */
  readonly members: Readonly<Record<string, string>>;
  /** Both ends belong to the range. */
  readonly from: Date | undefined;
  readonly to: Date | undefined;
  readonly descending: boolean;
  readonly offset: number;
  readonly limit: number;
  /** Counting may stop early, see `countLimit`. */
  readonly fuzzyCount: boolean;
}

/** The filters of a search (contract 7) and the keys under which services write these ids. */
export const MEMBER_FILTERS = {
  user_id: 'userID',
  connection_id: 'connectionID',
  host_id: 'hostID',
  source_id: 'sourceID',
  session_id: 'sessionID',
  access_group_id: 'accessGroupID',
} as const;

export type MemberFilter = keyof typeof MEMBER_FILTERS;

const MAX_WORDS = 20;
const FUZZY_COUNT = 10_000;
const FULL_COUNT = 1_000_000;

export function parseWords(keywords: string): string[] {
  const words = keywords
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(word => word !== '');
  // Leaving some out would find more than was asked for.
  if (words.length > MAX_WORDS) {
    throw invalidField('keywords', `keywords must be at most ${MAX_WORDS} words`, 'VALUE_OUT_OF_BOUNDS');
  }
  return words;
}

/** What a search for words reads of a record. */
export const searchableWords = (record: Pick<TrailRecord, 'name' | 'message'>): string =>
  [record.name, ...Object.values(record.message)].join('\n').toLowerCase();

/** Go clients send an empty text for a filter that is not set. */
export function parseMembers(
  filters: Partial<Record<MemberFilter, string | null | undefined>>,
): Record<string, string> {
  const members: Record<string, string> = {};
  for (const [filter, key] of Object.entries(MEMBER_FILTERS)) {
    const value = filters[filter as MemberFilter];
    if (value !== undefined && value !== null && value !== '') members[key] = value;
  }
  return members;
}

export function parseInstant(property: string, text: string | null | undefined): Date | undefined {
  if (text === undefined || text === null || text === '') return undefined;
  const instant = new Date(text);
  // RFC 3339 knows leap seconds, Date does not.
  if (Number.isNaN(instant.getTime())) {
    throw invalidField(property, `${property} must be an RFC 3339 date and time`, 'VALUE_INCORRECT_FORMAT');
  }
  return instant;
}

/**
 * How many matches are counted at most. A count is exact up to here, or to the end of the page; one more says
 * that there are more, so that a client that pages by the count goes on. Without an end, counting would take
 * longer with every day.
 */
export const countLimit = (search: Pick<TrailSearch, 'fuzzyCount' | 'offset' | 'limit'>): number =>
  Math.max(search.fuzzyCount ? FUZZY_COUNT : FULL_COUNT, search.offset + search.limit) + 1;
