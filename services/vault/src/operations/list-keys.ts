import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import type { VaultContext } from '../context.ts';
import { folderNotFound } from '../domain/errors.ts';
import { mayKnowFolder, type Folder } from '../domain/folder.ts';
import { mayManage } from '../domain/secret.ts';
import { parseSecretName } from '../domain/secret-name.ts';
import { listChildren, type ChildrenQuery } from '../store/folder-children.ts';
import { findNearestFolder } from '../store/folders.ts';

/**
 * What the caller may know of in a folder, or at the top. A folder in which he may know of nothing, nor of itself, is
 * as one that is not there.
 */
export async function listKeys(
  ctx: Pick<VaultContext, 'db' | 'audit'>,
  caller: Caller,
  request: RequestInfo,
  rawPath: string | undefined,
  page: Pick<ChildrenQuery, 'offset' | 'limit'>,
): Promise<{ count: number; keys: string[] }> {
  const path = rawPath === undefined ? undefined : parseSecretName(rawPath);
  const folder = path === undefined ? undefined : await findFolder(ctx, path);
  const found =
    path === undefined || folder !== undefined
      ? await listChildren(ctx.db, {
          ...page,
          folderId: folder?.id,
          roles: caller.roles,
          all: mayManage(caller),
        })
      : { count: 0, keys: [] };
  if (path !== undefined && found.count === 0 && (folder === undefined || !mayKnowFolder(caller, folder))) {
    const error = folderNotFound();
    await ctx.audit.write({
      type: AUDIT_EVENTS.secretAccessDenied,
      caller,
      request,
      message: { folder: path, reason: error.code },
    });
    throw error;
  }
  await ctx.audit.write({
    type: AUDIT_EVENTS.secretsListed,
    caller,
    request,
    message: { folder: path ?? '', offset: String(page.offset), found: String(found.count) },
  });
  return found;
}

async function findFolder(ctx: Pick<VaultContext, 'db'>, path: string): Promise<Folder | undefined> {
  const nearest = await findNearestFolder(ctx.db, path);
  return nearest?.path === path ? nearest : undefined;
}
