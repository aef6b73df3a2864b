import type { Caller } from '@strongroom/contracts/caller';
import type { Queryable } from '@strongroom/db/database';
import { permissionDenied } from '@strongroom/errors/common-errors';
import type { AuthContext } from '../context.ts';
import { rightsOf } from './rights.ts';

/**
 * Nobody lifts himself by taking over somebody else: whoever weakens how people sign in has all of their
 * permissions already.
 */
export async function requireRightsOver(
  ctx: Pick<AuthContext, 'now'>,
  tx: Queryable,
  caller: Caller,
  userIds: readonly string[],
): Promise<void> {
  for (const id of userIds) {
    if (id === caller.id) continue;
    const { permissions } = await rightsOf(tx, { kind: 'user', id }, { now: ctx.now(), address: null });
    if (!permissions.every(permission => caller.permissions.has(permission))) {
      throw permissionDenied('This person has permissions that the caller lacks');
    }
  }
}
