import { created, ok, route, withPermission, type Route } from '@strongroom/http/route';
import { Envelope, Line, Members, OrNull, Type, Uuid } from '@strongroom/schema/types';
import type { AuthContext } from '../context.ts';
import { roleNotFound } from '../domain/errors.ts';
import { rulesOf, type Role } from '../domain/role.ts';
import { findMembers } from '../operations/role-members.ts';
import { createRole, deleteRole, updateRole } from '../operations/roles.ts';
import type { ListQuery } from '../store/listing.ts';
import { findPublicKeysOfRoles } from '../store/principal-keys.ts';
import { findRole, findRolesByName, searchRoles } from '../store/roles.ts';
import { sortedPaging, toListQuery } from './listing.ts';
import { RoleBody, RoleResponse, roleView, toRoleInput } from './role-view.ts';

export const ROLES = '/role-store/api/v1/roles';
const ById = Members({ id: Uuid });
const Page = Envelope(RoleResponse);
const Query = Members(sortedPaging({ limit: 50, max: 1_000 }));

const VIEW = withPermission('roles-view', 'roles-manage');
const MANAGE = withPermission('roles-manage');

/** Roles (contract 4.1). Literal paths come before `:id`. */
export const roleRoutes = (ctx: AuthContext): Route[] => {
  async function views(roles: readonly Role[]) {
    const ids = roles.map(role => role.id);
    const keys = await findPublicKeysOfRoles(ctx.db, ids);
    return roles.map(role => roleView(role, keys.get(role.id) ?? []));
  }
  async function page(query: ListQuery) {
    const { count, roles } = await searchRoles(ctx.db, query);
    return ok({ count, items: await views(roles) });
  }
  return [
    route({
      method: 'get',
      path: ROLES,
      operationId: 'listRoles',
      tag: 'roles',
      summary: 'List roles',
      access: VIEW,
      query: Query,
      response: Page,
      handle: ({ query }) => page(toListQuery(query)),
    }),
    route({
      method: 'post',
      path: `${ROLES}/search`,
      operationId: 'searchRoles',
      tag: 'roles',
      summary: 'Search roles by parts of their names',
      access: VIEW,
      query: Query,
      body: Members({
        name: OrNull(Type.Array(Line(256), { maxItems: 100 })),
        keywords: OrNull(Line(1_000)),
      }),
      response: Page,
      handle: ({ query, body }) => {
        const listed = toListQuery(query, body.keywords ?? '');
        const names = (body.name ?? []).filter(name => name !== '');
        return page({ ...listed, words: [...names, ...listed.words] });
      },
    }),
    route({
      method: 'post',
      path: `${ROLES}/resolve`,
      operationId: 'resolveRoles',
      tag: 'roles',
      summary: 'Find roles by name; unknown names are left out',
      access: VIEW,
      body: Type.Array(Line(256), { maxItems: 1_000 }),
      response: Page,
      handle: async ({ body }) => {
        const roles = await findRolesByName(ctx.db, body);
        return ok({ count: roles.length, items: await views(roles) });
      },
    }),
    route({
      method: 'post',
      path: ROLES,
      operationId: 'createRole',
      tag: 'roles',
      summary: 'Create a role',
      access: MANAGE,
      status: 201,
      body: RoleBody,
      response: Members({ id: Uuid }),
      handle: async ({ body, caller, request }) => {
        const { id } = await createRole(ctx, caller, request, toRoleInput(body));
        return created({ id }, `${ROLES}/${id}`);
      },
    }),
    route({
      method: 'get',
      path: `${ROLES}/:id`,
      operationId: 'getRole',
      tag: 'roles',
      summary: 'Read a role',
      access: VIEW,
      params: ById,
      response: RoleResponse,
      handle: async ({ params }) => {
        const role = await findRole(ctx.db, params.id);
        if (role === undefined) throw roleNotFound();
        const [view] = await views([role]);
        const members = await findMembers(ctx.db, { id: role.id, rules: rulesOf(role) }, ctx.now());
        return ok({ ...view, member_count: members.all.length, explicit_count: members.explicit.size });
      },
    }),
    route({
      method: 'put',
      path: `${ROLES}/:id`,
      operationId: 'updateRole',
      tag: 'roles',
      summary: 'Replace a role',
      access: MANAGE,
      params: ById,
      body: RoleBody,
      handle: async ({ params, body, caller, request }) => {
        await updateRole(ctx, caller, request, params.id, toRoleInput(body));
        return ok();
      },
    }),
    route({
      method: 'delete',
      path: `${ROLES}/:id`,
      operationId: 'deleteRole',
      tag: 'roles',
      summary: 'Delete a role; API clients lose it, secrets keep its id',
      access: MANAGE,
      params: ById,
      handle: async ({ params, caller, request }) => {
        await deleteRole(ctx, caller, request, params.id);
        return ok();
      },
    }),
  ];
};
