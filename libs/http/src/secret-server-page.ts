import { Choice, Members, Type, type Static, type TSchema } from '@strongroom/schema/types';

/** What one page holds at most. Clients ask for any number, and page on while `hasNext` says so. */
export const MAX_TAKE = 10_000;

/** Query parameters of Secret Server's searches (contract secret-server.md 1.2, 4.4); how much `take` is unless stated is ours. */
export const PageQuery = {
  skip: Type.Integer({ minimum: 0, maximum: 2_147_483_647, default: 0 }),
  take: Type.Integer({ minimum: 0, default: 10 }),
};

/** Which columns a search can be sorted by is for its route to say. */
export const SortQuery = {
  'sortBy[0].name': Type.Optional(Type.String({ maxLength: 128 })),
  'sortBy[0].direction': Type.Optional(Choice('None', 'Asc', 'Desc')),
};

export interface Paging {
  readonly skip: number;
  readonly take: number;
}

/** The part of a list to read. */
export const pageBounds = ({ skip, take }: Paging): { offset: number; limit: number } => ({
  offset: skip,
  limit: Math.min(take, MAX_TAKE),
});

/** The envelope of every search (contract secret-server.md 4.4). */
export const Page = <T extends TSchema>(record: T) =>
  Members({
    batchCount: Type.Integer(),
    currentPage: Type.Integer(),
    filter: Type.Unsafe<Record<string, unknown>>({}),
    hasNext: Type.Boolean(),
    hasPrev: Type.Boolean(),
    nextSkip: Type.Integer(),
    pageCount: Type.Integer(),
    prevSkip: Type.Integer(),
    records: Type.Array(record),
    severity: Type.String(),
    skip: Type.Integer(),
    sortBy: Type.Array(Members({ direction: Type.String(), name: Type.String(), priority: Type.Integer() })),
    success: Type.Boolean(),
    take: Type.Integer(),
    total: Type.Integer(),
  });

/** The records of a part, in their envelope. `filter` says what was searched for, as it was understood. */
export function pageOf<T>(
  records: readonly T[],
  total: number,
  query: Paging & Partial<Record<keyof typeof SortQuery, string>>,
): Omit<Static<ReturnType<typeof Page>>, 'records'> & { readonly records: readonly T[] } {
  const { offset: skip, limit: take } = pageBounds(query);
  const size = Math.max(1, take);
  return {
    batchCount: records.length,
    currentPage: Math.floor(skip / size) + 1,
    filter: filterOf(query),
    hasNext: skip + records.length < total,
    hasPrev: skip > 0,
    nextSkip: skip + records.length,
    pageCount: Math.ceil(total / size),
    prevSkip: Math.max(0, skip - take),
    records,
    severity: 'None',
    skip,
    sortBy: sortOf(query),
    success: true,
    take,
    total,
  };
}

const filterOf = (query: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(query)
      .filter(([name]) => name.startsWith('filter.'))
      .map(([name, value]) => [name.slice('filter.'.length), value as unknown]),
  );

function sortOf(query: Partial<Record<keyof typeof SortQuery, string>>) {
  const name = query['sortBy[0].name'];
  if (name === undefined) return [];
  return [{ direction: query['sortBy[0].direction'] ?? 'Asc', name, priority: 0 }];
}
