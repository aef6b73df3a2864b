import type { Caller } from '@strongroom/contracts/caller';
import type { Queryable } from '@strongroom/db/database';
import { lastAdministrator, strongerPerson } from '../domain/errors.ts';
import { EVERYONE, type User } from '../domain/user.ts';
import { findRolesByName } from '../store/roles.ts';
import { findGivenPermissions, lockAdministrators } from '../store/user-permissions.ts';
import { rightsOf } from './rights.ts';

/**
 * Nobody lifts himself through another person: whoever sets somebody's password, or changes names and
 * attributes by which roles and external identities find a person, needs all permissions that this person has
 * or could come to have. Roles that do not hold at the moment count too; what everyone may is no gain.
 */
export async function requirePowerOver(
  tx: Queryable,
  caller: Caller,
  userId: string,
  now: Date,
): Promise<void> {
  const { permissions, withheld } = await rightsOf(tx, { kind: 'user', id: userId }, { now, address: null });
  const given = await findGivenPermissions(
    tx,
    userId,
    withheld.map(role => role.id),
  );
  const everyone = await findRolesByName(tx, [EVERYONE]);
  const free = new Set(everyone.flatMap(role => role.permissions ?? []));
  const isTheirs = (permission: string) => caller.permissions.has(permission) || free.has(permission);
  if (![...permissions, ...given].every(isTheirs)) throw strongerPerson();
}

/** Somebody must remain who can mend everything. */
export async function requireAnotherAdministrator(tx: Queryable, user: Pick<User, 'id'>): Promise<void> {
  const administrators = await lockAdministrators(tx);
  if (administrators.length === 1 && administrators[0] === user.id) throw lastAdministrator();
}
