import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import type { Queryable } from '@strongroom/db/database';
import type { VaultContext } from '../context.ts';
import {
  folderExists,
  folderNotFound,
  movedIntoItself,
  movedNameTooLong,
  moveTooLarge,
} from '../domain/errors.ts';
import { requireRevision, type Expectation } from '../domain/expectation.ts';
import {
  effectiveRoles,
  folderPathOf,
  isBelow,
  MAX_MOVED,
  movedName,
  sameFolderRoles,
  type Folder,
  type FolderRoles,
} from '../domain/folder.ts';
import { fitsName, parseFolderPath } from '../domain/secret-name.ts';
import {
  alignFoldersBelow,
  holdFoldersBelow,
  lockFolders,
  namesBelow,
  renameSecretsBelow,
} from '../store/folder-tree.ts';
import { findFolder, findFolderByPath, updateFolder, type FolderKey } from '../store/folders.ts';
import { insertAnswers } from '../store/idempotency-keys.ts';
import { keyed, refusedOnRecord, requireManagedFolder } from './find-folder.ts';
import { makeMissing } from './make-folders.ts';
import type { Remember } from './once.ts';
import { requireKnownRoles } from './role-lists.ts';

/** What is left out stays as it is. */
export interface FolderChange {
  /** Another one moves the folder with all that is in it. */
  readonly path?: string | undefined;
  readonly readRoles?: readonly string[] | undefined;
  readonly writeRoles?: readonly string[] | undefined;
  readonly inherits?: boolean | undefined;
}

/** Moves a folder, or changes who may read and write in it; what is below follows in the same transaction. */
export async function changeFolder(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  key: FolderKey,
  change: FolderChange,
  { revisions }: Pick<Expectation, 'revisions'>,
  remember: Remember<Folder>,
): Promise<Folder> {
  const path = change.path === undefined ? undefined : parseFolderPath(change.path);
  const changed = await refusedOnRecord(ctx, caller, request, keyed(key), async () => {
    const seen = await requireManagedFolder(ctx, caller, key, 'Changing a folder');
    await requireKnownRoles(ctx.roles, 'read_roles', change.readRoles ?? [], seen.readRoles);
    await requireKnownRoles(ctx.roles, 'write_roles', change.writeRoles ?? [], seen.writeRoles);
    return ctx.db.transaction(async tx => {
      await lockFolders(tx, 'alone');
      const folder = await findFolder(tx, { id: seen.id });
      if (folder === undefined) throw folderNotFound();
      requireRevision(folder, revisions);
      const next = await applyChange(ctx, tx, caller, request, folder, { ...change, path });
      if (next.path === folder.path) {
        await updateFolder(tx, next);
        await alignFoldersBelow(tx, next, folder.path);
      } else await moveAll(ctx, tx, caller, request, folder, next);
      await recordRoles(ctx, tx, caller, request, folder, next);
      await insertAnswers(tx, remember(next));
      return next;
    });
  });
  ctx.ring();
  return changed;
}

async function applyChange(
  ctx: VaultContext,
  tx: Queryable,
  caller: Caller,
  request: RequestInfo,
  folder: Folder,
  change: FolderChange,
): Promise<Folder> {
  const own: FolderRoles = {
    readRoles: change.readRoles ?? folder.readRoles,
    writeRoles: change.writeRoles ?? folder.writeRoles,
    inherits: change.inherits ?? folder.inherits,
  };
  const path = change.path ?? folder.path;
  if (path !== folder.path) {
    if (isBelow(path, folder.path)) throw movedIntoItself();
    if ((await findFolderByPath(tx, path)) !== undefined) throw folderExists();
  }
  const parent = await makeMissing(ctx, tx, caller, request, folderPathOf(path));
  return {
    ...folder,
    path,
    parentId: parent?.id,
    ...own,
    ...effectiveRoles(own, parent),
    revision: folder.revision + 1,
    updatedAt: ctx.now(),
    updatedBy: caller.id,
  };
}

/** Names and places change; what is sealed, and what the seal is bound to, does not. */
async function moveAll(
  ctx: VaultContext,
  tx: Queryable,
  caller: Caller,
  request: RequestInfo,
  folder: Folder,
  next: Folder,
): Promise<void> {
  // First, so that no secret comes into any of them after their names were looked at.
  const paths = await holdFoldersBelow(tx, folder.id, MAX_MOVED + 1);
  const names = await namesBelow(tx, folder.id, MAX_MOVED + 1);
  if (paths.length > MAX_MOVED || names.length > MAX_MOVED) throw moveTooLarge(MAX_MOVED);
  const fits = (name: string) => fitsName(movedName(name, folder.path, next.path));
  // A folder must have room for the shortest of names.
  if (!names.every(fits) || !paths.every(path => fits(`${path}/-`))) throw movedNameTooLong();
  await updateFolder(tx, next);
  await alignFoldersBelow(tx, next, folder.path);
  const moved = await renameSecretsBelow(tx, next, folder.path);
  await ctx.audit.append(tx, {
    type: AUDIT_EVENTS.folderMoved,
    caller,
    request,
    message: { folder: folder.path, newFolder: next.path, folderID: folder.id, secrets: String(moved) },
  });
}

async function recordRoles(
  ctx: VaultContext,
  tx: Queryable,
  caller: Caller,
  request: RequestInfo,
  folder: Folder,
  next: Folder,
): Promise<void> {
  const rolesChanged = !sameFolderRoles(folder, next);
  // A move alone has its own record.
  if (!rolesChanged && next.path !== folder.path) return;
  await ctx.audit.append(tx, {
    type: AUDIT_EVENTS.folderChanged,
    caller,
    request,
    message: { folder: next.path, folderID: folder.id, rolesChanged: String(rolesChanged) },
  });
}
