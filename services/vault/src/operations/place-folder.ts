import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import { hasErrorCode } from '@strongroom/errors/app-error';
import type { VaultContext } from '../context.ts';
import { folderPathOf, lastSegment, nameIn, type PlacedFolder } from '../domain/folder.ts';
import { changeFolder } from './change-folder.ts';
import { createFolder } from './create-folder.ts';
import { placed, readPlacedFolder } from './find-folders.ts';
import { FORGET } from './once.ts';
import { untilFirst } from './until-first.ts';

/** A folder as the dialects with numbers state one: by its name and the folder that it lies in. */
export interface FolderPlace {
  readonly name: string;
  /** The number of the folder above; null: at the top. */
  readonly parent: number | null;
  readonly inherits: boolean;
}

/** Makes an empty folder in one that is there. */
export async function createPlacedFolder(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  { name, parent, inherits }: FolderPlace,
): Promise<PlacedFolder> {
  const path = nameIn(await pathOf(ctx, caller, request, parent), name);
  const own = { readRoles: [], writeRoles: [], inherits };
  return placed(ctx, await createFolder(ctx, caller, request, { path, ...own }, FORGET));
}

/** Renames or moves a folder with all that is in it; what is left out stays, also where somebody else is changing it. */
export async function placeFolder(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  number: number,
  change: Partial<FolderPlace>,
): Promise<PlacedFolder> {
  return untilFirst(async () => {
    const folder = await readPlacedFolder(ctx, caller, request, { number });
    const { parent = folder.parentNumber ?? null, inherits = folder.inherits } = change;
    const above =
      parent === (folder.parentNumber ?? null)
        ? folderPathOf(folder.path)
        : await pathOf(ctx, caller, request, parent);
    const path = nameIn(above, change.name ?? lastSegment(folder.path));
    if (path === folder.path && inherits === folder.inherits) return folder;
    try {
      const expected = { revisions: [folder.revision] };
      const next = { path, inherits };
      return await placed(
        ctx,
        await changeFolder(ctx, caller, request, { id: folder.id }, next, expected, FORGET),
      );
    } catch (error) {
      if (hasErrorCode(error, 'PRECONDITION_FAILED')) return undefined;
      throw error;
    }
  });
}

const pathOf = async (
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  number: number | null,
): Promise<string | undefined> =>
  number === null ? undefined : (await readPlacedFolder(ctx, caller, request, { number })).path;
