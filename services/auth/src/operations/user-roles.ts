import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import type { Queryable } from '@strongroom/db/database';
import { invalidField } from '@strongroom/errors/common-errors';
import { isDeepStrictEqual } from 'node:util';
import type { AuthContext } from '../context.ts';
import { userNotFound } from '../domain/errors.ts';
import { requirePermissionsOf } from '../domain/escalation.ts';
import { readGrant, type GrantInput, type RoleGrant } from '../domain/role-grant.ts';
import { isAdminRole, type Role } from '../domain/role.ts';
import { findRolesByIds, lockRoles } from '../store/roles.ts';
import { findGrantedRoles, replaceGrants, type NewGrant } from '../store/user-roles.ts';
import { lockUser } from '../store/users.ts';
import { announceRights } from './effects-at-once.ts';
import { requireAnotherAdministrator } from './last-administrator.ts';
import type { HeldRole } from './rights.ts';

export interface UserRole {
  readonly role: Role;
  readonly grant: RoleGrant | null;
  readonly isImplicit: boolean;
}

/** Whole roles in the order of `held`. */
export async function loadRoles(db: Queryable, held: readonly HeldRole[]): Promise<UserRole[]> {
  const roles = new Map(
    (
      await findRolesByIds(
        db,
        held.map(({ id }) => id),
      )
    ).map(role => [role.id, role]),
  );
  return held.flatMap(({ id, grant, isImplicit }) => {
    const role = roles.get(id);
    // One that was deleted between the two readings is left out.
    return role === undefined ? [] : [{ role, grant, isImplicit }];
  });
}

export interface GrantRequest extends GrantInput {
  readonly roleId: string;
}

/**
 * Replaces what a person was given. Of a role that is listed twice the last entry counts: clients append a new
 * grant to the list that they read. The caller needs the permissions of each role that is given, taken or
 * changed; what stays as it is may be beyond him.
 */
export async function setUserRoles(
  ctx: AuthContext,
  caller: Caller,
  request: RequestInfo,
  userId: string,
  requests: readonly GrantRequest[],
): Promise<void> {
  await ctx.db.transaction(async tx => {
    if ((await lockUser(tx, userId)) === undefined) throw userNotFound();
    const granted = await findGrantedRoles(tx, userId);
    const adminRole = granted.find(role => isAdminRole(role) && role.grant.type === 'PERMANENT');
    if (adminRole !== undefined && !givesForGood(requests, adminRole.id)) {
      await requireAnotherAdministrator(tx, userId);
    }
    const before = new Map(granted.map(({ id, grant }) => [id, grant]));
    const permissions = await lockRoles(tx, [...before.keys(), ...requests.map(({ roleId }) => roleId)]);
    const after = new Map<string, RoleGrant>();
    for (const [index, wanted] of requests.entries()) {
      const { roleId } = wanted;
      if (!permissions.has(roleId)) throw invalidField(`${index}.id`, 'No role has this id');
      const grant = readGrant(wanted, before.get(roleId));
      if ('property' in grant) {
        throw invalidField(`${index}.${grant.property}`, grant.message, 'VALUE_INCORRECT_FORMAT');
      }
      after.delete(roleId);
      after.set(roleId, grant);
    }
    const changed = [...new Set([...before.keys(), ...after.keys()])].filter(
      roleId => !isDeepStrictEqual(before.get(roleId), after.get(roleId)),
    );
    requirePermissionsOf(
      caller,
      changed.flatMap(roleId => permissions.get(roleId) ?? []),
    );
    const grants: NewGrant[] = [...after].map(([roleId, grant]) => ({ roleId, grant }));
    await replaceGrants(tx, userId, grants);
    await ctx.audit.append(tx, {
      type: AUDIT_EVENTS.userRolesModified,
      caller,
      request,
      message: { targetUserID: userId, roleIDs: [...after.keys()].join(' ') },
    });
    await announceRights(ctx, tx, [{ kind: 'user', id: userId }]);
  });
  ctx.ring();
}

/** The last entry for a role counts. */
function givesForGood(requests: readonly GrantRequest[], roleId: string): boolean {
  const request = requests.findLast(wanted => wanted.roleId === roleId);
  const grant = request === undefined ? undefined : readGrant(request, undefined);
  return grant !== undefined && 'type' in grant && grant.type === 'PERMANENT';
}
