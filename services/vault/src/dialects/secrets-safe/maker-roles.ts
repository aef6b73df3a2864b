import type { Caller } from '@strongroom/contracts/caller';
import type { VaultContext } from '../../context.ts';
import { INHERITING, type FolderRoles } from '../../domain/folder.ts';
import { mayManage } from '../../domain/secret.ts';

/**
 * Who may read and write in a folder that a client makes at the top, since this dialect has no way to say so: whoever makes
 * it, by those of his roles that let him manage. They could give themselves the right in any case, so nobody gains by it.
 * Who may only add gives nobody a right (docs/adr/0029-folders.md).
 */
export async function makerRoles(
  { roles }: Pick<VaultContext, 'roles'>,
  caller: Caller,
): Promise<FolderRoles> {
  if (!mayManage(caller)) return INHERITING;
  const own = await roles.carrying('vault-manage', caller.roles);
  return { ...INHERITING, readRoles: own, writeRoles: own };
}
