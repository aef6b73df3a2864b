import type { Caller } from '@strongroom/contracts/caller';
import { permissionDenied } from '@strongroom/errors/common-errors';

/**
 * Nobody gives, changes or takes rights beyond his own: else who may manage roles or people could lift himself
 * to anything, or shut out those above him.
 */
export function requirePermissionsOf(caller: Caller, permissions: readonly string[]): void {
  if (lacksPermissionOf(caller, permissions)) {
    throw permissionDenied('The caller lacks a permission that this call deals with');
  }
}

export const lacksPermissionOf = (caller: Caller, permissions: readonly string[]): boolean =>
  permissions.some(permission => !caller.permissions.has(permission));
