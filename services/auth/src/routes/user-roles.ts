import { AUTHENTICATED, ok, route, withPermission, type Route } from '@strongroom/http/route';
import { Envelope, Members, OrNull, Type, Uuid } from '@strongroom/schema/types';
import type { AuthContext } from '../context.ts';
import { userNotFound } from '../domain/errors.ts';
import { rolesOf } from '../operations/rights.ts';
import { setUserRoles } from '../operations/user-roles.ts';
import { findUser } from '../store/users.ts';
import { ownOr } from './own-or.ts';
import { GRANT_MEMBERS, RoleResponse } from './role-view.ts';
import { roleViews } from './subject-view.ts';
import { USERS } from './users.ts';

const ById = Members({ id: Uuid });
const Flag = OrNull(Type.Boolean());
/** Clients send back whole roles; who has them and for how long is all that counts here. */
const GivenRole = Members({ id: Uuid, explicit: Flag, implicit: Flag, ...GRANT_MEMBERS });

/** Which roles a person has (contract 4.2). */
export const userRoleRoutes = (ctx: AuthContext): Route[] => [
  route({
    method: 'get',
    path: `${USERS}/:id/roles`,
    operationId: 'getUserRoles',
    tag: 'users',
    summary: 'Roles of a person: those given, in their order, then those by rules alone',
    access: AUTHENTICATED,
    params: ById,
    response: Envelope(RoleResponse),
    handle: async ({ params, caller }) => {
      const id = ownOr(caller, params.id, 'users-view', 'users-manage');
      if ((await findUser(ctx.db, id)) === undefined) throw userNotFound();
      const items = await roleViews(ctx.db, await rolesOf(ctx.db, { kind: 'user', id }));
      return ok({ count: items.length, items });
    },
  }),
  route({
    method: 'put',
    path: `${USERS}/:id/roles`,
    operationId: 'updateUserRoles',
    tag: 'users',
    summary: 'Replace the roles given to a person; those by rules alone are passed over',
    access: withPermission('users-manage'),
    params: ById,
    body: Type.Array(GivenRole, { maxItems: 1_000 }),
    handle: async ({ params, body, caller, request }) => {
      const isGiven = (role: (typeof body)[number]) => role.explicit === true || role.implicit !== true;
      const grants = body.filter(isGiven).map(role => ({ ...role, roleId: role.id.toLowerCase() }));
      await setUserRoles(ctx, caller, request, params.id.toLowerCase(), grants);
      return ok();
    },
  }),
];
