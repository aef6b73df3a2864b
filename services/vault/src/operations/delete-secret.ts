import { AUDIT_EVENTS } from '@strongroom/contracts/audit';
import type { Caller, RequestInfo } from '@strongroom/contracts/caller';
import type { VaultContext } from '../context.ts';
import { manageRequired } from '../domain/errors.ts';
import { requireExpected, type Expectation } from '../domain/expectation.ts';
import { mayAdminister, type SecretAddress } from '../domain/secret.ts';
import { deleteSecret as deleteRow } from '../store/write-secrets.ts';
import { findKnown, named, parseAddress, refuse } from './find-secret.ts';
import { untilFirst } from './until-first.ts';

/** Deletes the secret and all its versions for good. */
export async function deleteSecret(
  ctx: VaultContext,
  caller: Caller,
  request: RequestInfo,
  rawAddress: SecretAddress,
  expected: Pick<Expectation, 'revisions'>,
): Promise<void> {
  const address = parseAddress(rawAddress);
  await untilFirst(async () => {
    const secret = await findKnown(ctx, caller, request, address);
    if (!mayAdminister(caller, secret)) {
      return refuse(ctx, caller, request, address, manageRequired('Deleting a secret'));
    }
    // Who deletes replaces nothing, so check-and-set is not demanded of him.
    requireExpected({ ...secret, casRequired: false }, expected);
    return ctx.audit.appendWithin(events => deleteRow(ctx.db, secret, { events, answers: '[]' }), {
      type: AUDIT_EVENTS.secretDeleted,
      caller,
      request,
      message: { ...named(address), secretID: secret.id },
    });
  });
  ctx.ring();
}
