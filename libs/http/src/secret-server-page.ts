import { Members, Type, type Static, type TSchema } from '@strongroom/schema/types';

/** What one page holds at most. Clients ask for any number, and page on while `hasNext` says so. */
const MAX_TAKE = 1_000;

/** Query parameters of Secret Server's searches (contract secret-server.md 1.2); how much `take` is unless stated is ours. */
export const PageQuery = {
  skip: Type.Integer({ minimum: 0, maximum: 2_147_483_647, default: 0 }),
  take: Type.Integer({ minimum: 0, maximum: 2_147_483_647, default: 10 }),
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
    hasNext: Type.Boolean(),
    hasPrev: Type.Boolean(),
    nextSkip: Type.Integer(),
    pageCount: Type.Integer(),
    prevSkip: Type.Integer(),
    records: Type.Array(record),
    severity: Type.String(),
    skip: Type.Integer(),
    sortBy: Type.Array(Type.Object({})),
    success: Type.Boolean(),
    take: Type.Integer(),
    total: Type.Integer(),
  });

/** The records of a part, in their envelope. */
export function pageOf<T>(
  records: readonly T[],
  total: number,
  { skip, take }: Paging,
): Omit<Static<ReturnType<typeof Page>>, 'records'> & { readonly records: readonly T[] } {
  const size = Math.max(1, Math.min(take, MAX_TAKE));
  const pageCount = Math.ceil(total / size);
  return {
    batchCount: pageCount,
    currentPage: Math.floor(skip / size) + 1,
    hasNext: skip + records.length < total,
    hasPrev: skip > 0,
    nextSkip: skip + records.length,
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
