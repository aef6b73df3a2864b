import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import type { AppError } from '@strongroom/errors/app-error';
import type { VaultContext } from '../context.ts';
import { secretNotFound } from '../domain/errors.ts';
import { mayKnow, type Secret } from '../domain/secret.ts';

/**
 * Refuses an act on a secret, on the record. A secret that the caller may not know of and one that is not
 * there get the same answer and cost the same write.
 */
export async function refuse(
  ctx: Pick<VaultContext, 'audit'>,
  caller: Caller,
  request: RequestInfo,
  name: string,
  error: AppError,
): Promise<never> {
  await ctx.audit.write({
    type: AUDIT_EVENTS.secretAccessDenied,
    caller,
    request,
    message: { secret: name, reason: error.code },
  });
  throw error;
}

/** The secret, if it is there and the caller may know of it; otherwise the refusal. */
export async function requireKnown<T extends { secret: Secret }>(
  ctx: Pick<VaultContext, 'audit'>,
  caller: Caller,
  request: RequestInfo,
  name: string,
  found: T | undefined,
): Promise<T> {
  if (found === undefined || !mayKnow(caller, found.secret)) {
    return refuse(ctx, caller, request, name, secretNotFound());
  }
  return found;
}
