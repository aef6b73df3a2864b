import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import type { VaultContext } from '../context.ts';
import { manageRequired, secretExists } from '../domain/errors.ts';
import { requireRevision, type Expectation } from '../domain/expectation.ts';
import { folderPathOf } from '../domain/folder.ts';
import { mayAdminister, type Secret, type SecretAddress } from '../domain/secret.ts';
import { findFolderByPath } from '../store/folders.ts';
import { moveSecret as moveRow } from '../store/write-secrets.ts';
import { findKnown, named, parseAddress, refuse } from './find-secret.ts';
import { makeFolders } from './make-folders.ts';
import type { Remember } from './once.ts';
import { untilFirst } from './until-first.ts';

/**
 * Gives a secret another name, among the shared ones or those of its owner. Its versions stay as they are: they are
 * bound to its id. In another folder others may read it, so this is for those who may say who does.
 */
export async function moveSecret(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  rawAddress: SecretAddress,
  rawName: string,
  { revisions }: Pick<Expectation, 'revisions'>,
  remember: Remember<Secret>,
): Promise<Secret> {
  const address = parseAddress(rawAddress);
  const target = parseAddress({ ...rawAddress, name: rawName });
  const folderPath = target.ownerId === undefined ? folderPathOf(target.name) : undefined;
  let result: Secret | undefined;
  await untilFirst(async () => {
    const secret = await findKnown(ctx, caller, request, address);
    if (!mayAdminister(caller, secret)) {
      return refuse(ctx, caller, request, address, manageRequired('Moving a secret'));
    }
    requireRevision(secret, revisions);
    if ((await ctx.secrets.find(target)) !== undefined) {
      return refuse(ctx, caller, request, target, secretExists());
    }
    if (folderPath !== undefined && (await findFolderByPath(ctx.db, folderPath)) === undefined) {
      await makeFolders(ctx, caller, request, folderPath);
    }
    const next: Secret = {
      ...secret,
      name: target.name,
      revision: secret.revision + 1,
      updatedAt: ctx.now(),
      updatedBy: caller.id,
    };
    result = next;
    return ctx.audit.appendWithin(
      events => moveRow(ctx.db, next, folderPath, { events, answers: remember(next) }),
      {
        type: AUDIT_EVENTS.secretMoved,
        caller,
        request,
        message: { ...named(address), newSecret: target.name, secretID: secret.id },
      },
    );
  });
  ctx.ring();
  if (result === undefined) throw new Error('a move ended without a result');
  return result;
}
