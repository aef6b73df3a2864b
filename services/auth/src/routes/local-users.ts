import { isDescending, paging, SortDirection } from '@strongroom/http/paging';
import { created, ok, route, withPermission, type Route } from '@strongroom/http/route';
import { Choice, Envelope, Line, Members, Timestamp, Type, Uuid } from '@strongroom/schema/types';
import type { AuthContext } from '../context.ts';
import { userNotFound } from '../domain/errors.ts';
import { createLocalUser, deleteLocalUser, setPassword, updateLocalUser } from '../operations/local-users.ts';
import { startPasswordReset } from '../operations/password-reset.ts';
import { listUserTags } from '../store/user-tags.ts';
import { findUser, listUsers } from '../store/users.ts';
import {
  LocalUserBody,
  localUserView,
  LocalUserView,
  Password,
  toLocalUserInput,
} from './local-user-view.ts';

const PREFIX = '/local-user-store/api/v1/users';
const ById = Members({ id: Uuid });
const VIEW = withPermission('users-view', 'users-manage');
const MANAGE = withPermission('users-manage');

/** Local users (contract 5.1). `tags` comes before `:id`. */
export const localUserRoutes = (ctx: AuthContext): Route[] => [
  route({
    method: 'get',
    path: PREFIX,
    operationId: 'listLocalUsers',
    tag: 'local-users',
    summary: 'List local users, all or the one with this name or id',
    access: VIEW,
    query: Members({
      ...paging({ limit: 50, max: 1_000 }),
      username: Type.Optional(Line(256)),
      id: Type.Optional(Line(64)),
      sortkey: Type.Optional(Choice('id', 'username', 'created', 'updated')),
      sortdir: Type.Optional(SortDirection),
    }),
    response: Envelope(LocalUserView),
    handle: async ({ query }) => {
      const { count, users } = await listUsers(ctx.db, {
        username: query.username === '' ? undefined : query.username,
        id: query.id === '' ? undefined : query.id,
        sortKey: query.sortkey ?? 'username',
        descending: isDescending(query.sortdir),
        offset: query.offset,
        limit: query.limit,
      });
      return ok({ count, items: users.map(localUserView) });
    },
  }),
  route({
    method: 'post',
    path: PREFIX,
    operationId: 'createLocalUser',
    tag: 'local-users',
    summary: 'Create a local user, who gets the role privx-user',
    access: MANAGE,
    status: 201,
    body: LocalUserBody,
    response: Members({ id: Uuid }),
    handle: async ({ body, caller, request }) => {
      const id = await createLocalUser(ctx, caller, request, toLocalUserInput(body));
      return created({ id }, `${PREFIX}/${id}`);
    },
  }),
  route({
    method: 'get',
    path: `${PREFIX}/tags`,
    operationId: 'listLocalUserTags',
    tag: 'local-users',
    summary: 'List the tags of local users',
    access: VIEW,
    query: Members({
      ...paging({ limit: 50, max: 1_000 }),
      query: Type.Optional(Line(256)),
      sortdir: Type.Optional(SortDirection),
    }),
    response: Envelope(Type.String()),
    handle: async ({ query }) => {
      const { count, tags } = await listUserTags(ctx.db, {
        word: query.query ?? '',
        descending: isDescending(query.sortdir),
        offset: query.offset,
        limit: query.limit,
      });
      return ok({ count, items: tags });
    },
  }),
  route({
    method: 'get',
    path: `${PREFIX}/:id`,
    operationId: 'getLocalUser',
    tag: 'local-users',
    summary: 'Read a local user',
    access: VIEW,
    params: ById,
    response: LocalUserView,
    handle: async ({ params }) => {
      const user = await findUser(ctx.db, params.id);
      if (user === undefined) throw userNotFound();
      return ok(localUserView(user));
    },
  }),
  route({
    method: 'put',
    path: `${PREFIX}/:id`,
    operationId: 'updateLocalUser',
    tag: 'local-users',
    summary: 'Replace a local user; an absent or empty password stays',
    access: MANAGE,
    params: ById,
    body: LocalUserBody,
    handle: async ({ params, body, caller, request }) => {
      await updateLocalUser(ctx, caller, request, params.id.toLowerCase(), toLocalUserInput(body));
      return ok();
    },
  }),
  route({
    method: 'delete',
    path: `${PREFIX}/:id`,
    operationId: 'deleteLocalUser',
    tag: 'local-users',
    summary: 'Delete a local user and end all sessions',
    access: MANAGE,
    params: ById,
    handle: async ({ params, caller, request }) => {
      await deleteLocalUser(ctx, caller, request, params.id.toLowerCase());
      return ok();
    },
  }),
  route({
    method: 'put',
    path: `${PREFIX}/:id/password`,
    operationId: 'setLocalUserPassword',
    tag: 'local-users',
    summary: "Set somebody's password and end the sessions",
    access: MANAGE,
    params: ById,
    body: Members({ password: Password }),
    handle: async ({ params, body, caller, request }) => {
      await setPassword(ctx, caller, request, params.id.toLowerCase(), body.password);
      return ok();
    },
  }),
  route({
    method: 'post',
    path: `${PREFIX}/:id/password/reset`,
    operationId: 'startPasswordReset',
    tag: 'local-users',
    summary: 'Make a one-time token by which the person sets a new password within a day',
    access: MANAGE,
    params: ById,
    response: Members({ token: Type.String(), expires: Timestamp }),
    handle: async ({ params, caller, request }) => {
      const { token, expiresAt } = await startPasswordReset(ctx, caller, request, params.id.toLowerCase());
      return {
        body: { token, expires: expiresAt.toISOString() },
        headers: { 'cache-control': 'no-store' },
      };
    },
  }),
];
