import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import { AppError } from '@strongroom/errors/app-error';
import type { VaultContext } from '../context.ts';
import { secretNotFound } from '../domain/errors.ts';
import type { SecretAddress } from '../domain/secret.ts';
import { findAddress } from '../store/find-secrets.ts';
import { parseAddress } from './find-secret.ts';

/** How dialects ask for a shared secret. */
export type SecretKey = { readonly number: number } | { readonly id: string } | { readonly path: string };

/**
 * The address of the shared secret that is asked for. Whether the caller may know of it decides whoever uses the
 * address, with the same answer as here.
 */
export async function locateSecret(
  ctx: Pick<VaultContext, 'db' | 'audit'>,
  caller: Caller,
  request: RequestInfo,
  key: SecretKey,
): Promise<SecretAddress> {
  const address = 'path' in key ? addressAt(key.path) : await findAddress(ctx.db, key);
  if (address !== undefined) return address;
  const error = secretNotFound();
  await ctx.audit.write({
    type: AUDIT_EVENTS.secretAccessDenied,
    caller,
    request,
    message: { ...keyed(key), reason: error.code },
  });
  throw error;
}

/** What is asked for, for the record. A path may be any text. */
function keyed(key: SecretKey): Record<string, string> {
  if ('path' in key) return {};
  return 'id' in key ? { secretID: key.id } : { secretNumber: String(key.number) };
}

/** Undefined: no secret can have this name. */
function addressAt(path: string): SecretAddress | undefined {
  try {
    return parseAddress({ ownerId: undefined, name: path });
  } catch (error) {
    if (error instanceof AppError && error.kind === 'invalid') return undefined;
    throw error;
  }
}
