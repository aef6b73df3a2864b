/** What lists of named objects have in common: pages, an order, and words to look for. */
export type SortKey = 'id' | 'name' | 'created' | 'updated';

export interface ListQuery {
  /** An object is found when its name holds one of these, in any case; none finds all. */
  readonly words: readonly string[];
  readonly sortKey: SortKey;
  readonly descending: boolean;
  readonly offset: number;
  readonly limit: number;
}

const SORT_COLUMNS: Record<SortKey, string> = {
  id: 'id',
  name: 'canonical_name',
  created: 'created_at',
  updated: 'updated_at',
};

/** One of eight texts. The id comes last, so that pages neither repeat nor miss a row. */
export function orderBy({ sortKey, descending }: Pick<ListQuery, 'sortKey' | 'descending'>): string {
  const direction = descending ? 'DESC' : 'ASC';
  return `ORDER BY ${SORT_COLUMNS[sortKey]} ${direction}, id ${direction}`;
}

/** For `name ILIKE ANY`: the words are taken literally. */
export const patterns = (words: readonly string[]): string[] => words.map(patternOf);

export const patternOf = (word: string): string => `%${word.replace(/[\\%_]/g, '\\$&')}%`;

/** `$1` is the list of patterns. */
export const NAME_HOLDS = '($1::text[] = ARRAY[]::text[] OR name ILIKE ANY ($1::text[]))';
