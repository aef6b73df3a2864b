import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import { AUTHENTICATED, ok, route, withPermission, type Route } from '@strongroom/http/route';
import { Envelope, FreeObject, Line, Members, OrNull, Type, Uuid } from '@strongroom/schema/types';
import type { AuthContext } from '../context.ts';
import { userNotFound } from '../domain/errors.ts';
import type { Subject } from '../domain/subject.ts';
import type { User } from '../domain/user.ts';
import { rightsOf, rolesOf } from '../operations/rights.ts';
import { updateUserSettings } from '../operations/user-settings.ts';
import { findUser } from '../store/users.ts';
import { currentUserId, ownOr } from './own-or.ts';
import { listUsers, userPage, UserPaging } from './user-query.ts';
import { currentSubjectView, rightsView, roleViews } from './subject-view.ts';
import { UserResponse, userView } from './user-view.ts';

export const USERS = '/role-store/api/v1/users';
const ById = Members({ id: Uuid });
const Page = Envelope(UserResponse);
const VIEW = withPermission('users-view', 'users-manage');

const Search = Members({
  keywords: OrNull(Line(1_000)),
  source: OrNull(Line(64)),
  user_id: OrNull(Type.Array(Uuid, { maxItems: 1_000 })),
});

/** People as the role store shows them (contract 4.2). Literal paths come before `:id`. */
export const userRoutes = (ctx: AuthContext): Route[] => {
  async function user(id: string): Promise<User> {
    const found = await findUser(ctx.db, id);
    if (found === undefined) throw userNotFound();
    return found;
  }

  const putSettings = async (
    caller: Caller,
    request: RequestInfo,
    id: string,
    settings: Record<string, unknown>,
  ) => {
    await updateUserSettings(ctx, caller, request, id, settings);
    return ok();
  };

  return [
    route({
      method: 'get',
      path: `${USERS}/current`,
      operationId: 'getCurrentUser',
      tag: 'users',
      summary: 'Who the caller is: a person, or a program with its API client',
      access: AUTHENTICATED,
      response: UserResponse,
      handle: async ({ caller, request }) => ok(await currentSubjectView(ctx, caller, request)),
    }),
    route({
      method: 'get',
      path: `${USERS}/current/settings`,
      operationId: 'getCurrentUserSettings',
      tag: 'users',
      summary: 'Settings of the person who calls',
      access: AUTHENTICATED,
      response: FreeObject,
      handle: async ({ caller }) => ok((await user(currentUserId(caller))).settings),
    }),
    route({
      method: 'put',
      path: `${USERS}/current/settings`,
      operationId: 'updateCurrentUserSettings',
      tag: 'users',
      summary: 'Replace the settings of the person who calls',
      access: AUTHENTICATED,
      body: FreeObject,
      handle: ({ caller, request, body }) => putSettings(caller, request, currentUserId(caller), body),
    }),
    route({
      method: 'post',
      path: `${USERS}/search`,
      operationId: 'searchUsers',
      tag: 'users',
      summary: 'Search people by parts of user name, names and email',
      access: VIEW,
      query: UserPaging,
      body: Search,
      response: Page,
      handle: async ({ query, body }) => {
        const words = (body.keywords ?? '').split(/[\s,]+/).filter(word => word !== '');
        const [ids, source] = [body.user_id ?? [], body.source ?? ''];
        return ok(
          await listUsers(ctx.db, {
            ...userPage(query),
            words,
            ids: ids.length === 0 ? null : ids,
            sourceId: source === '' ? null : source,
          }),
        );
      },
    }),
    route({
      method: 'post',
      path: `${USERS}/search/external`,
      operationId: 'searchExternalUsers',
      tag: 'users',
      summary: 'Search external directories, none of which signs people in',
      access: VIEW,
      query: UserPaging,
      body: Search,
      response: Page,
      handle: () => ok({ count: 0, items: [] }),
    }),
    route({
      method: 'get',
      path: `${USERS}/:id`,
      operationId: 'getUser',
      tag: 'users',
      summary: 'Read a person with all roles',
      access: AUTHENTICATED,
      params: ById,
      response: UserResponse,
      handle: async ({ params, caller }) => {
        const found = await user(ownOr(caller, params.id, 'users-view', 'users-manage'));
        const subject: Subject = { kind: 'user', id: found.id };
        const roles = await rolesOf(ctx.db, subject);
        const { permissions } = await rightsOf(ctx.db, subject, anywhere(ctx));
        return ok({ ...userView(found), roles: await roleViews(ctx.db, roles), permissions });
      },
    }),
    route({
      method: 'get',
      path: `${USERS}/:id/resolve`,
      operationId: 'resolveUser',
      tag: 'users',
      summary: 'The roles that a person has now, and their permissions',
      access: AUTHENTICATED,
      params: ById,
      response: UserResponse,
      handle: async ({ params, caller }) => {
        const found = await user(ownOr(caller, params.id, 'users-view', 'users-manage'));
        return ok({
          ...userView(found),
          ...(await rightsView(ctx.db, { kind: 'user', id: found.id }, anywhere(ctx))),
        });
      },
    }),
    route({
      method: 'get',
      path: `${USERS}/:id/settings`,
      operationId: 'getUserSettings',
      tag: 'users',
      summary: 'Settings of a person',
      access: AUTHENTICATED,
      params: ById,
      response: FreeObject,
      handle: async ({ params, caller }) =>
        ok((await user(ownOr(caller, params.id, 'users-view', 'users-manage'))).settings),
    }),
    route({
      method: 'put',
      path: `${USERS}/:id/settings`,
      operationId: 'updateUserSettings',
      tag: 'users',
      summary: 'Replace the settings of a person',
      access: AUTHENTICATED,
      params: ById,
      body: FreeObject,
      handle: ({ params, caller, request, body }) =>
        putSettings(caller, request, ownOr(caller, params.id, 'users-manage'), body),
    }),
  ];
};

/** Limits to addresses are left out: the person is not where the caller is. */
const anywhere = (ctx: Pick<AuthContext, 'now'>) => ({ now: ctx.now(), address: null });
