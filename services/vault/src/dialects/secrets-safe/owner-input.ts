import { invalidField } from '@strongroom/errors/common-errors';
import { Choice, OrNull, Members, Type, type Static } from '@strongroom/schema/types';
import { roleOfGroup } from '../../domain/group-number.ts';
import { MAX_ROLES, type Secret } from '../../domain/secret.ts';
import type { RoleNames } from './owners.ts';

const Id = OrNull(Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1 }));

/** Owners in the ways of all versions (contract 1.2). */
export const OwnersInput = {
  OwnerId: Id,
  OwnerType: OrNull(Choice('User', 'Group')),
  Owners: OrNull(Type.Array(Members({ OwnerId: Id, UserId: Id, GroupId: Id }), { maxItems: MAX_ROLES })),
};
export type StatedOwners = Static<ReturnType<typeof Members<typeof OwnersInput>>>;

/**
 * The roles that are stated as owners. A group is a role, and owning is reading and writing. A person owns nothing by
 * himself here: what he may do, his roles and the folder's say, so users are taken as they are.
 */
export function ownerRoles({ OwnerId, OwnerType, Owners }: StatedOwners, names: RoleNames): string[] {
  if (OwnerType === 'User') {
    if (!Owners || Owners.length === 0)
      throw required('Owners', 'Owners are required where OwnerType is User');
    return [];
  }
  if (OwnerType === 'Group') {
    if (!OwnerId) throw required('OwnerId', 'OwnerId is required where OwnerType is Group');
    return [roleOf(OwnerId, names) ?? unknownGroup('OwnerId')];
  }
  const roles = (Owners ?? []).map(({ GroupId, UserId }) => {
    if (!GroupId) return undefined;
    // Clients that mean the user state any group beside him (contract 3.3).
    return roleOf(GroupId, names) ?? (UserId ? undefined : unknownGroup('Owners'));
  });
  return [...new Set(roles.filter(role => role !== undefined))];
}

export const roleOf = (group: number, names: RoleNames): string | undefined =>
  roleOfGroup(names.keys(), group);

const required = (property: string, message: string) =>
  invalidField(property, message, 'REQUIRED_VALUE_MISSING');

function unknownGroup(property: string): never {
  throw invalidField(property, 'No group has this number');
}

/** A change of a secret does not change who owns it: what is stated must be so already. */
export function requireOwners(
  stated: StatedOwners,
  { readRoles, inheritedReadRoles }: Pick<Secret, 'readRoles' | 'inheritedReadRoles'>,
  names: RoleNames,
): void {
  const owners = [...readRoles, ...inheritedReadRoles];
  if (ownerRoles(stated, names).some(role => !owners.includes(role))) {
    throw invalidField('Owners', 'Owners are changed by the roles of the secret or of its folder');
  }
}
