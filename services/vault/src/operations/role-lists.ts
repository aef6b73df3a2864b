import { findUnknownRole, type RoleDirectory } from '@strongroom/auth-client/role-directory';
import { invalidField } from '@strongroom/errors/common-errors';

/** Checks that every id of a role list names a role, or is on the secret already. */
export async function requireKnownRoles(
  roles: RoleDirectory,
  property: 'read_roles' | 'write_roles',
  ids: readonly string[],
  kept: readonly string[] = [],
): Promise<void> {
  const index = await findUnknownRole(roles, ids, kept);
  if (index !== -1) throw invalidField(`${property}.${index}.id`, 'No role has this id');
}
