import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import type { VaultContext } from '../context.ts';
import type { Folder } from '../domain/folder.ts';
import { findFolder, findFolderLike, type FolderKey } from '../store/folders.ts';
import { keyed, refusedOnRecord, requireKnownFolder } from './find-folder.ts';

/** The folder that an act is to be in, if the caller may know of it. The act has its own record; a refusal has one here. */
export const locateFolder = (
  ctx: Pick<VaultContext, 'db' | 'audit'>,
  caller: Caller,
  request: RequestInfo,
  key: FolderKey,
): Promise<Folder> =>
  refusedOnRecord(ctx, caller, request, keyed(key), async () =>
    requireKnownFolder(ctx, caller, await findFolder(ctx.db, key)),
  );

/** The folder of a path in any case, for lists that show nothing of it by itself. */
export const folderInAnyCase = (ctx: Pick<VaultContext, 'db'>, path: string): Promise<Folder | undefined> =>
  findFolderLike(ctx.db, path.normalize('NFC'));
