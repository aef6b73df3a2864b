import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import { AppError } from '@strongroom/errors/app-error';
import type { VaultContext } from '../context.ts';
import { folderNotFound, manageRequired } from '../domain/errors.ts';
import { mayKnowFolder, type Folder } from '../domain/folder.ts';
import { mayManage } from '../domain/secret.ts';
import { findFolder, type FolderKey } from '../store/folders.ts';
import { isAnythingKnownBelow } from '../store/list-folders.ts';

/** How audit records name a folder that is asked for. */
export const keyed = (key: FolderKey): Record<string, string> =>
  'id' in key ? { folderID: key.id } : { folderNumber: String(key.number) };

/** The folder, if it is there and the caller may know of it. */
export async function requireKnownFolder(
  ctx: Pick<VaultContext, 'db'>,
  caller: Caller,
  folder: Folder | undefined,
): Promise<Folder> {
  if (folder === undefined) throw folderNotFound();
  if (mayKnowFolder(caller, folder)) return folder;
  if (await isAnythingKnownBelow(ctx.db, folder.id, caller.roles)) return folder;
  throw folderNotFound();
}

/** The same for a caller who is to change it. */
export async function requireManagedFolder(
  ctx: Pick<VaultContext, 'db'>,
  caller: Caller,
  key: FolderKey,
  act: string,
): Promise<Folder> {
  const folder = await requireKnownFolder(ctx, caller, await findFolder(ctx.db, key));
  if (!mayManage(caller)) throw manageRequired(act);
  return folder;
}

/** What tells the caller that there is, or is not, a folder. */
const TELLING = ['OBJECT_NOT_FOUND', 'PERMISSION_DENIED', 'VALUE_DUPLICATE'];

/** Does `act` and puts it on the record when it is refused, before the caller hears of it. */
export async function refusedOnRecord<T>(
  ctx: Pick<VaultContext, 'audit'>,
  caller: Caller,
  request: RequestInfo,
  message: Record<string, string>,
  act: () => Promise<T>,
): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof AppError && TELLING.includes(error.code)) {
      await ctx.audit.write({
        type: AUDIT_EVENTS.folderAccessDenied,
        caller,
        request,
        message: { ...message, reason: error.code },
      });
    }
    throw error;
  }
}
