import { isDescending, paging, SortDirection } from '@strongroom/http/paging';
import { Choice, Members, Type, type Static } from '@strongroom/schema/types';
import type { Queryable } from '@strongroom/db/database';
import { searchUsers, type UserPage, type UserQuery } from '../store/user-search.ts';
import { findUsersByIds } from '../store/users.ts';
import { userView } from './user-view.ts';

/** Parameters of lists of people. */
export const UserPaging = Members({
  ...paging({ limit: 50, max: 1_000 }),
  sortkey: Type.Optional(
    Choice(
      'id',
      'principal',
      'username',
      'full_name',
      'first_name',
      'last_name',
      'email',
      'created',
      'updated',
    ),
  ),
  sortdir: Type.Optional(SortDirection),
});

export const userPage = (query: Static<typeof UserPaging>): UserPage => ({
  offset: query.offset,
  limit: query.limit,
  sortKey: query.sortkey ?? 'principal',
  descending: isDescending(query.sortdir),
});

/** One page as an envelope; `count` is of all. */
export async function listUsers(db: Queryable, query: UserQuery) {
  const { count, ids } = await searchUsers(db, query);
  const users = new Map((await findUsersByIds(db, ids)).map(user => [user.id, user]));
  return {
    count,
    items: ids.flatMap(id => {
      const user = users.get(id);
      return user === undefined ? [] : [userView(user)];
    }),
  };
}
