import { Members, Type, type TSchema } from '@strongroom/schema/types';

/** What one page holds at most. Clients ask for any number, and page on while `hasNext` says so. */
export const MAX_TAKE = 10_000;

/** Query parameters of every search; the contract leaves open what `take` is unless stated (4.4). */
export const PageQuery = {
  skip: Type.Integer({ minimum: 0, maximum: 2_147_483_647, default: 0 }),
  take: Type.Integer({ minimum: 0, maximum: 2_147_483_647, default: 10 }),
};

export interface Paging {
  readonly skip: number;
  readonly take: number;
}

export const pageBounds = ({ skip, take }: Paging) => ({ offset: skip, limit: Math.min(take, MAX_TAKE) });

/** The envelope of every search (contract 4.4). */
export const Page = <T extends TSchema>(record: T) =>
  Members({
    batchCount: Type.Integer(),
    currentPage: Type.Integer(),
    hasNext: Type.Boolean(),
    hasPrev: Type.Boolean(),
    nextSkip: Type.Integer(),
    pageCount: Type.Integer(),
    prevSkip: Type.Integer(),
    records: Type.Array(record),
    severity: Type.String(),
    skip: Type.Integer(),
    sortBy: Type.Array(Type.Never()),
    success: Type.Boolean(),
    take: Type.Integer(),
    total: Type.Integer(),
  });

export function page<T>(records: readonly T[], total: number, { skip, take }: Paging) {
  const size = Math.max(1, Math.min(take, MAX_TAKE));
  const nextSkip = skip + records.length;
  const pageCount = Math.ceil(total / size);
  return {
    batchCount: pageCount,
    currentPage: Math.floor(skip / size) + 1,
    hasNext: nextSkip < total,
    hasPrev: skip > 0,
    nextSkip,
    pageCount,
    prevSkip: Math.max(0, skip - size),
    records,
    severity: 'None',
    skip,
    sortBy: [],
    success: true,
    take,
    total,
  };
}

/** What lookups show of each. */
export const Lookup = Members({ id: Type.Integer(), value: Type.String() });

/** The answer to what was deleted. */
export const Deleted = Members({
  id: Type.Integer(),
  objectType: Type.String(),
  responseCodes: Type.Array(Type.String()),
});
