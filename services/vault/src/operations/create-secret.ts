import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import type { VaultContext } from '../context.ts';
import { sealContent } from '../domain/content.ts';
import { secretExists } from '../domain/errors.ts';
import { parseSecretName } from '../domain/secret-name.ts';
import type { Secret, SecretData } from '../domain/secret.ts';
import { insertSecret } from '../store/secrets.ts';
import { refuse } from './find-secret.ts';
import { requireKnownRoles } from './role-lists.ts';

export interface NewSecret {
  name: string;
  data: SecretData;
  readRoles: readonly string[];
  writeRoles: readonly string[];
}

/** Stores a secret with its first version, its audit record in the same statement. */
export async function createSecret(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  input: NewSecret,
): Promise<Secret> {
  const name = parseSecretName(input.name);
  await requireKnownRoles(ctx.roles, 'read_roles', input.readRoles);
  await requireKnownRoles(ctx.roles, 'write_roles', input.writeRoles);
  const now = ctx.now();
  const secret: Secret = {
    id: ctx.newId(),
    name,
    readRoles: input.readRoles,
    writeRoles: input.writeRoles,
    version: 1,
    createdAt: now,
    createdBy: caller.id,
    updatedAt: now,
    updatedBy: caller.id,
  };
  const envelope = sealContent(ctx.keyring, secret, input.data);
  const stored = await ctx.audit.appendWithin(events => insertSecret(ctx.db, secret, envelope, events), {
    type: AUDIT_EVENTS.secretCreated,
    caller,
    request,
    message: { secret: name, secretID: secret.id, secretVersion: '1' },
  });
  // On the record, since it tells of a secret that the caller may not know of.
  if (!stored) return refuse(ctx, caller, request, name, secretExists());
  ctx.ring();
  return secret;
}
