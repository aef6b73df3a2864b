import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import type { VaultContext } from '../context.ts';
import type { Secret, SecretAddress } from '../domain/secret.ts';
import { isReadable } from '../domain/version.ts';
import { named, parseAddress, requireKnown } from './find-secret.ts';
import { FORGET } from './once.ts';
import { untilFirst } from './until-first.ts';
import { changeSecret } from './update-secret.ts';

/** What is known of a secret without opening it. */
export interface SecretStatus {
  readonly secret: Secret;
  /** Its newest version is neither deleted nor destroyed. */
  readonly isActive: boolean;
}

/** For readers, writers and managers alike. `told` is what the caller says of it, for the record. */
export async function readStatus(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  rawAddress: SecretAddress,
  told: Readonly<Record<string, string>> = {},
): Promise<SecretStatus> {
  const address = parseAddress(rawAddress);
  const found = await ctx.secrets.findSealed(address);
  const { secret, version } = await requireKnown(ctx, caller, request, address, found);
  await ctx.audit.write({
    type: AUDIT_EVENTS.secretMetadataRead,
    caller,
    request,
    message: { ...named(address), secretID: secret.id, ...told },
  });
  return { secret, isActive: isReadable(version, ctx.now()) };
}

/** Gives a secret a date of expiry, or with null takes it away, whatever else of it changes at the same time. */
export async function setExpiry(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  rawAddress: SecretAddress,
  expiresAt: Date | null,
  told: Readonly<Record<string, string>> = {},
): Promise<SecretStatus> {
  const address = parseAddress(rawAddress);
  return untilFirst(async () => {
    const { secret, isActive } = await readStatus(ctx, caller, request, address, told);
    const expected = { revisions: [secret.revision] };
    const changed = await changeSecret(
      ctx,
      caller,
      request,
      address,
      secret,
      { expiresAt },
      expected,
      FORGET,
    );
    return changed && { secret: changed, isActive };
  });
}
