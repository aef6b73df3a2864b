import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import type { VaultContext } from '../context.ts';
import { effectiveRoles, pathsDownTo, type Folder } from '../domain/folder.ts';
import { holdNearestFolder, insertFolder } from '../store/folders.ts';

/** Makes the folder of `path` and those above it, as far as they are missing; they inherit. */
export async function makeFolders(
  ctx: Pick<VaultContext, 'db' | 'audit' | 'newId' | 'now' | 'ring'>,
  caller: Caller,
  request: RequestInfo,
  path: string,
): Promise<void> {
  await ctx.db.transaction(async tx => {
    let parent = await holdNearestFolder(tx, path);
    const now = ctx.now();
    for (const missing of pathsDownTo(path).slice(parent === undefined ? 0 : parent.path.split('/').length)) {
      const own = { readRoles: [], writeRoles: [], inherits: true };
      const folder: Omit<Folder, 'number'> = {
        id: ctx.newId(),
        parentId: parent?.id,
        path: missing,
        ...own,
        ...effectiveRoles(own, parent),
        revision: 1,
        createdAt: now,
        createdBy: caller.id,
        updatedAt: now,
        updatedBy: caller.id,
      };
      // Somebody else makes the same: whoever asked goes on with what is there then.
      if (!(await insertFolder(tx, folder))) return;
      await ctx.audit.append(tx, {
        type: AUDIT_EVENTS.folderCreated,
        caller,
        request,
        message: { folder: missing, folderID: folder.id },
      });
      parent = { ...folder, number: 0 };
    }
  });
  ctx.ring();
}
