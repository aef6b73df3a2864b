import type { Caller } from '@strongroom/contracts/caller';
import type { Queryable } from '@strongroom/db/database';
import { strongerPerson } from '../domain/errors.ts';
import { lacksPermissionOf } from '../domain/escalation.ts';
import { EVERYONE } from '../domain/user.ts';
import { findRolesByName } from '../store/roles.ts';
import { permissionsWithinReach } from './rights.ts';

/**
 * Nobody lifts himself through other people: whoever sets somebody's password or second factor, or changes names and
 * attributes by which roles and external identities find a person, needs all permissions that this person has or
 * could come to have. What everyone may is no gain.
 */
export async function requireRightsOver(
  db: Queryable,
  caller: Caller,
  userIds: readonly string[],
): Promise<void> {
  const everyone = await findRolesByName(db, [EVERYONE]);
  const free = new Set(everyone.flatMap(role => role.permissions ?? []));
  for (const id of userIds) {
    const reach = await permissionsWithinReach(db, { kind: 'user', id });
    const more = reach.filter(permission => !free.has(permission));
    if (lacksPermissionOf(caller, more)) throw strongerPerson();
  }
}
