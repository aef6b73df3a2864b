import type { Caller } from '@strongroom/contracts/caller';
import type { Permission } from '@strongroom/contracts/permissions';
import { permissionDenied } from '@strongroom/errors/common-errors';
import { userNotFound } from '../domain/errors.ts';

/** People may read themselves; for others it takes one of these permissions. Returns the id as it is stored. */
export function ownOr(caller: Caller, userId: string, ...anyOf: [Permission, ...Permission[]]): string {
  const id = userId.toLowerCase();
  const isOwn = caller.kind === 'user' && caller.id === id;
  if (!isOwn && !anyOf.some(permission => caller.permissions.has(permission))) throw permissionDenied();
  return id;
}

/** The person who calls. Programs have neither settings nor keys of their own. */
export function currentUserId(caller: Caller): string {
  if (caller.kind !== 'user') throw userNotFound();
  return caller.id;
}
