import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import type { VaultContext } from '../context.ts';
import { folderWriteRoleRequired, manageRequired, ownSecretsOnly } from '../domain/errors.ts';
import { folderPathOf, mayAddTo, type Folder } from '../domain/folder.ts';
import { mayManage, mayUsePersonal, type SecretAddress } from '../domain/secret.ts';
import { findNearestFolder } from '../store/folders.ts';
import { keyed, refusedOnRecord } from './find-folder.ts';
import { refuse } from './find-secret.ts';

export const folderOf = ({ ownerId, name }: SecretAddress): string | undefined =>
  ownerId === undefined ? folderPathOf(name) : undefined;

const mayAddSecrets = (caller: Caller): boolean => mayManage(caller) || caller.permissions.has('vault-add');

/** The same before the name is known: in this folder, or not at all. */
export const requireMayAddIn = (
  ctx: Pick<VaultContext, 'audit'>,
  caller: Caller,
  request: RequestInfo,
  folder: Folder,
): Promise<void> =>
  refusedOnRecord(ctx, caller, request, keyed(folder), () => {
    if (!mayAddSecrets(caller)) throw manageRequired('Creating a secret');
    if (!mayAddTo(caller, folder)) throw folderWriteRoleRequired();
    return Promise.resolve();
  });

/** Anybody may keep secrets of his own; sharing needs the right to add, and a folder's write role where it has any. */
export async function requireMayCreate(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  address: SecretAddress,
): Promise<void> {
  if (address.ownerId !== undefined) {
    if (!mayUsePersonal(caller, address.ownerId)) {
      return refuse(ctx, caller, request, address, ownSecretsOnly());
    }
    return;
  }
  if (!mayAddSecrets(caller)) {
    return refuse(ctx, caller, request, address, manageRequired('Creating a secret'));
  }
  const folderPath = folderOf(address);
  if (folderPath === undefined) return;
  if (!mayAddTo(caller, await findNearestFolder(ctx.db, folderPath))) {
    return refuse(ctx, caller, request, address, folderWriteRoleRequired());
  }
}
