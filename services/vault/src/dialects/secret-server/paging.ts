import { Choice, Members, Type, type TSchema } from '@strongroom/schema/types';

/** Pages (contract 4.4). Clients send any `take`, up to the largest number that they have; a page has its own limit. */
export const MAX_TAKE = 10_000;
const DEFAULT_TAKE = 10;

export const pagingQuery = {
  skip: Type.Optional(Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1 })),
  take: Type.Optional(Type.Integer({ minimum: 0 })),
  'sortBy[0].name': Type.Optional(Type.String({ maxLength: 128 })),
  'sortBy[0].direction': Type.Optional(Choice('None', 'Asc', 'Desc')),
};

export interface StatedPage {
  readonly skip?: number | undefined;
  readonly take?: number | undefined;
  readonly 'sortBy[0].name'?: string | undefined;
  readonly 'sortBy[0].direction'?: 'None' | 'Asc' | 'Desc' | undefined;
}

export interface PageOf {
  readonly skip: number;
  readonly take: number;
}

export const pageOf = ({ skip, take }: StatedPage): PageOf => ({
  skip: skip ?? 0,
  take: Math.min(take ?? DEFAULT_TAKE, MAX_TAKE),
});

export const PageView = <T extends TSchema>(record: T) =>
  Members({
    batchCount: Type.Integer(),
    currentPage: Type.Integer(),
    filter: Type.Unsafe<unknown>({}),
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

/** The envelope of a search. `filter` says what was searched for, as it was understood. */
export function pageView<T>(
  records: readonly T[],
  total: number,
  { skip, take }: PageOf,
  query: StatedPage & Readonly<Record<string, unknown>>,
) {
  const size = Math.max(take, 1);
  const name = query['sortBy[0].name'];
  return {
    batchCount: records.length,
    currentPage: Math.floor(skip / size) + 1,
    filter: filterOf(query),
    hasNext: skip + records.length < total,
    hasPrev: skip > 0,
    nextSkip: skip + records.length,
    pageCount: Math.ceil(total / size),
    prevSkip: Math.max(skip - take, 0),
    records,
    severity: 'None',
    skip,
    sortBy:
      name === undefined ? [] : [{ direction: query['sortBy[0].direction'] ?? 'Asc', name, priority: 0 }],
    success: true,
    take,
    total,
  };
}

const filterOf = (query: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(query)
      .filter(([name]) => name.startsWith('filter.'))
      .map(([name, value]) => [name.slice('filter.'.length), value]),
  );
