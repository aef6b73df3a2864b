import { ok, route, withPermission, type Route } from '@strongroom/http/route';
import { Envelope, Members, Uuid } from '@strongroom/schema/types';
import type { AuthContext } from '../context.ts';
import { roleNotFound } from '../domain/errors.ts';
import { rulesOf } from '../domain/role.ts';
import { findMatchingUsers, findMembers } from '../operations/role-members.ts';
import { findRole } from '../store/roles.ts';
import { EvaluatedRoleBody, toRoleInput } from './role-view.ts';
import { ROLES } from './roles.ts';
import { listUsers, userPage, UserPaging } from './user-query.ts';
import { UserResponse } from './user-view.ts';

/** Above it, an evaluation says how many there are and no more (contract 4.1). */
const MAX_EVALUATED = 1_000;

const Page = Envelope(UserResponse);

/** Who has a role, and who would have it (contract 4.1). */
export const roleMemberRoutes = (ctx: AuthContext): Route[] => [
  route({
    method: 'get',
    path: `${ROLES}/:id/members`,
    operationId: 'getRoleMembers',
    tag: 'roles',
    summary: 'People who have a role, given or by its rules',
    access: withPermission('roles-view', 'roles-manage'),
    params: Members({ id: Uuid }),
    query: UserPaging,
    response: Page,
    handle: async ({ params, query }) => {
      const role = await findRole(ctx.db, params.id);
      if (role === undefined) throw roleNotFound();
      const { all } = await findMembers(ctx.db, { id: role.id, rules: rulesOf(role) }, ctx.now());
      return ok(await listUsers(ctx.db, { ...userPage(query), words: [], sourceId: null, ids: all }));
    },
  }),
  route({
    method: 'post',
    path: `${ROLES}/evaluate`,
    operationId: 'evaluateRole',
    tag: 'roles',
    summary: 'People whom the rules of a role match that need not exist; a count alone above 1,000',
    // Rules ask for any attribute of anybody, so this is for those who may give roles by them.
    access: withPermission('roles-manage'),
    body: EvaluatedRoleBody,
    response: Page,
    handle: async ({ body }) => {
      const ids = await findMatchingUsers(ctx.db, rulesOf(toRoleInput({ ...body, name: body.name ?? '' })));
      if (ids.length > MAX_EVALUATED) return ok({ count: ids.length, items: [] });
      const page = { offset: 0, limit: MAX_EVALUATED, sortKey: 'principal', descending: false } as const;
      return ok(await listUsers(ctx.db, { ...page, words: [], sourceId: null, ids }));
    },
  }),
];
