import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import type { VaultContext } from '../context.ts';
import { folderNotFound } from '../domain/errors.ts';
import { requireRevision, type Expectation } from '../domain/expectation.ts';
import { lockFolders } from '../store/folder-tree.ts';
import { deleteFolder as deleteRow, findFolder, type FolderKey } from '../store/folders.ts';
import { keyed, refusedOnRecord, requireManagedFolder } from './find-folder.ts';

/** Deletes a folder in which nothing is. */
export async function deleteFolder(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  key: FolderKey,
  { revisions }: Pick<Expectation, 'revisions'>,
): Promise<void> {
  await refusedOnRecord(ctx, caller, request, keyed(key), async () => {
    const seen = await requireManagedFolder(ctx, caller, key, 'Deleting a folder');
    await ctx.db.transaction(async tx => {
      await lockFolders(tx, 'alone');
      const folder = await findFolder(tx, { id: seen.id });
      if (folder === undefined) throw folderNotFound();
      requireRevision(folder, revisions);
      await deleteRow(tx, folder.id);
      await ctx.audit.append(tx, {
        type: AUDIT_EVENTS.folderDeleted,
        caller,
        request,
        message: { folder: folder.path, folderID: folder.id },
      });
    });
  });
  ctx.ring();
}
