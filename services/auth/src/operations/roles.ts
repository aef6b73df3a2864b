import { isDeepStrictEqual } from 'node:util';
import { AUDIT_EVENTS, type AuditEventType } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import { cloudEvent } from '@strongroom/contracts/cloud-event';
import { ROLE_CHANGED, type RoleChanged } from '@strongroom/contracts/role-events';
import type { Queryable } from '@strongroom/db/database';
import { appendEvents } from '@strongroom/outbox/outbox';
import { canonicalName } from '@strongroom/schema/text';
import type { AuthContext } from '../context.ts';
import { adminRole, roleNotFound, systemRole } from '../domain/errors.ts';
import { requirePermissionsOf } from '../domain/escalation.ts';
import { enabledContext, isAdminRole, rulesOf, type Role } from '../domain/role.ts';
import { deleteRole as deleteRow, insertRole, lockRole, updateRole as updateRow } from '../store/roles.ts';
import { announceRights, liveHolders } from './effects-at-once.ts';

export type RoleInput = Pick<Role, 'name' | 'permissions' | 'document'>;

export async function createRole(
  ctx: AuthContext,
  caller: Caller,
  request: RequestInfo,
  input: RoleInput,
): Promise<Role> {
  requirePermissionsOf(caller, input.permissions ?? []);
  const now = ctx.now();
  const role: Role = {
    ...input,
    id: ctx.newId(),
    isSystem: false,
    createdAt: now,
    createdBy: caller.id,
    updatedAt: now,
    updatedBy: caller.id,
  };
  await ctx.db.transaction(async tx => {
    await insertRole(tx, role);
    await tell(ctx, tx, AUDIT_EVENTS.roleAdded, caller, request, role);
  });
  ctx.ring();
  return role;
}

/** Replaces the role by what the body says. */
export async function updateRole(
  ctx: AuthContext,
  caller: Caller,
  request: RequestInfo,
  id: string,
  input: RoleInput,
): Promise<void> {
  await ctx.db.transaction(async tx => {
    const role = await lockRole(tx, id);
    if (role === undefined) throw roleNotFound();
    if (role.isSystem && canonicalName(role.name) !== canonicalName(input.name)) throw systemRole();
    const [before, after] = [role.permissions ?? [], input.permissions ?? []];
    requirePermissionsOf(caller, [...before, ...after]);
    const isTaken = before.some(permission => !after.includes(permission));
    const isLimited = enabledContext(input.document) !== null;
    if (isAdminRole(role) && (isTaken || isLimited)) throw adminRole();
    const next: Role = { ...role, ...input, updatedAt: ctx.now(), updatedBy: caller.id };
    if (!(await updateRow(tx, next))) throw roleNotFound();
    await tell(ctx, tx, AUDIT_EVENTS.roleModified, caller, request, next);
    if (changesRights(role, next)) await announceRights(ctx, tx, await liveHolders(ctx, tx, [id]));
  });
  ctx.ring();
}

export async function deleteRole(
  ctx: AuthContext,
  caller: Caller,
  request: RequestInfo,
  id: string,
): Promise<void> {
  await ctx.db.transaction(async tx => {
    const role = await lockRole(tx, id);
    if (role === undefined) throw roleNotFound();
    if (role.isSystem) throw systemRole();
    requirePermissionsOf(caller, role.permissions ?? []);
    if (!(await deleteRow(tx, id))) throw roleNotFound();
    await tell(ctx, tx, AUDIT_EVENTS.roleRemoved, caller, request, role);
    // Sessions still name the role, so its holders are found after the row locks of the deletion.
    await announceRights(ctx, tx, await liveHolders(ctx, tx, [id]));
  });
  ctx.ring();
}

/** Whether somebody can have gained or lost something by it. */
function changesRights(before: Role, after: Role): boolean {
  const terms = ({ permissions, document }: Role) => ({
    permissions: [...(permissions ?? [])].sort(),
    context: enabledContext(document),
    rules: rulesOf({ document }),
  });
  return !isDeepStrictEqual(terms(before), terms(after));
}

/** The record for the trail, and the event for those who keep role names. */
async function tell(
  ctx: AuthContext,
  tx: Queryable,
  type: AuditEventType,
  caller: Caller,
  request: RequestInfo,
  role: Role,
): Promise<void> {
  await ctx.audit.append(tx, { type, caller, request, message: { roleID: role.id, role: role.name } });
  const data: RoleChanged = { roleId: role.id };
  await appendEvents(tx, [cloudEvent(ctx.config.service, ROLE_CHANGED, ctx.newId(), ctx.now(), data)]);
}
