import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import type { VaultContext } from '../context.ts';
import { openContent } from '../domain/content.ts';
import { readRoleRequired } from '../domain/errors.ts';
import { parseSecretName } from '../domain/secret-name.ts';
import { mayRead, type Secret, type SecretData } from '../domain/secret.ts';
import { refuse, requireKnown } from './find-secret.ts';

/** Opens the newest version. Resolves only when the audit record is durable. */
export async function readSecret(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  rawName: string,
): Promise<{ secret: Secret; data: SecretData }> {
  const name = parseSecretName(rawName);
  const found = await ctx.findSealedSecret(name);
  const { secret, envelope } = await requireKnown(ctx, caller, request, name, found);
  if (!mayRead(caller, secret)) return refuse(ctx, caller, request, name, readRoleRequired());
  const data = openContent(ctx.keyring, secret, envelope);
  await ctx.audit.write({
    type: AUDIT_EVENTS.secretRead,
    caller,
    request,
    message: { secret: name, secretID: secret.id, secretVersion: String(secret.version) },
  });
  return { secret, data };
}

/** What is known of a secret without opening it; for readers, writers and managers alike. */
export async function readMetadata(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  rawName: string,
): Promise<Secret> {
  const name = parseSecretName(rawName);
  const found = await ctx.findSecret(name);
  const { secret } = await requireKnown(ctx, caller, request, name, found && { secret: found });
  await ctx.audit.write({
    type: AUDIT_EVENTS.secretMetadataRead,
    caller,
    request,
    message: { secret: name, secretID: secret.id },
  });
  return secret;
}
