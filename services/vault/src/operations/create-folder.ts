import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import type { VaultContext } from '../context.ts';
import { folderExists, folderWriteRoleRequired, manageRequired } from '../domain/errors.ts';
import {
  folderPathOf,
  INHERITING,
  mayAddTo,
  sameFolderRoles,
  type Folder,
  type FolderRoles,
} from '../domain/folder.ts';
import { parseFolderPath } from '../domain/secret-name.ts';
import { mayManage } from '../domain/secret.ts';
import { lockFolders } from '../store/folder-tree.ts';
import { findNearestFolder } from '../store/folders.ts';
import { insertAnswers } from '../store/idempotency-keys.ts';
import { refusedOnRecord } from './find-folder.ts';
import { makeFolder, makeMissing } from './make-folders.ts';
import type { Remember } from './once.ts';
import { requireKnownRoles } from './role-lists.ts';

export interface NewFolder extends FolderRoles {
  readonly path: string;
}

/** Makes an empty folder and those above it that are missing. */
export async function createFolder(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  { path: rawPath, ...own }: NewFolder,
  remember: Remember<Folder>,
): Promise<Folder> {
  const path = parseFolderPath(rawPath);
  const folder = await refusedOnRecord(ctx, caller, request, { folder: path }, async () => {
    // Otherwise whoever may add could become a reader of what others add later.
    if (!mayManage(caller) && !sameFolderRoles(own, INHERITING)) {
      throw manageRequired('Saying who may read and write in a folder');
    }
    await requireKnownRoles(ctx.roles, 'read_roles', own.readRoles);
    await requireKnownRoles(ctx.roles, 'write_roles', own.writeRoles);
    return ctx.db.transaction(async tx => {
      await lockFolders(tx, 'shared');
      if (!mayAddTo(caller, await findNearestFolder(tx, path))) throw folderWriteRoleRequired();
      const parent = await makeMissing(ctx, tx, caller, request, folderPathOf(path));
      const made = await makeFolder(ctx, tx, caller, request, path, parent, own);
      if (made === undefined) throw folderExists();
      await insertAnswers(tx, remember(made));
      return made;
    });
  });
  ctx.ring();
  return folder;
}
