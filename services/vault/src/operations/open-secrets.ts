import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import { invalidField } from '@strongroom/errors/common-errors';
import type { VaultContext } from '../context.ts';
import { openContent } from '../domain/content.ts';
import { mayKnow, mayRead, type Secret, type SecretData } from '../domain/secret.ts';
import { isReadable, type Version } from '../domain/version.ts';
import { findAllSealed, type SealedSecret } from '../store/find-secrets.ts';
import { named } from './find-secret.ts';

export interface OpenedSecret {
  readonly secret: Secret;
  readonly version: Version;
  /** Undefined: the caller may know of it, and not read it. */
  readonly data: SecretData | undefined;
}

/** Sealed content that one answer may carry. */
const MAX_BYTES = 16 * 1_048_576;

/**
 * Opens those of the secrets that the caller may read, each with a record of its own, by one statement and one for the
 * records. What he may not know of any more, or what was deleted meanwhile, is left out.
 */
export async function openSecrets(
  ctx: Pick<VaultContext, 'db' | 'keyring' | 'audit' | 'now'>,
  caller: Caller,
  request: RequestInfo,
  ids: readonly string[],
): Promise<OpenedSecret[]> {
  const found = await findAllSealed(ctx.db, ids, MAX_BYTES);
  if (found === undefined) {
    throw invalidField('limit', 'The list is too large: ask for fewer at once', 'VALUE_OUT_OF_BOUNDS');
  }
  const now = ctx.now();
  const shown = found.filter(({ secret, version }) => mayKnow(caller, secret) && isReadable(version, now));
  const opened = await Promise.all(shown.map(sealed => open(ctx, caller, sealed)));
  await Promise.all(
    opened
      .filter(({ data }) => data !== undefined)
      .map(({ secret }) =>
        ctx.audit.write({
          type: AUDIT_EVENTS.secretRead,
          caller,
          request,
          message: { ...named(secret), secretID: secret.id, secretVersion: String(secret.version) },
        }),
      ),
  );
  return opened;
}

async function open(
  { keyring }: Pick<VaultContext, 'keyring'>,
  caller: Caller,
  { secret, version, envelope }: SealedSecret,
): Promise<OpenedSecret> {
  const data =
    envelope !== undefined && mayRead(caller, secret)
      ? await openContent(keyring, secret, envelope)
      : undefined;
  return { secret, version, data };
}
