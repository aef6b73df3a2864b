import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import type { VaultContext } from '../context.ts';
import type { Folder } from '../domain/folder.ts';
import { parseFolderPath } from '../domain/secret-name.ts';
import { mayManage } from '../domain/secret.ts';
import { findFolder, findFolderByPath, type FolderKey } from '../store/folders.ts';
import { listFolders as listRows } from '../store/list-folders.ts';
import { keyed, refusedOnRecord, requireKnownFolder } from './find-folder.ts';

export async function readFolder(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  key: FolderKey,
): Promise<Folder> {
  return refusedOnRecord(ctx, caller, request, keyed(key), async () => {
    const folder = await requireKnownFolder(ctx, caller, await findFolder(ctx.db, key));
    await ctx.audit.write({
      type: AUDIT_EVENTS.folderRead,
      caller,
      request,
      message: { folder: folder.path, folderID: folder.id },
    });
    return folder;
  });
}

/** The folders right below one, or at the top, that the caller may know of. */
export async function listFolders(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  rawParent: string | undefined,
  paging: { offset: number; limit: number },
): Promise<{ count: number; folders: readonly Folder[] }> {
  const path = rawParent === undefined ? undefined : parseFolderPath(rawParent);
  const message = { folder: path ?? '' };
  return refusedOnRecord(ctx, caller, request, message, async () => {
    const parent =
      path === undefined
        ? undefined
        : await requireKnownFolder(ctx, caller, await findFolderByPath(ctx.db, path));
    const viewer = { roles: caller.roles, all: mayManage(caller) };
    const found = await listRows(ctx.db, parent?.id, viewer, paging);
    await ctx.audit.write({
      type: AUDIT_EVENTS.foldersListed,
      caller,
      request,
      message: { ...message, offset: String(paging.offset), found: String(found.count) },
    });
    return found;
  });
}
