import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import type { VaultContext } from '../context.ts';
import { parseFolderPath } from '../domain/secret-name.ts';
import { mayManage } from '../domain/secret.ts';
import { listChildren, type ChildrenQuery } from '../store/folder-children.ts';
import { findFolderByPath } from '../store/folders.ts';
import { refusedOnRecord, requireKnownFolder } from './find-folder.ts';

/** The secrets and folders in a folder, or at the top, that the caller may know of. */
export async function listKeys(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  rawPath: string | undefined,
  page: Pick<ChildrenQuery, 'offset' | 'limit'>,
): Promise<{ count: number; keys: readonly string[] }> {
  const path = rawPath === undefined ? undefined : parseFolderPath(rawPath);
  const message = { folder: path ?? '' };
  return refusedOnRecord(ctx, caller, request, message, async () => {
    const folder =
      path === undefined
        ? undefined
        : await requireKnownFolder(ctx, caller, await findFolderByPath(ctx.db, path));
    const viewer = { roles: caller.roles, all: mayManage(caller) };
    const found = await listChildren(ctx.db, { folderId: folder?.id, ...viewer, ...page });
    await ctx.audit.write({
      type: AUDIT_EVENTS.secretsListed,
      caller,
      request,
      message: { ...message, offset: String(page.offset), found: String(found.count) },
    });
    return found;
  });
}
