import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import type { Queryable } from '@strongroom/db/database';
import type { VaultContext } from '../context.ts';
import { effectiveRoles, INHERITING, pathsDownTo, type Folder, type FolderRoles } from '../domain/folder.ts';
import { lockFolders } from '../store/folder-tree.ts';
import { findFolderByPath, findNearestFolder, insertFolder } from '../store/folders.ts';

type Slice = Pick<VaultContext, 'db' | 'audit' | 'newId' | 'now' | 'ring'>;

/** Makes the folder of `path` and those above it, as far as they are missing; they inherit. */
export async function makeFolders(
  ctx: Slice,
  caller: Caller,
  request: RequestInfo,
  path: string,
): Promise<void> {
  await ctx.db.transaction(async tx => {
    await lockFolders(tx, 'shared');
    await makeMissing(ctx, tx, caller, request, path);
  });
  ctx.ring();
}

/** The same in a transaction that holds the lock of all folders. Returns the folder; none at the top. */
export async function makeMissing(
  ctx: Slice,
  tx: Queryable,
  caller: Caller,
  request: RequestInfo,
  path: string | undefined,
): Promise<Folder | undefined> {
  if (path === undefined) return undefined;
  let folder = await findNearestFolder(tx, path);
  for (const missing of pathsDownTo(path).slice(folder === undefined ? 0 : folder.path.split('/').length)) {
    folder =
      (await makeFolder(ctx, tx, caller, request, missing, folder, INHERITING)) ??
      (await findFolderByPath(tx, missing));
  }
  return folder;
}

/** Undefined: somebody else made one of this path. */
export async function makeFolder(
  ctx: Slice,
  tx: Queryable,
  caller: Caller,
  request: RequestInfo,
  path: string,
  parent: Folder | undefined,
  own: FolderRoles,
): Promise<Folder | undefined> {
  const now = ctx.now();
  const folder = await insertFolder(tx, {
    id: ctx.newId(),
    parentId: parent?.id,
    path,
    ...own,
    ...effectiveRoles(own, parent),
    revision: 1,
    createdAt: now,
    createdBy: caller.id,
    updatedAt: now,
    updatedBy: caller.id,
  });
  if (folder === undefined) return undefined;
  await ctx.audit.append(tx, {
    type: AUDIT_EVENTS.folderCreated,
    caller,
    request,
    message: { folder: path, folderID: folder.id },
  });
  return folder;
}
