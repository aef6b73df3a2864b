import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import type { AppError } from '@strongroom/errors/app-error';
import type { VaultContext } from '../context.ts';
import { secretNotFound } from '../domain/errors.ts';
import { parseSecretName } from '../domain/secret-name.ts';
import { mayKnow, type Secret, type SecretAddress } from '../domain/secret.ts';

/** The address in the one form under which secrets are stored and looked up. */
export const parseAddress = ({ ownerId, name, id }: SecretAddress): SecretAddress => ({
  ownerId: ownerId?.toLowerCase(),
  name: parseSecretName(name),
  ...(id === undefined ? {} : { id }),
});

/** How audit records name a secret. */
export const named = ({ ownerId, name }: SecretAddress): Record<string, string> => ({
  secret: name,
  ...(ownerId === undefined ? {} : { ownerID: ownerId }),
});

/**
 * Refuses an act on a secret, on the record. A secret that the caller may not know of and one that is not
 * there get the same answer and cost the same write.
 */
export async function refuse(
  ctx: Pick<VaultContext, 'audit'>,
  caller: Caller,
  request: RequestInfo,
  address: SecretAddress,
  error: AppError,
): Promise<never> {
  await ctx.audit.write({
    type: AUDIT_EVENTS.secretAccessDenied,
    caller,
    request,
    message: { ...named(address), reason: error.code },
  });
  throw error;
}

/** The secret, if it is there and the caller may know of it; otherwise the refusal. */
export async function requireKnown<T extends { secret: Secret }>(
  ctx: Pick<VaultContext, 'audit'>,
  caller: Caller,
  request: RequestInfo,
  address: SecretAddress,
  found: T | undefined,
): Promise<T> {
  const isMeant = found !== undefined && (address.id === undefined || address.id === found.secret.id);
  if (!isMeant || !mayKnow(caller, found.secret)) {
    return refuse(ctx, caller, request, address, secretNotFound());
  }
  return found;
}

/** The same without content. */
export async function findKnown(
  ctx: Pick<VaultContext, 'audit' | 'secrets'>,
  caller: Caller,
  request: RequestInfo,
  address: SecretAddress,
): Promise<Secret> {
  const found = await ctx.secrets.find(address);
  return (await requireKnown(ctx, caller, request, address, found && { secret: found })).secret;
}
