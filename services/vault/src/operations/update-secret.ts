import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import { AppError } from '@strongroom/errors/app-error';
import type { VaultContext } from '../context.ts';
import { sealContent } from '../domain/content.ts';
import { manageRequired, writeRoleRequired } from '../domain/errors.ts';
import { parseSecretName } from '../domain/secret-name.ts';
import { mayManage, mayWrite, sameRoles, type Secret, type SecretData } from '../domain/secret.ts';
import { insertVersion, updateRoles } from '../store/secrets.ts';
import { refuse, requireKnown } from './find-secret.ts';
import { requireKnownRoles } from './role-lists.ts';

/** What is undefined stays as it is (docs/adr/0005-secret-semantics.md). */
export interface SecretChange {
  data: SecretData | undefined;
  readRoles: readonly string[] | undefined;
  writeRoles: readonly string[] | undefined;
}

/** In each round at least one writer wins, so as many rounds as there may be writers at once are enough. */
const MAX_ROUNDS = 64;

/** Replaces content and role lists. New content is a new version; concurrent writers each get their own. */
export async function updateSecret(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  rawName: string,
  change: SecretChange,
): Promise<void> {
  const name = parseSecretName(rawName);
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const found = await ctx.findSecret(name);
    const { secret } = await requireKnown(ctx, caller, request, name, found && { secret: found });
    if (!mayWrite(caller, secret)) return refuse(ctx, caller, request, name, writeRoleRequired());
    const next: Secret = {
      ...secret,
      readRoles: change.readRoles ?? secret.readRoles,
      writeRoles: change.writeRoles ?? secret.writeRoles,
      version: change.data === undefined ? secret.version : secret.version + 1,
      updatedAt: ctx.now(),
      updatedBy: caller.id,
    };
    if (!sameRoles(next, secret)) {
      // Otherwise a writer could make itself a reader.
      if (!mayManage(caller)) {
        return refuse(ctx, caller, request, name, manageRequired('Changing the roles of a secret'));
      }
      await requireKnownRoles(ctx.roles, 'read_roles', next.readRoles, secret.readRoles);
      await requireKnownRoles(ctx.roles, 'write_roles', next.writeRoles, secret.writeRoles);
    }
    if (await store(ctx, caller, request, secret, next, change.data)) {
      ctx.ring();
      return;
    }
  }
  throw new AppError({
    kind: 'conflict',
    code: 'WRITE_CONFLICT',
    message: 'Too many writers change this secret at once',
  });
}

/** False: another writer was first. */
function store(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  seen: Secret,
  next: Secret,
  data: SecretData | undefined,
): Promise<boolean> {
  const envelope = data === undefined ? undefined : sealContent(ctx.keyring, next, data);
  return ctx.audit.appendWithin(
    events =>
      envelope === undefined
        ? updateRoles(ctx.db, seen, next, events)
        : insertVersion(ctx.db, seen, next, envelope, events),
    {
      type: AUDIT_EVENTS.secretUpdated,
      caller,
      request,
      message: {
        secret: next.name,
        secretID: next.id,
        secretVersion: String(next.version),
        rolesChanged: String(!sameRoles(next, seen)),
      },
    },
  );
}
