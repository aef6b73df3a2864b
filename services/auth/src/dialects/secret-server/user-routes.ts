import { AUTHENTICATED, ok, route, withPermission, type Route } from '@strongroom/http/route';
import { Page, pageBounds, pageOf, PageQuery, SortQuery } from '@strongroom/http/secret-server-page';
import { Choice, Line, Members, Type, type Static } from '@strongroom/schema/types';
import type { AuthContext } from '../../context.ts';
import {
  findAccounts,
  readAccount,
  readOwnAccount,
  readUser,
  readUserByNumber,
  type Account,
} from '../../operations/accounts.ts';
import { changeOwnPassword } from '../../operations/change-password.ts';
import { emailOf } from '../../domain/user-names.ts';
import { setPassword } from '../../operations/local-users.ts';
import { changeUser, createUser } from './change-user.ts';
import { deleted, Deleted } from './deleted.ts';
import { API, ById, Number32, secretServer, Success } from './route-parts.ts';
import {
  ChangedUser,
  changesOf,
  currentUser,
  CurrentUser,
  LOCAL_DOMAIN,
  NewUser,
  PatchedUser,
  userSummary,
  UserSummary,
  userView,
  UserView,
} from './user-view.ts';

const USERS = `${API}/users`;
const VIEW = withPermission('users-view', 'users-manage');
const MANAGE = withPermission('users-manage');

const Search = Members({
  ...PageQuery,
  'filter.searchText': Type.Optional(Line(256)),
  'filter.searchFields': Type.Optional(
    Type.Array(Choice('userName', 'displayName', 'emailAddress', 'email'), { maxItems: 10 }),
  ),
  'filter.includeInactive': Type.Optional(Type.Boolean()),
  'filter.domainId': Type.Optional(Number32),
  ...SortQuery,
});

const FIELDS = {
  userName: 'userName',
  displayName: 'displayName',
  emailAddress: 'emailAddress',
  email: 'emailAddress',
} as const;

async function search(
  ctx: AuthContext,
  query: Static<typeof Search>,
): Promise<{ total: number; accounts: Account[] }> {
  // Of other domains there is nobody.
  if ((query['filter.domainId'] ?? LOCAL_DOMAIN) > 0) return { total: 0, accounts: [] };
  const fields = query['filter.searchFields'] ?? Object.values(FIELDS);
  const sortBy = query['sortBy[0].name']?.toLowerCase();
  return findAccounts(ctx, {
    ...pageBounds(query),
    text: query['filter.searchText'],
    fields: fields.map(field => FIELDS[field]),
    includeDisabled: query['filter.includeInactive'] ?? false,
    sortBy: Object.values(FIELDS).find(field => field.toLowerCase() === sortBy) ?? 'userName',
    descending: query['sortBy[0].direction'] === 'Desc',
  });
}

const LookupView = Members({ id: Number32, value: Type.String() });
/** PowerShell takes it apart at the first dash. */
const lookupView = ({ user }: Account): Static<typeof LookupView> => ({
  id: user.number,
  value: emailOf(user) === '' ? user.username : `${user.username} - ${emailOf(user)}`,
});

/** Users (contract secret-server.md 8). Literal paths come before `:id`. */
export const userRoutes = (ctx: AuthContext): Route[] => {
  const read = async (number: number) => ok(userView(await readAccount(ctx, number)));

  return [
    route({
      ...secretServer,
      method: 'get',
      path: USERS,
      operationId: 'secretServerSearchUsers',
      summary: 'Search users; disabled ones with filter.includeInactive',
      access: VIEW,
      query: Search,
      response: Page(UserSummary),
      handle: async ({ query }) => {
        const { total, accounts } = await search(ctx, query);
        return ok(pageOf(accounts.map(userSummary), total, query));
      },
    }),
    route({
      ...secretServer,
      method: 'post',
      path: USERS,
      operationId: 'secretServerCreateUser',
      summary: 'Create a user, or an application account',
      access: MANAGE,
      body: NewUser,
      response: UserView,
      handle: async ({ body, caller, request }) => {
        const id = await createUser(ctx, { caller, request }, body);
        return read((await readUser(ctx, id)).number);
      },
    }),
    route({
      ...secretServer,
      method: 'get',
      path: `${USERS}/lookup`,
      operationId: 'secretServerLookUpUsers',
      summary: 'Search users; their ids and names alone',
      access: VIEW,
      query: Search,
      response: Page(LookupView),
      handle: async ({ query }) => {
        const { total, accounts } = await search(ctx, query);
        return ok(pageOf(accounts.map(lookupView), total, query));
      },
    }),
    route({
      ...secretServer,
      method: 'get',
      path: `${USERS}/current`,
      operationId: 'secretServerCurrentUser',
      summary: 'Who calls, and with which permissions',
      access: AUTHENTICATED,
      response: CurrentUser,
      handle: async ({ caller }) => ok(currentUser(await readOwnAccount(ctx, caller), caller.permissions)),
    }),
    route({
      ...secretServer,
      method: 'post',
      path: `${USERS}/change-password`,
      operationId: 'secretServerChangePassword',
      summary: "Change one's own password",
      access: AUTHENTICATED,
      body: Members({ currentPassword: Line(1_024), newPassword: Line(1_024) }),
      response: Success,
      handle: async ({ body, caller, request }) => {
        const input = { current: body.currentPassword, next: body.newPassword };
        await changeOwnPassword(ctx, caller, request, input);
        return ok({ success: true });
      },
    }),
    route({
      ...secretServer,
      method: 'get',
      path: `${USERS}/:id`,
      operationId: 'secretServerGetUser',
      summary: 'Read a user',
      access: VIEW,
      params: ById,
      response: UserView,
      handle: ({ params }) => read(params.id),
    }),
    route({
      ...secretServer,
      method: 'put',
      path: `${USERS}/:id`,
      operationId: 'secretServerUpdateUser',
      summary: 'Change a user; what is absent or read-only stays',
      access: MANAGE,
      params: ById,
      body: ChangedUser,
      response: UserView,
      handle: async ({ params, body, caller, request }) => {
        await changeUser(ctx, { caller, request }, params.id, body);
        return read(params.id);
      },
    }),
    route({
      ...secretServer,
      method: 'patch',
      path: `${USERS}/:id`,
      operationId: 'secretServerPatchUser',
      summary: 'Change of a user what is marked as dirty',
      access: MANAGE,
      params: ById,
      body: PatchedUser,
      response: UserView,
      handle: async ({ params, body, caller, request }) => {
        await changeUser(ctx, { caller, request }, params.id, changesOf(body));
        return read(params.id);
      },
    }),
    route({
      ...secretServer,
      method: 'delete',
      path: `${USERS}/:id`,
      operationId: 'secretServerDisableUser',
      summary: 'Disable a user and end all sessions; nobody is deleted here',
      access: MANAGE,
      params: ById,
      response: Deleted,
      handle: async ({ params, caller, request }) => {
        await changeUser(ctx, { caller, request }, params.id, { enabled: false });
        return ok(deleted('User', params.id));
      },
    }),
    route({
      ...secretServer,
      method: 'post',
      path: `${USERS}/:id/password-reset`,
      operationId: 'secretServerSetPassword',
      summary: "Set somebody's password and end the sessions",
      access: MANAGE,
      params: ById,
      body: Members({ data: Members({ password: Line(1_024, 1) }) }),
      response: Success,
      handle: async ({ params, body, caller, request }) => {
        const { id } = await readUserByNumber(ctx, params.id);
        await setPassword(ctx, caller, request, id, body.data.password);
        return ok({ success: true });
      },
    }),
  ];
};
