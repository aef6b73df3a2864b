import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import { hasErrorCode } from '@strongroom/errors/app-error';
import type { VaultContext } from '../context.ts';
import { folderExists } from '../domain/errors.ts';
import { lastSegment, nameIn, type Folder } from '../domain/folder.ts';
import { countTree } from '../store/folder-tree.ts';
import { findFolder, findFolderByPath, type FolderKey } from '../store/folders.ts';
import { changeFolder } from './change-folder.ts';
import { keyed, refusedOnRecord, requireKnownFolder, requireManagedFolder } from './find-folder.ts';
import { FORGET } from './once.ts';
import { untilFirst } from './until-first.ts';

/** What becomes of a folder whose name the destination has: nothing and an error, nothing, or it gets another name. */
export type OnDuplicate = 'stop' | 'skip' | 'rename';

export interface MovedFolder {
  readonly before: Folder;
  /** The very same: nothing was moved. */
  readonly after: Folder;
  readonly folders: number;
  readonly secrets: number;
}

const MAX_NAMES = 100;

/** Moves a folder with all that is in it into another one; `undefined`: to the top. */
export async function moveFolder(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  key: FolderKey,
  destination: FolderKey | undefined,
  onDuplicate: OnDuplicate,
): Promise<MovedFolder> {
  return untilFirst(async () => {
    const before = await refusedOnRecord(ctx, caller, request, keyed(key), () =>
      requireManagedFolder(ctx, caller, key, 'Moving a folder'),
    );
    const into =
      destination === undefined
        ? undefined
        : await refusedOnRecord(ctx, caller, request, keyed(destination), async () =>
            requireKnownFolder(ctx, caller, await findFolder(ctx.db, destination)),
          );
    const unmoved = { before, after: before, folders: 0, secrets: 0 };
    if (into?.id === before.parentId) return unmoved;
    const isTaken = async (path: string) => (await findFolderByPath(ctx.db, path)) !== undefined;
    let path = nameIn(into?.path, lastSegment(before.path));
    if (onDuplicate !== 'stop' && (await isTaken(path))) {
      if (onDuplicate === 'skip') return unmoved;
      path = await freeName(path, isTaken);
    }
    try {
      const expected = { revisions: [before.revision] };
      const after = await changeFolder(ctx, caller, request, { id: before.id }, { path }, expected, FORGET);
      return { before, after, ...(await countTree(ctx.db, after.id)) };
    } catch (error) {
      if (hasErrorCode(error, 'PRECONDITION_FAILED')) return undefined;
      // Somebody else took the name since.
      if (onDuplicate !== 'stop' && hasErrorCode(error, 'VALUE_DUPLICATE')) return undefined;
      throw error;
    }
  });
}

/** The path with a number behind it that none has. */
async function freeName(path: string, isTaken: (path: string) => Promise<boolean>): Promise<string> {
  for (let number = 1; number <= MAX_NAMES; number += 1) {
    const numbered = `${path} (${number})`;
    if (!(await isTaken(numbered))) return numbered;
  }
  throw folderExists();
}
