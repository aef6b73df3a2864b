import { invalidField } from '@strongroom/errors/common-errors';
import type { RoleDirectory } from '../clients/role-directory.ts';

/**
 * Checks that every id of a role list names a role. Ids in `kept` are on the secret already and may stay,
 * also when their role was deleted since: clients send back what they read.
 */
export async function requireKnownRoles(
  roles: RoleDirectory,
  property: 'read_roles' | 'write_roles',
  ids: readonly string[],
  kept: readonly string[] = [],
): Promise<void> {
  const unknownIn = (names: ReadonlyMap<string, string>) =>
    ids.findIndex(id => !names.has(id) && !kept.includes(id));
  if (unknownIn(await roles.names()) === -1) return;
  const index = unknownIn(await roles.refresh());
  if (index !== -1) throw invalidField(`${property}.${index}.id`, 'No role has this id');
}
