import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import type { VaultContext } from '../context.ts';
import { manageRequired, secretNotFound } from '../domain/errors.ts';
import { parseSecretName } from '../domain/secret-name.ts';
import { mayManage } from '../domain/secret.ts';
import { deleteSecret as deleteRow } from '../store/secrets.ts';
import { refuse, requireKnown } from './find-secret.ts';

/** Deletes the secret and all its versions for good. */
export async function deleteSecret(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  rawName: string,
): Promise<void> {
  const name = parseSecretName(rawName);
  const found = await ctx.findSecret(name);
  const { secret } = await requireKnown(ctx, caller, request, name, found && { secret: found });
  if (!mayManage(caller)) return refuse(ctx, caller, request, name, manageRequired('Deleting a secret'));
  const deleted = await ctx.audit.appendWithin(events => deleteRow(ctx.db, secret.id, events), {
    type: AUDIT_EVENTS.secretDeleted,
    caller,
    request,
    message: { secret: name, secretID: secret.id },
  });
  if (!deleted) return refuse(ctx, caller, request, name, secretNotFound());
  ctx.ring();
}
