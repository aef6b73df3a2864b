import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import type { VaultContext } from '../context.ts';
import { folderNotFound } from '../domain/errors.ts';
import type { Folder, PlacedFolder } from '../domain/folder.ts';
import { parseFolderPath } from '../domain/secret-name.ts';
import { mayManage } from '../domain/secret.ts';
import { findFolderNumber, findFolders as findRows, type FolderQuery } from '../store/find-folders.ts';
import { findFolder, findFolderByPath } from '../store/folders.ts';
import { refusedOnRecord, requireKnownFolder } from './find-folder.ts';

/** How the dialects with numbers ask for a folder. */
export type FolderReference = { readonly number: number } | { readonly path: string };

const referred = (reference: FolderReference): Record<string, string> =>
  'path' in reference ? { folder: reference.path } : { folderNumber: String(reference.number) };

export interface FolderSearch extends Omit<FolderQuery, 'parentId'> {
  readonly parent?: FolderReference | undefined;
}

type Slice = Pick<VaultContext, 'db' | 'audit'>;

/** A folder that the caller may know of, with its place. */
export async function readPlacedFolder(
  ctx: Slice,
  caller: Caller,
  request: RequestInfo,
  reference: FolderReference,
): Promise<PlacedFolder> {
  return refusedOnRecord(ctx, caller, request, referred(reference), async () => {
    const folder = await requireKnownFolder(ctx, caller, await findReferred(ctx, reference));
    await ctx.audit.write({
      type: AUDIT_EVENTS.folderRead,
      caller,
      request,
      message: { folder: folder.path, folderID: folder.id },
    });
    return placed(ctx, folder);
  });
}

/** The folder with the number of the one above it, as it is now. */
export async function placed(ctx: Pick<VaultContext, 'db'>, folder: Folder): Promise<PlacedFolder> {
  if (folder.parentId === undefined) return { ...folder, parentNumber: undefined };
  const parentNumber = await findFolderNumber(ctx.db, folder.parentId);
  // It was moved or deleted meanwhile.
  if (parentNumber === undefined) throw folderNotFound();
  return { ...folder, parentNumber };
}

/** The folders, among those that the caller may know of, that match. */
export async function findFolders(
  ctx: Slice,
  caller: Caller,
  request: RequestInfo,
  { parent, ...search }: FolderSearch,
  paging: { offset: number; limit: number },
): Promise<{ count: number; folders: readonly PlacedFolder[] }> {
  const message = parent === undefined ? { folder: '' } : referred(parent);
  return refusedOnRecord(ctx, caller, request, message, async () => {
    const above =
      parent === undefined
        ? undefined
        : await requireKnownFolder(ctx, caller, await findReferred(ctx, parent));
    const viewer = { roles: caller.roles, all: mayManage(caller) };
    const found = await findRows(ctx.db, viewer, { ...search, parentId: above?.id }, paging);
    await ctx.audit.write({
      type: AUDIT_EVENTS.foldersListed,
      caller,
      request,
      message: { ...message, offset: String(paging.offset), found: String(found.count) },
    });
    return found;
  });
}

const findReferred = async ({ db }: Slice, reference: FolderReference): Promise<Folder | undefined> =>
  'path' in reference
    ? findFolderByPath(db, parseFolderPath(reference.path))
    : findFolder(db, { number: reference.number });
