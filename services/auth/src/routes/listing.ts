import { isDescending, paging, SortDirection } from '@strongroom/http/paging';
import { Choice, Line, Members, OrNull, Type, type Static } from '@strongroom/schema/types';
import type { ListQuery, SortKey } from '../store/listing.ts';

/** Query parameters of a list of named objects. */
export const sortedPaging = (options: { limit: number; max: number }) => ({
  ...paging(options),
  sortkey: Type.Optional(Choice('id', 'name', 'created', 'updated')),
  sortdir: Type.Optional(SortDirection),
});

const SortBy = Choice('id', 'name', 'created', 'updated', '');

interface Pages {
  limit: number;
  max: number;
}

/** As `sortedPaging`, without defaults: what the query leaves open the body of a search may say. */
export const searchedPaging = ({ max }: Pages) => ({
  offset: Type.Optional(Type.Integer({ minimum: 0, maximum: 2_147_483_647 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: max })),
  sortkey: Type.Optional(Choice('id', 'name', 'created', 'updated')),
  sortdir: Type.Optional(SortDirection),
});

/** Go sends empty texts and zeros for what is unset (contract 5.4). */
export const SearchBody = ({ max }: Pages) =>
  Members({
    keywords: OrNull(Line(1_000)),
    sortkey: OrNull(SortBy),
    sortdir: OrNull(Type.String({ pattern: '^([aA][sS][cC]|[dD][eE][sS][cC])?$', maxLength: 4 })),
    offset: OrNull(Type.Integer({ minimum: 0, maximum: 2_147_483_647 })),
    limit: OrNull(Type.Integer({ minimum: 0, maximum: max })),
  });

type SearchQuery = Static<ReturnType<typeof Members<ReturnType<typeof searchedPaging>>>>;

/** The query wins over the body. */
export function toSearchQuery(
  query: SearchQuery,
  body: Static<ReturnType<typeof SearchBody>>,
  pages: Pages,
): ListQuery {
  const sortkey = query.sortkey ?? (body.sortkey === '' ? null : body.sortkey) ?? 'name';
  return toListQuery(
    {
      sortkey,
      sortdir: query.sortdir ?? body.sortdir ?? '',
      offset: query.offset ?? body.offset ?? 0,
      limit: query.limit ?? (body.limit === 0 ? null : body.limit) ?? pages.limit,
    },
    body.keywords ?? '',
  );
}

export const toListQuery = (
  query: { sortkey?: SortKey; sortdir?: string; offset: number; limit: number },
  keywords = '',
): ListQuery => ({
  words: keywords.split(/[\s,]+/).filter(word => word !== ''),
  sortKey: query.sortkey ?? 'name',
  descending: isDescending(query.sortdir),
  offset: query.offset,
  limit: query.limit,
});
