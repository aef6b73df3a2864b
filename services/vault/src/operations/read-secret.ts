import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import type { VaultContext } from '../context.ts';
import { openContent } from '../domain/content.ts';
import { readRoleRequired, secretNotFound } from '../domain/errors.ts';
import { mayRead, type Secret, type SecretAddress, type SecretData } from '../domain/secret.ts';
import { isReadable, type Version } from '../domain/version.ts';
import { findKnown, named, parseAddress, refuse, requireKnown } from './find-secret.ts';

/**
 * Opens the newest version. Resolves only when the audit record is durable. When the secret has the revision that
 * `knows` accepts, the caller has its content already: nothing is opened, and `data` is undefined. `told` is what the
 * caller says of it, for the record.
 */
export async function readSecret(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  rawAddress: SecretAddress,
  knows: (revision: number) => boolean = () => false,
  told: Readonly<Record<string, string>> = {},
): Promise<{ secret: Secret; version: Version; data: SecretData | undefined }> {
  const address = parseAddress(rawAddress);
  const found = await ctx.secrets.findSealed(address);
  const { secret, version, envelope } = await requireKnown(ctx, caller, request, address, found);
  if (!mayRead(caller, secret)) return refuse(ctx, caller, request, address, readRoleRequired());
  if (envelope === undefined || !isReadable(version, ctx.now())) {
    return refuse(ctx, caller, request, address, secretNotFound());
  }
  const data = knows(secret.revision) ? undefined : await openContent(ctx.keyring, secret, envelope);
  await ctx.audit.write({
    type: AUDIT_EVENTS.secretRead,
    caller,
    request,
    message: { ...named(address), secretID: secret.id, secretVersion: String(secret.version), ...told },
  });
  return { secret, version, data };
}

/** What is known of a secret without opening it; for readers, writers and managers alike. */
export async function readMetadata(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  rawAddress: SecretAddress,
): Promise<Secret> {
  const address = parseAddress(rawAddress);
  const secret = await findKnown(ctx, caller, request, address);
  await ctx.audit.write({
    type: AUDIT_EVENTS.secretMetadataRead,
    caller,
    request,
    message: { ...named(address), secretID: secret.id },
  });
  return secret;
}
