import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import type { VaultContext } from '../context.ts';
import { secretNotFound } from '../domain/errors.ts';
import { mayRead, type Secret } from '../domain/secret.ts';
import { findKnown, named, refuse } from './find-secret.ts';
import { locateSecret } from './locate-secret.ts';

/** The shared secret of a number, for those who may read it. To all others it is absent. */
export async function identifySecret(
  ctx: Pick<VaultContext, 'db' | 'secrets' | 'audit'>,
  caller: Caller,
  request: RequestInfo,
  number: number,
): Promise<Secret> {
  const address = await locateSecret(ctx, caller, request, { number });
  const secret = await findKnown(ctx, caller, request, address);
  if (!mayRead(caller, secret)) return refuse(ctx, caller, request, address, secretNotFound());
  await ctx.audit.write({
    type: AUDIT_EVENTS.secretMetadataRead,
    caller,
    request,
    message: { ...named(address), secretID: secret.id },
  });
  return secret;
}
